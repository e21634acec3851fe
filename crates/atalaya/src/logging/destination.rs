//! Where lines end up: the log file, or standard error. What cannot be written (a full disk, a reader that
//! has gone) costs lines, which are counted, and the next that can be written are told how many.

use std::{
    fs::File,
    io::{self, ErrorKind, Write},
    os::fd::AsFd,
    path::Path,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
};

use super::{
    Format,
    file::Followed,
    timestamp::{Timestamp, now},
};

/// An open file, used by one thread.
pub(super) struct Destination {
    file: File,
    /// None for standard error.
    followed: Option<Followed>,
    format: Format,
    /// The last write failed half-way: the next line must not be glued to its rest.
    is_torn: bool,
    lost_lines: u64,
}

impl Destination {
    /// The log file, made if there is none.
    pub(super) fn file(path: &Path) -> io::Result<Self> {
        let (followed, file) = Followed::open(path)?;
        Ok(Self::new(file, Some(followed), Format::Json))
    }

    /// Standard error by a descriptor of its own: whoever prints there must not wait for our lock.
    pub(super) fn standard_error(format: Format) -> io::Result<Self> {
        let descriptor = io::stderr().as_fd().try_clone_to_owned()?;
        Ok(Self::new(descriptor.into(), None, format))
    }

    pub(super) fn new(file: File, followed: Option<Followed>, format: Format) -> Self {
        Self {
            file,
            followed,
            format,
            is_torn: false,
            lost_lines: 0,
        }
    }

    /// Has the next write-out open the file anew.
    pub(super) fn reopen(&mut self) {
        if let Some(followed) = &mut self.followed {
            followed.forget();
        }
    }

    /// Writes whole lines; after them, `dropped_lines` found no room in memory.
    pub(super) fn write_out(&mut self, lines: &[u8], dropped_lines: u64) {
        if let Some(another) = self.followed.as_mut().and_then(Followed::another) {
            self.file = another;
            self.is_torn = false;
        }
        self.tell_lost();
        self.put(lines);
        self.lost_lines += dropped_lines;
        self.tell_lost();
    }

    fn tell_lost(&mut self) {
        let lost = self.lost_lines;
        if lost > 0 {
            let is_told = self.put(notice(self.format, lost).as_bytes());
            self.lost_lines = if is_told { 0 } else { lost };
        }
    }

    /// Whether all was written. The lines that were not, or not whole, are counted.
    fn put(&mut self, lines: &[u8]) -> bool {
        self.is_torn = self.is_torn && self.write(b"\n") == 0;
        let written = if self.is_torn { 0 } else { self.write(lines) };
        let (whole, rest) = lines.split_at(written);
        self.is_torn |= whole.last().is_some_and(|last| *last != b'\n');
        self.lost_lines += rest.iter().filter(|byte| **byte == b'\n').count() as u64;
        rest.is_empty()
    }

    /// Writes as much as can be written. Gives how many bytes those were.
    fn write(&mut self, bytes: &[u8]) -> usize {
        let mut written = 0;
        while written < bytes.len() {
            match self.file.write(&bytes[written..]) {
                Ok(0) => break,
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock && self.wait() => {}
                Err(_) => break,
            }
        }
        written
    }

    /// Another program has made the pipe that we share with it non-blocking: waits for its reader. Whether
    /// to try again.
    fn wait(&self) -> bool {
        let mut about = [PollFd::new(&self.file, PollFlags::OUT)];
        matches!(poll(&mut about, None), Ok(_) | Err(Errno::INTR))
    }
}

fn notice(format: Format, lost_lines: u64) -> String {
    const MESSAGE: &str = "the log could not be written for a while";
    match format {
        Format::Pretty => format!("{MESSAGE}: {lost_lines} lines are lost\n"),
        Format::Json => format!(
            "{{\"timestamp\":\"{}\",\"level\":\"error\",\"target\":\"{}\",\"message\":\"{MESSAGE}\",\"lost_lines\":{lost_lines}}}\n",
            Timestamp::default().text_of(now()),
            "atalaya::logging",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Read};

    use super::*;

    fn read(path: &Path) -> String {
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn lines_follow_the_path_after_a_rotation() {
        let dir = tempfile::tempdir().unwrap();
        let (path, rotated) = (dir.path().join("a.log"), dir.path().join("a.log.1"));
        let mut log = Destination::file(&path).unwrap();
        log.write_out(b"before\n", 0);
        fs::rename(&path, &rotated).unwrap();
        log.write_out(b"after\n", 0);
        assert_eq!(
            (read(&rotated).as_str(), read(&path).as_str()),
            ("before\n", "after\n")
        );
    }

    #[test]
    fn a_removed_file_comes_back_with_the_next_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        let mut log = Destination::file(&path).unwrap();
        fs::remove_file(&path).unwrap();
        log.write_out(b"after\n", 0);
        assert_eq!(read(&path), "after\n");
    }

    #[test]
    fn what_was_there_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        fs::write(&path, "yesterday\n").unwrap();
        Destination::file(&path).unwrap().write_out(b"today\n", 0);
        assert_eq!(read(&path), "yesterday\ntoday\n");
    }

    #[test]
    fn a_folder_that_went_away_costs_no_panic() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("logs");
        fs::create_dir(&folder).unwrap();
        let mut log = Destination::file(&folder.join("a.log")).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        log.write_out(b"nowhere\n", 0);
        fs::create_dir(&folder).unwrap();
        log.write_out(b"again\n", 0);
        assert_eq!(read(&folder.join("a.log")), "again\n");
    }

    /// `/dev/full` fails each write as a full disk does.
    #[test]
    fn a_full_disk_costs_lines_and_says_how_many() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        std::os::unix::fs::symlink("/dev/full", &path).unwrap();
        let mut log = Destination::file(&path).unwrap();
        log.write_out(b"lost\nlost as well\n", 0);
        log.write_out(b"lost too\n", 0);
        fs::remove_file(&path).unwrap();
        log.write_out(b"room again\n", 0);
        let text = read(&path);
        let (notice, line) = text.split_once('\n').unwrap();
        assert!(notice.contains("\"lost_lines\":3"), "{notice}");
        assert_eq!(line, "room again\n");
    }

    #[test]
    fn a_torn_line_is_lost_and_not_glued_to_the_next() {
        let (mut reader, writer) = io::pipe().unwrap();
        let pipe = std::os::fd::OwnedFd::from(writer);
        let mut log = Destination::new(pipe.into(), None, Format::Json);
        let leaves_early = std::thread::spawn(move || reader.read_exact(&mut [0; 7]).unwrap());
        let longer_than_a_pipe = "x".repeat(900_000) + "\n";
        log.write_out(longer_than_a_pipe.as_bytes(), 0);
        leaves_early.join().unwrap();

        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        log.file = File::create(&path).unwrap();
        log.write_out(b"next\n", 0);
        let text = read(&path);
        let lines: Vec<_> = text.split('\n').collect();
        assert_eq!((lines[0], lines[2]), ("", "next"));
        assert!(lines[1].ends_with("\"lost_lines\":1}"), "{text}");
    }

    #[test]
    fn lines_that_found_no_room_are_told_of_after_those_that_did() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        let mut log = Destination::file(&path).unwrap();
        log.write_out(b"the last that fitted\n", 12);
        log.write_out(b"later\n", 0);
        let text = read(&path);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!((lines[0], lines[2]), ("the last that fitted", "later"));
        assert!(lines[1].ends_with("\"lost_lines\":12}"), "{text}");
    }
}
