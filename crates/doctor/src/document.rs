//! A file that is no nginx configuration: its text, and places in it.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{
    finding::{Place, Span},
    root::Root,
};

#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// As it was named, as it would be under `/`.
    pub(crate) path: PathBuf,
    /// With links resolved.
    pub(crate) real: PathBuf,
    pub(crate) text: String,
}

impl Document {
    /// Reads a file; errors are those of the file system.
    pub(crate) fn read(root: &Root, path: &Path) -> io::Result<Self> {
        let path = Path::new("/").join(path);
        let read = root.read(&path)?;
        Ok(Self {
            path,
            real: read.real,
            text: read.text,
        })
    }

    /// The place of a piece of the text.
    pub(crate) fn place(&self, span: Span) -> Place {
        let before = &self.text[..span.start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let count = |number: usize| u32::try_from(number + 1).unwrap_or(u32::MAX);
        Place {
            file: self.path.clone(),
            real_file: self.real.clone(),
            line: count(before.matches('\n').count()),
            column: count(before[line_start..].chars().count()),
            span,
        }
    }
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
