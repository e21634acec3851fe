//! The log file is found by its path: when a rotation has moved or removed the file, lines go to a new one
//! at the same path, with no signal needed (SIGHUP works as well).

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// The path of the log file, and which file was found there.
pub(super) struct Followed {
    path: PathBuf,
    /// Device and inode of the open file; none after SIGHUP, so that it is opened anew.
    identity: Option<(u64, u64)>,
}

impl Followed {
    /// Opens, or makes, the file for appending.
    pub(super) fn open(path: &Path) -> io::Result<(Self, File)> {
        let file = open(path)?;
        let followed = Self {
            path: path.to_owned(),
            identity: Some(identity(&file.metadata()?)),
        };
        Ok((followed, file))
    }

    /// Has the next look open the file anew.
    pub(super) fn forget(&mut self) {
        self.identity = None;
    }

    /// Looks at the path. Gives another file if it no longer leads to the open one. When that cannot be
    /// opened, the old file goes on being used: a line in the wrong file is better than none.
    pub(super) fn another(&mut self) -> Option<File> {
        let there = fs::metadata(&self.path).ok();
        let there = there.as_ref().map(identity);
        if there.is_some() && there == self.identity {
            return None;
        }
        let file = open(&self.path).ok()?;
        self.identity = Some(identity(&file.metadata().ok()?));
        Some(file)
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o640).open(path)
}

fn identity(about: &Metadata) -> (u64, u64) {
    (about.dev(), about.ino())
}
