//! The log file. It is appended to, and before each line the path is looked at: when a rotation has moved
//! or removed the file, the line goes to a new one at the same path, with no signal needed (SIGHUP works
//! as well). A full disk costs lines, which are counted, and nothing else: nobody waits and nothing panics.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use tracing_subscriber::fmt::MakeWriter;

/// An open log file, shared by all threads.
pub struct LogFile {
    path: PathBuf,
    /// Held for one write.
    state: Mutex<State>,
}

struct State {
    file: File,
    /// Device and inode of `file`; none after SIGHUP, so that the next line opens it anew.
    identity: Option<(u64, u64)>,
    /// The last write failed half-way: the next line must not be glued to its rest.
    torn: bool,
    lost_lines: u64,
}

impl LogFile {
    /// Opens, or makes, the file for appending.
    pub fn open(path: &Path) -> io::Result<Self> {
        let (file, identity) = open(path)?;
        Ok(Self {
            path: path.to_owned(),
            state: Mutex::new(State {
                file,
                identity: Some(identity),
                torn: false,
                lost_lines: 0,
            }),
        })
    }

    /// Has the next line open the file anew.
    pub fn reopen(&self) {
        self.lock().identity = None;
    }

    fn append(&self, line: &[u8]) {
        let mut state = self.lock();
        state.follow(&self.path);
        if state.write(line).is_err() {
            state.lost_lines += 1;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Opens the path again if it no longer leads to the open file. When that fails, the old file goes on
    /// being used: a line in the wrong file is better than none.
    fn follow(&mut self, path: &Path) {
        let there = fs::metadata(path)
            .ok()
            .map(|about| (about.dev(), about.ino()));
        if there.is_some() && there == self.identity {
            return;
        }
        if let Ok((file, identity)) = open(path) {
            self.file = file;
            self.identity = Some(identity);
            self.torn = false;
        }
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.torn {
            self.put(b"\n")?;
            self.torn = false;
        }
        if self.lost_lines > 0 {
            let notice = lost_lines_notice(self.lost_lines);
            self.put(notice.as_bytes())?;
            self.lost_lines = 0;
        }
        self.put(line)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.file.write(bytes)?;
        if written == bytes.len() {
            return Ok(());
        }
        self.torn = true;
        self.file.write_all(&bytes[written..])?;
        self.torn = false;
        Ok(())
    }
}

fn lost_lines_notice(count: u64) -> String {
    format!(
        "{{\"timestamp\":\"{}\",\"level\":\"error\",\"target\":\"atalaya::logging\",\
         \"message\":\"the log file could not be written for a while\",\"lost_lines\":{count}}}\n",
        super::line::timestamp()
    )
}

fn open(path: &Path) -> io::Result<(File, (u64, u64))> {
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o640)
        .open(path)?;
    let about = file.metadata()?;
    Ok((file, (about.dev(), about.ino())))
}

/// One event: the library hands over a whole line in one call.
pub(super) struct Line(Arc<LogFile>);

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.append(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How the library asks for a writer.
pub(super) struct Lines(pub(super) Arc<LogFile>);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> String {
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn lines_follow_the_path_after_a_rotation() {
        let dir = tempfile::tempdir().unwrap();
        let (path, rotated) = (dir.path().join("a.log"), dir.path().join("a.log.1"));
        let log = LogFile::open(&path).unwrap();
        log.append(b"before\n");
        fs::rename(&path, &rotated).unwrap();
        log.append(b"after\n");
        assert_eq!(
            (read(&rotated).as_str(), read(&path).as_str()),
            ("before\n", "after\n")
        );
    }

    #[test]
    fn a_removed_file_comes_back_with_the_next_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        let log = LogFile::open(&path).unwrap();
        fs::remove_file(&path).unwrap();
        log.append(b"after\n");
        assert_eq!(read(&path), "after\n");
    }

    #[test]
    fn what_was_there_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        fs::write(&path, "yesterday\n").unwrap();
        LogFile::open(&path).unwrap().append(b"today\n");
        assert_eq!(read(&path), "yesterday\ntoday\n");
    }

    #[test]
    fn a_folder_that_went_away_costs_no_panic() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("logs");
        fs::create_dir(&folder).unwrap();
        let log = LogFile::open(&folder.join("a.log")).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        log.append(b"nowhere\n");
        fs::create_dir(&folder).unwrap();
        log.append(b"again\n");
        assert_eq!(read(&folder.join("a.log")), "again\n");
    }

    /// `/dev/full` fails each write as a full disk does.
    #[test]
    fn a_full_disk_costs_lines_and_says_how_many() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        std::os::unix::fs::symlink("/dev/full", &path).unwrap();
        let log = LogFile::open(&path).unwrap();
        log.append(b"lost\n");
        log.append(b"lost too\n");
        fs::remove_file(&path).unwrap();
        log.append(b"room again\n");
        let text = read(&path);
        let (notice, line) = text.split_once('\n').unwrap();
        assert!(notice.contains("\"lost_lines\":2"), "{notice}");
        assert_eq!(line, "room again\n");
    }
}
