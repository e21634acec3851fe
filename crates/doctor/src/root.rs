//! Files below a directory as if it were `/`, so that a copy of somebody's `/etc` can be examined anywhere.
//!
//! Symbolic links are followed inside the root: a link to `/etc/nginx/x` leads to `x` of the copy, never to
//! this machine's own.

mod glob;

pub(crate) use self::glob::is_pattern;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs, io,
    path::{Component, Path, PathBuf},
};

/// As many links as Linux follows before it says ELOOP.
const MAX_LINKS: usize = 40;
/// Configurations are small; this keeps a device or a log file from filling the memory.
const MAX_BYTES: u64 = 16 << 20;

/// A directory that stands for `/`.
#[derive(Clone, Debug)]
pub struct Root {
    dir: PathBuf,
    /// Texts that stand in for those of files, by real path; for what has been mended and not yet written.
    texts: BTreeMap<PathBuf, String>,
}

/// A file's text and where it really is.
#[derive(Clone, Debug)]
pub struct Text {
    /// With links resolved, as it would be under `/`.
    pub real: PathBuf,
    /// Bytes that are not UTF-8 are replaced.
    pub text: String,
    /// Whether no byte had to be replaced.
    pub is_exact: bool,
}

impl Root {
    /// Reads below `dir`; fails if that is not a directory.
    pub fn new(dir: impl Into<PathBuf>) -> io::Result<Self> {
        let dir = dir.into();
        let dir = fs::canonicalize(&dir)?;
        if !dir.is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::NotADirectory,
                "not a directory",
            ));
        }
        Ok(Self {
            dir,
            texts: BTreeMap::new(),
        })
    }

    /// The same files, except that these have other texts; by real path.
    pub fn with_texts(&self, texts: &BTreeMap<PathBuf, String>) -> Self {
        let mut root = self.clone();
        root.texts.extend(
            texts
                .iter()
                .map(|(path, text)| (path.clone(), text.clone())),
        );
        root
    }

    /// Whether this is a copy of a machine's files, which may lack some.
    pub fn is_copy(&self) -> bool {
        self.dir != Path::new("/")
    }

    /// The path with every link resolved, as it would be under `/`.
    pub fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        let mut pending = reversed(path);
        let mut resolved = PathBuf::from("/");
        let mut links = 0;
        while let Some(name) = pending.pop() {
            if name == ".." {
                resolved.pop();
                continue;
            }
            let here = resolved.join(&name);
            let outside = self.outside(&here);
            if !fs::symlink_metadata(&outside)?.is_symlink() {
                resolved = here;
                continue;
            }
            links += 1;
            if links > MAX_LINKS {
                return Err(io::Error::other("too many levels of symbolic links"));
            }
            let target = self.inside(fs::read_link(&outside)?);
            if target.is_absolute() {
                resolved = PathBuf::from("/");
            }
            pending.extend(reversed(&target));
        }
        Ok(resolved)
    }

    /// A file's text. Errors are those of the file system; a directory or a device is one too.
    pub fn read(&self, path: &Path) -> io::Result<Text> {
        let real = self.resolve(path)?;
        if let Some(text) = self.texts.get(&real) {
            let text = text.clone();
            return Ok(Text {
                real,
                text,
                is_exact: true,
            });
        }
        let outside = self.outside(&real);
        let metadata = fs::metadata(&outside)?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
        }
        if metadata.len() > MAX_BYTES {
            return Err(io::Error::other(format!("larger than {MAX_BYTES} bytes")));
        }
        let bytes = fs::read(outside)?;
        let (text, is_exact) = match String::from_utf8(bytes) {
            Ok(text) => (text, true),
            Err(error) => (
                String::from_utf8_lossy(error.as_bytes()).into_owned(),
                false,
            ),
        };
        Ok(Text {
            real,
            text,
            is_exact,
        })
    }

    /// Whether a regular file is there, links followed.
    pub fn is_file(&self, path: &Path) -> bool {
        self.metadata(path).is_some_and(|found| found.is_file())
    }

    /// Whether a directory is there, links followed.
    pub fn is_dir(&self, path: &Path) -> bool {
        self.metadata(path).is_some_and(|found| found.is_dir())
    }

    /// The names in a directory, in byte order; none if it cannot be read.
    pub fn list(&self, path: &Path) -> Vec<OsString> {
        let Ok(real) = self.resolve(path) else {
            return Vec::new();
        };
        let Ok(entries) = fs::read_dir(self.outside(&real)) else {
            return Vec::new();
        };
        let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
        names.sort();
        names
    }

    /// The paths that match a pattern with `*`, `?` and `[…]`, in the order of glob(3).
    pub fn glob(&self, pattern: &Path) -> Vec<PathBuf> {
        glob::expand(self, pattern)
    }

    /// Whether anything has this name, even a link that leads nowhere.
    fn has_entry(&self, path: &Path) -> bool {
        let Some((parent, name)) = path.parent().zip(path.file_name()) else {
            return true;
        };
        let Ok(parent) = self.resolve(parent) else {
            return false;
        };
        fs::symlink_metadata(self.outside(&parent.join(name))).is_ok()
    }

    fn metadata(&self, path: &Path) -> Option<fs::Metadata> {
        let real = self.resolve(path).ok()?;
        fs::metadata(self.outside(&real)).ok()
    }

    /// Where a path under `/` is on this machine.
    pub(crate) fn outside(&self, path: &Path) -> PathBuf {
        let relative = path.strip_prefix("/").unwrap_or(path);
        self.dir.join(relative)
    }

    /// A link that was made on this machine into the root itself.
    fn inside(&self, target: PathBuf) -> PathBuf {
        if self.dir == Path::new("/") {
            return target;
        }
        match target.strip_prefix(&self.dir) {
            Ok(relative) => Path::new("/").join(relative),
            Err(_) => target,
        }
    }
}

/// The names of a path, last first.
fn reversed(path: &Path) -> Vec<OsString> {
    path.components()
        .rev()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn root_with(files: &[&str]) -> (tempfile::TempDir, Root) {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        let root = Root::new(dir.path()).unwrap();
        (dir, root)
    }

    #[test]
    fn an_absolute_link_stays_inside() {
        let (dir, root) = root_with(&["etc/nginx/sites-available/app"]);
        fs::create_dir(dir.path().join("etc/nginx/sites-enabled")).unwrap();
        let link = dir.path().join("etc/nginx/sites-enabled/app");
        symlink("/etc/nginx/sites-available/app", link).unwrap();
        let text = root
            .read(Path::new("/etc/nginx/sites-enabled/app"))
            .unwrap();
        assert_eq!(text.real, Path::new("/etc/nginx/sites-available/app"));
        assert_eq!(text.text, "etc/nginx/sites-available/app");
    }

    #[test]
    fn a_link_cannot_climb_out() {
        let (dir, root) = root_with(&["etc/passwd"]);
        symlink("../../../../../../etc/passwd", dir.path().join("etc/up")).unwrap();
        let text = root.read(Path::new("/etc/up")).unwrap();
        assert_eq!(text.text, "etc/passwd");
    }

    #[test]
    fn a_circle_of_links_ends() {
        let (dir, root) = root_with(&["etc/x"]);
        symlink("b", dir.path().join("etc/a")).unwrap();
        symlink("a", dir.path().join("etc/b")).unwrap();
        assert!(root.read(Path::new("/etc/a")).is_err());
    }

    #[test]
    fn a_pattern_is_expanded_in_order_without_hidden_names() {
        let (_dir, root) = root_with(&["c/b.conf", "c/a.conf", "c/.h.conf", "c/a.txt", "d/z.conf"]);
        let found = |pattern: &str| root.glob(Path::new(pattern));
        assert_eq!(
            found("/c/*.conf"),
            [Path::new("/c/a.conf"), Path::new("/c/b.conf")]
        );
        assert_eq!(
            found("/[cd]/?.conf"),
            ["/c/a.conf", "/c/b.conf", "/d/z.conf"].map(PathBuf::from)
        );
        assert_eq!(found("/c/a.txt"), [Path::new("/c/a.txt")]);
        assert!(found("/nothing/*").is_empty());
    }
}
