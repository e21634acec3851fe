//! Carrying out the mends that are safe: first in memory, each judged by what the doctor says of the result, and
//! then in the files, whose former text is kept beside them.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::Serialize;
use thiserror::Error;

use crate::{
    CouldNotRun, Diagnosis, behind::whole, diagnose::look, edit::apply, finding::Finding,
    question::Question, root::Root,
};

/// More than any deployment has faults; the search ends here whatever happens.
const MAX_MENDS: usize = 100;

/// What the safe mends come to. No file has been touched yet.
#[derive(Debug)]
pub struct Mending {
    /// What was found at first, before any mend.
    pub before: Diagnosis,
    /// One for each mend: its finding, with the texts as they were when it was made.
    pub steps: Vec<Diagnosis>,
    /// What is left to do.
    pub after: Diagnosis,
    /// The files' new texts, by their real paths, as they would be under `/`.
    pub texts: BTreeMap<PathBuf, String>,
}

/// A file that was mended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Written {
    pub file: PathBuf,
    /// Where its former text is.
    pub backup: PathBuf,
}

/// A file could not be written; those before it have been.
#[derive(Debug, Error)]
#[error("{} cannot be mended: {source}", file.display())]
pub struct CouldNotWrite {
    pub file: PathBuf,
    pub source: io::Error,
}

/// Mends the faults that have a safe mend, one after the other: to mend one may show the next.
pub fn mend(root: &Root, question: &Question) -> Result<Mending, CouldNotRun> {
    let mut root = root.clone();
    let mut texts = BTreeMap::new();
    let mut steps = Vec::new();
    let mut now = look(&root, question)?;
    let before = whole(&root, question, now.clone());
    // What only came of a fault goes with it.
    let came_of_it = now.findings.iter().filter(|it| !before.tells(it));
    let came_of_it: Vec<Finding> = came_of_it.cloned().collect();
    while steps.len() < MAX_MENDS {
        let is_to_mend = |finding: &Finding| {
            let is_known = || came_of_it.iter().any(|it| it.is_told_as(finding));
            finding.fix.safe && is_fault(finding, &before) && !is_known()
        };
        let Some((step, better)) = next(&root, question, &now, is_to_mend)? else {
            break;
        };
        root = better.root;
        texts.extend(better.texts);
        steps.push(now.only(step));
        now = better.diagnosis;
    }
    Ok(Mending {
        before,
        steps,
        after: whole(&root, question, now),
        texts,
    })
}

struct Better {
    root: Root,
    texts: BTreeMap<PathBuf, String>,
    diagnosis: Diagnosis,
}

/// The first safe mend that does what it is for, and which finding it is.
fn next(
    root: &Root,
    question: &Question,
    now: &Diagnosis,
    is_to_mend: impl Fn(&Finding) -> bool,
) -> Result<Option<(usize, Better)>, CouldNotRun> {
    for (index, finding) in now.findings.iter().enumerate() {
        if !is_to_mend(finding) {
            continue;
        }
        let Some(texts) = edited(root, finding) else {
            continue;
        };
        let root = root.with_texts(&texts);
        let diagnosis = look(&root, question)?;
        if diagnosis.is_rid_of(finding, now) {
            let better = Better {
                root,
                texts,
                diagnosis,
            };
            return Ok(Some((index, better)));
        }
    }
    Ok(None)
}

/// Whether it is a fault, or was one while there were others.
fn is_fault(finding: &Finding, before: &Diagnosis) -> bool {
    let same = |other: &Finding| other.severity.is_fault() && other.is_told_as(finding);
    finding.severity.is_fault() || finding.is_harmless_alone && before.findings.iter().any(same)
}

/// The texts of the files with a finding's edits; `None` if one is not there, or cannot be kept byte for byte.
fn edited(root: &Root, finding: &Finding) -> Option<BTreeMap<PathBuf, String>> {
    let mut texts = BTreeMap::new();
    for (file, edits) in finding.fix.by_file() {
        let read = root.read(file).ok().filter(|text| text.is_exact)?;
        texts.insert(read.real, apply(&read.text, &edits)?);
    }
    (!texts.is_empty()).then_some(texts)
}

impl Mending {
    /// Writes the new texts. The former text of each file is kept beside it under a hidden name, which no
    /// pattern of an `include` takes in.
    pub fn write(&self, root: &Root) -> Result<Vec<Written>, CouldNotWrite> {
        let write = |(file, text): (&PathBuf, &String)| {
            let backup = replace(root, file, text);
            backup
                .map(|backup| Written {
                    file: file.clone(),
                    backup,
                })
                .map_err(|source| CouldNotWrite {
                    file: file.clone(),
                    source,
                })
        };
        self.texts.iter().map(write).collect()
    }
}

/// Keeps the former text, and puts the new one in its place at once, so that nobody reads half of it.
fn replace(root: &Root, file: &Path, text: &str) -> io::Result<PathBuf> {
    let outside = root.outside(file);
    let backup = free_name(root, file)?;
    fs::copy(&outside, root.outside(&backup))?;
    let unfinished = root.outside(&hidden(file, "new")?);
    fs::write(&unfinished, text)?;
    fs::set_permissions(&unfinished, fs::metadata(&outside)?.permissions())?;
    fs::rename(&unfinished, &outside)?;
    Ok(backup)
}

/// `.name.1.bak`, or the next number that is free.
fn free_name(root: &Root, file: &Path) -> io::Result<PathBuf> {
    for number in 1..=u16::MAX {
        let name = hidden(file, &format!("{number}.bak"))?;
        if fs::symlink_metadata(root.outside(&name)).is_err() {
            return Ok(name);
        }
    }
    Err(io::Error::other("too many backups stand beside it"))
}

fn hidden(file: &Path, ending: &str) -> io::Result<PathBuf> {
    let name = file
        .file_name()
        .ok_or_else(|| io::Error::other("it has no name"))?;
    Ok(file.with_file_name(format!(".{}.{ending}", name.to_string_lossy())))
}
