//! A file that was read: its text, and places in it.

use std::{
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::{
    finding::{Place, Span},
    lines::Lines,
    root::Root,
};

#[derive(Clone, Debug)]
pub struct Document {
    /// As it was named, as it would be under `/`.
    pub path: PathBuf,
    /// With links resolved.
    pub real: PathBuf,
    pub text: String,
}

/// A file that is needed could not be read.
#[derive(Debug, Error)]
#[error("{} cannot be read: {source}", path.display())]
pub struct Unreadable {
    pub path: PathBuf,
    pub source: io::Error,
}

impl Document {
    /// Reads a file; errors are those of the file system.
    pub(crate) fn read(root: &Root, path: &Path) -> io::Result<Self> {
        let path = under_root(path);
        let read = root.read(&path)?;
        Ok(Self {
            path,
            real: read.real,
            text: read.text,
        })
    }

    /// Reads a file that somebody named.
    pub(crate) fn named(root: &Root, path: &Path) -> Result<Self, Unreadable> {
        Self::read(root, path).map_err(|source| Unreadable {
            path: path.to_owned(),
            source,
        })
    }

    /// The place of a piece of the text.
    pub(crate) fn place(&self, span: Span) -> Place {
        let (line, column) = Lines::new(&self.text).at(span.start);
        Place {
            file: self.path.clone(),
            real_file: self.real.clone(),
            line,
            column,
            span,
        }
    }
}

/// A path as it would be under `/`, however it was given.
pub(crate) fn under_root(path: &Path) -> PathBuf {
    Path::new("/").join(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let document = Document {
            path: PathBuf::from("/x"),
            real: PathBuf::from("/x"),
            text: "a\nñé=b".to_owned(),
        };
        let start = document.text.find('b').unwrap();
        let place = document.place(Span {
            start,
            end: start + 1,
        });
        assert_eq!((place.line, place.column), (2, 4));
    }
}
