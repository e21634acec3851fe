//! What keeps a program from starting: a folder or a file that it names and that is not there, though the tree shows
//! where it is; or that its unit hides from it.
//!
//! People give copies of some of a machine's files. That something is not in the tree is therefore no evidence by
//! itself: another folder or file must be there in its stead, with what was meant in it.

use std::path::{Component, Path, PathBuf};

use super::{Obstacle, Obstacle::Elsewhere, command};
use crate::{root::Root, setting::Setting};

/// Folders that builds are put into.
const BUILDS: [&str; 5] = ["dist", "build", "out", "lib", "output"];

/// Folders of a build that hold the browser's files, or other people's.
const NOT_SEARCHED: [&str; 4] = ["assets", "static", "public", "node_modules"];

/// How far down a build is searched.
const MAX_DEPTH: usize = 3;

/// As in `.mjs` and `.conf`.
const LONGEST_ENDING: usize = 4;

/// What Node.js adds to a name by itself.
const ENDINGS: [&str; 4] = ["", ".js", ".cjs", ".mjs"];

/// The folder that it is started in, if that is another one of the tree by a slip.
pub(super) fn of_directory(root: &Root, told: &Setting, words: &[Setting]) -> Option<Obstacle> {
    let dir = Path::new(&told.value);
    let meant = near(root, dir, |candidate| holds(root, candidate, words))?;
    Some(Elsewhere {
        told: told.clone(),
        missing: dir.to_owned(),
        meant,
    })
}

/// Whether a folder has what the words run.
fn holds(root: &Root, dir: &Path, words: &[Setting]) -> bool {
    let is_package = || command::is_package(words) && root.is_file(&dir.join("package.json"));
    let has = |word: &Setting| {
        let file = dir.join(&word.value);
        file.starts_with(dir) && is_there(root, &file)
    };
    root.is_dir(dir) && (words.iter().any(has) || is_package())
}

/// The script, if a build put it elsewhere, or its name is another one of the tree by a slip.
pub(super) fn of_script(root: &Root, dir: &Path, script: &Setting) -> Option<Obstacle> {
    let path = dir.join(&script.value);
    // Relative to a folder that is not known.
    if !root.is_dir(dir) || path.is_relative() || is_there(root, &path) {
        return None;
    }
    let meant = near(root, &path, |candidate| is_there(root, candidate));
    let meant = meant.or_else(|| deeper(root, &path))?;
    Some(Elsewhere {
        told: script.clone(),
        missing: path,
        meant,
    })
}

/// A file of a folder that is there, if another one of the folder is it by a slip.
pub(super) fn near_file(root: &Root, path: &Path) -> Option<PathBuf> {
    near(root, path, |candidate| root.is_file(candidate))
}

fn is_there(root: &Root, path: &Path) -> bool {
    let with = |ending: &&str| root.is_file(&Path::new(path).with_file_name(named(path, ending)));
    ENDINGS.iter().any(with) || root.is_dir(path)
}

fn named(path: &Path, ending: &str) -> String {
    let name = path.file_name().unwrap_or_default();
    format!("{}{ending}", name.to_string_lossy())
}

/// The same path with its first name that is not there put right, if what fits is there.
fn near(root: &Root, path: &Path, fits: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    let (folder, name, rest) = first_missing(root, path)?;
    let names = root.list(&folder);
    let names: Vec<_> = names.iter().filter_map(|name| name.to_str()).collect();
    // A link whose target was not copied is there all the same.
    if names.contains(&name.as_str()) {
        return None;
    }
    let slips = names.iter().filter(|other| is_slip(&name, other));
    let candidates = slips.map(|other| {
        let candidate = folder.join(other);
        match rest.as_os_str().is_empty() {
            true => candidate,
            false => candidate.join(&rest),
        }
    });
    let mut fitting = candidates.filter(|candidate| fits(candidate));
    // Of two nobody knows which was meant.
    fitting.next().filter(|_| fitting.next().is_none())
}

/// The folder down to which a path is there, the name that it lacks, and what follows that.
fn first_missing(root: &Root, path: &Path) -> Option<(PathBuf, String, PathBuf)> {
    let mut here = PathBuf::from("/");
    let mut parts = path.components().filter(|part| *part != Component::RootDir);
    while let Some(part) = parts.next() {
        let next = here.join(part);
        if !root.is_dir(&next) {
            let name = part.as_os_str().to_str()?.to_owned();
            let is_known = here != Path::new("/") && path.is_absolute();
            return is_known.then(|| (here, name, parts.collect()));
        }
        here = next;
    }
    None
}

/// One letter is wrong, missing or too many, or two have changed places. Numbers and endings are meant, and short names
/// are often different words (`api` and `app`).
fn is_slip(written: &str, meant: &str) -> bool {
    let ((written, ending), (meant, other)) = (parts(written), parts(meant));
    let letters = |word: &str| word.replace(|c: char| c.is_ascii_digit(), "");
    let sorted = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    let is_long = match meant.len() {
        0..4 => false,
        4 => sorted(written) == sorted(meant),
        _ => true,
    };
    is_long
        && ending == other
        && letters(written) != letters(meant)
        && strsim::osa_distance(written, meant) == 1
}

/// A name and its ending.
fn parts(name: &str) -> (&str, &str) {
    let name = name.trim_start_matches('.');
    let parts = name.rsplit_once('.');
    let parts = parts.filter(|(_, ending)| ending.len() <= LONGEST_ENDING);
    parts.unwrap_or((name, ""))
}

/// The file of the same name further down in its folder, if that is a build's and not the browser's.
fn deeper(root: &Root, path: &Path) -> Option<PathBuf> {
    let folder = path.parent()?;
    let is_build = folder.file_name().is_some_and(|name| {
        let name = name.to_string_lossy();
        BUILDS.contains(&&*name)
    });
    let is_browsers = root.is_file(&folder.join("index.html"));
    let is_searched = is_build && root.is_dir(folder) && !is_browsers;
    let name = Path::new(path.file_name()?);
    is_searched
        .then(|| search(root, folder, name, MAX_DEPTH))
        .flatten()
}

fn search(root: &Root, folder: &Path, name: &Path, depth: usize) -> Option<PathBuf> {
    let folders = root.list(folder).into_iter().filter_map(|inner| {
        let is_searched = !NOT_SEARCHED.contains(&inner.to_str()?);
        let inner = folder.join(inner);
        (is_searched && root.is_dir(&inner)).then_some(inner)
    });
    let folders: Vec<_> = folders.collect();
    let here = folders.iter().map(|inner| inner.join(name));
    let mut here = here.filter(|file| is_there(root, file) && !root.is_dir(file));
    here.next().or_else(|| {
        let mut deeper = folders
            .iter()
            .filter(|_| depth > 1)
            .filter_map(|inner| search(root, inner, name, depth - 1));
        deeper.next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_is_a_slip_and_a_number_is_not() {
        assert!(is_slip("sever", "server") && is_slip("mian.js", "main.js"));
        assert!(!is_slip("server2", "server1") && !is_slip("server", "server2"));
        assert!(is_slip(".env.prodution", ".env.production"));
        assert!(!is_slip("app.env", "api.env") && !is_slip("index.js", "index.ts"));
        assert!(!is_slip("alerts-ws", "alerts-web") && !is_slip("ap", "app"));
    }
}
