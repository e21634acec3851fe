//! The variables of the environment files of a front end, as a build for production takes them.

use std::path::PathBuf;

use super::precedence::{is_overridden, is_unused};
use crate::{
    document::{Document, Unreadable},
    dotenv::{self, Variable},
    root::Root,
    setting::Setting,
};

/// A variable as it is written, and its file.
struct Line<'d> {
    document: &'d Document,
    variable: Variable,
}

/// What the files of a front end come to.
pub(super) struct Variables {
    /// Those that go into the pages; of one that several files have, the value that counts.
    pub(super) public: Vec<Setting>,
    /// Those for sockets that a build leaves out for want of the prefix that others of their file have.
    pub(super) left_out: Vec<Setting>,
}

pub(super) fn variables(root: &Root, files: &[PathBuf]) -> Result<Variables, Unreadable> {
    let has_used = files.iter().any(|file| !is_unused(file));
    let mut documents = Vec::new();
    for file in files.iter().filter(|file| !has_used || !is_unused(file)) {
        documents.push(Document::named(root, file)?);
    }
    let beside = beside(root, &documents);
    let all: Vec<_> = documents.iter().chain(&beside).flat_map(lines).collect();
    let counts = |line: &&Line<'_>| {
        let name = &line.variable.name;
        let mut others = all.iter().filter(|other| other.variable.name == *name);
        !others.any(|other| is_overridden(name, &line.document.path, &other.document.path))
    };
    let counting: Vec<_> = all.iter().filter(counts).collect();
    let is_named =
        |document: &Document| documents.iter().any(|named| std::ptr::eq(named, document));
    let told = || counting.iter().filter(|line| is_named(line.document));
    let settings = |is_public| {
        let lines = told().filter(move |line| line.variable.is_public() == is_public);
        lines.map(|line| line.setting(&counting, &all))
    };
    let has_prefixes = |setting: &Setting| {
        let mut others = told().filter(|line| line.document.path == setting.place.file);
        others.any(|line| line.variable.is_public())
    };
    Ok(Variables {
        public: settings(true).collect(),
        left_out: settings(false)
            .filter(|setting| setting.is_socket() && has_prefixes(setting))
            .collect(),
    })
}

/// What stands in `.env` is known to the files beside it.
fn beside(root: &Root, documents: &[Document]) -> Vec<Document> {
    let mut found: Vec<Document> = Vec::new();
    for document in documents {
        let path = document.path.with_file_name(".env");
        let is_known = |other: &Document| other.path == path;
        if !documents.iter().any(is_known) && !found.iter().any(is_known) {
            found.extend(Document::read(root, &path).ok());
        }
    }
    found
}

fn lines(document: &Document) -> Vec<Line<'_>> {
    let variables = dotenv::written(&document.text).into_iter();
    let line = |variable| Line { document, variable };
    variables.map(line).collect()
}

impl Line<'_> {
    /// With the names in it replaced by what counts in its folder, or else by what its own file says.
    fn setting(&self, counting: &[&Line<'_>], all: &[Line<'_>]) -> Setting {
        let folder = self.document.path.parent();
        let is_near = |line: &&Line<'_>| line.document.path.parent() == folder;
        let is_own = |line: &&Line<'_>| line.document.path == self.document.path;
        let names = counting.iter().copied().filter(is_near);
        let names: Vec<_> = names
            .chain(all.iter().filter(is_own))
            .map(|line| line.variable.clone())
            .collect();
        let value = dotenv::expand(&self.variable.value, &names);
        Setting {
            name: Some(self.variable.name.clone()),
            is_literal: value == self.variable.value,
            is_certain: true,
            is_default: false,
            place: self.document.place(self.variable.span),
            value,
        }
    }
}
