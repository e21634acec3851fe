//! Lines on their way to one destination. Whoever logs appends to a bounded buffer and goes on; a thread
//! writes the buffer out, at once when nothing was written lately, otherwise when much has gathered or
//! [`LONGEST_WAIT`] is over. Warnings and errors are waited for, briefly. When the destination does not
//! keep up, lines are dropped and counted. Nobody wakes while nothing is logged.
//!
//! Not `tracing_appender::non_blocking`: it allocates and sends each line by itself, tells nobody in the
//! log that it dropped some, and cannot follow a path after a rotation.

use std::{
    io, mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tracing::Level;

use super::destination::Destination;

/// How long a line may stay in memory: what `kill -9` can cost.
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// So much is written out without waiting for more.
const ENOUGH_BYTES: usize = 64 * 1024;

/// What may wait for a destination: more than ten thousand lines, a second of a very busy log.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// How long who logs a warning or an error waits until it is written; once while the destination is
/// stuck, and not again before it takes something.
const WARNING_PATIENCE: Duration = Duration::from_millis(50);

/// How long the end of the process waits.
const LAST_PATIENCE: Duration = Duration::from_secs(1);

/// Gives a line to every sink; in those where it matters it is written when this returns.
pub(super) fn write(sinks: &[Sink], line: &[u8], level: Level) {
    let is_urgent = |sink: &&Sink| level <= Level::WARN || sink.0.is_watched;
    for sink in sinks {
        sink.append(line, is_urgent(&sink));
    }
    for sink in sinks.iter().filter(is_urgent) {
        sink.wait(WARNING_PATIENCE);
    }
}

/// A handle on the buffer and its thread.
#[derive(Clone)]
pub(super) struct Sink(Arc<Shared>);

struct Shared {
    /// Held to append or to take, never while something is written.
    pending: Mutex<Pending>,
    /// The writer waits here for lines, and for their time.
    work: Condvar,
    /// Who needs lines written waits here for the writer.
    written: Condvar,
    /// A person looks on: every line is urgent.
    is_watched: bool,
}

/// What waits for the writer.
#[derive(Default)]
struct Pending {
    lines: Vec<u8>,
    /// Lines for which there was no room after these.
    dropped_lines: u64,
    /// The writer shall not wait for more.
    is_due: bool,
    reopen: bool,
    /// Write-outs that were begun, and that were ended.
    begun: u64,
    ended: u64,
    /// Somebody waited for the current write-out in vain.
    is_stuck: bool,
}

impl Sink {
    /// Starts the thread that writes. It lives as long as the process.
    pub(super) fn start(name: &str, to: Destination, is_watched: bool) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            pending: Mutex::default(),
            work: Condvar::new(),
            written: Condvar::new(),
            is_watched,
        });
        let writer = Arc::clone(&shared);
        let thread = thread::Builder::new().name(name.to_owned());
        thread.spawn(move || writer.write_for_ever(to))?;
        Ok(Self(shared))
    }

    /// Has the destination opened anew, and what is pending written there.
    pub(super) fn reopen(&self) {
        let mut pending = self.0.lock();
        pending.reopen = true;
        pending.is_due = true;
        drop(pending);
        self.0.work.notify_one();
    }

    /// Has everything written out, and waits for it within reason.
    pub(super) fn flush(&self) {
        let mut pending = self.0.lock();
        pending.is_due = true;
        pending.is_stuck = false;
        drop(pending);
        self.0.work.notify_one();
        self.wait(LAST_PATIENCE);
    }

    fn append(&self, line: &[u8], is_urgent: bool) {
        let mut pending = self.0.lock();
        if pending.lines.len() + line.len() > MAX_BYTES {
            pending.dropped_lines += 1;
            return;
        }
        let (was_empty, was_due) = (pending.lines.is_empty(), pending.is_due);
        pending.lines.extend_from_slice(line);
        pending.is_due |= is_urgent || pending.lines.len() >= ENOUGH_BYTES;
        // The writer is woken once for many lines: that costs more than to format one.
        let has_news = was_empty || pending.is_due && !was_due;
        drop(pending);
        if has_news {
            self.0.work.notify_one();
        }
    }

    /// Waits until what is pending now is written.
    fn wait(&self, patience: Duration) {
        let pending = self.0.lock();
        let last = pending.begun + u64::from(!pending.lines.is_empty());
        let is_unwritten = |pending: &mut Pending| pending.ended < last && !pending.is_stuck;
        let waited = self
            .0
            .written
            .wait_timeout_while(pending, patience, is_unwritten);
        let (mut pending, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        pending.is_stuck |= waited.timed_out();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_for_ever(&self, mut destination: Destination) {
        let mut lines = Vec::new();
        let mut last_time = None;
        loop {
            let (dropped_lines, reopen) = self.next(&mut lines, last_time);
            last_time = Some(Instant::now());
            if reopen {
                destination.reopen();
            }
            destination.write_out(&lines, dropped_lines);
            lines.clear();
            // A burst does not keep its memory.
            lines.shrink_to(2 * ENOUGH_BYTES);
            self.end_of_write_out();
        }
    }

    /// Waits until something is to be written, and swaps it for the empty buffer. Gives how many lines
    /// were dropped after it, and whether the destination is to be opened anew.
    fn next(&self, empty: &mut Vec<u8>, last_time: Option<Instant>) -> (u64, bool) {
        let idle = |pending: &mut Pending| pending.lines.is_empty() && !pending.reopen;
        let pending = self.work.wait_while(self.lock(), idle);
        let pending = pending.unwrap_or_else(PoisonError::into_inner);
        let rest = last_time.map_or(Duration::ZERO, |last| {
            LONGEST_WAIT.saturating_sub(last.elapsed())
        });
        let pending = self
            .work
            .wait_timeout_while(pending, rest, |pending| !pending.is_due);
        let (mut pending, _) = pending.unwrap_or_else(PoisonError::into_inner);
        mem::swap(&mut pending.lines, empty);
        pending.begun += 1;
        pending.is_due = false;
        (
            mem::take(&mut pending.dropped_lines),
            mem::take(&mut pending.reopen),
        )
    }

    fn end_of_write_out(&self) {
        let mut pending = self.lock();
        pending.ended = pending.begun;
        pending.is_stuck = false;
        drop(pending);
        self.written.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::{PipeReader, Read},
        os::fd::OwnedFd,
        path::Path,
    };

    use super::*;
    use crate::logging::Format;

    fn to_file(path: &Path) -> Sink {
        Sink::start("log-test", Destination::file(path).unwrap(), false).unwrap()
    }

    fn to_pipe() -> (Sink, PipeReader) {
        let (reader, writer) = io::pipe().unwrap();
        let pipe = OwnedFd::from(writer).into();
        let destination = Destination::new(pipe, None, Format::Json);
        let sink = Sink::start("log-test", destination, false).unwrap();
        (sink, reader)
    }

    /// The next lines of the pipe, which are waited for.
    fn read(reader: &mut PipeReader, text: &str) {
        let mut read = vec![0; text.len()];
        reader.read_exact(&mut read).unwrap();
        assert_eq!(str::from_utf8(&read).unwrap(), text);
    }

    #[test]
    fn lines_of_many_threads_arrive_whole_and_each_threads_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        let sink = to_file(&path);
        thread::scope(|scope| {
            for name in 0..4 {
                let sink = &sink;
                scope.spawn(move || {
                    for number in 0..2_000 {
                        let line = format!("{name} {number} {:100}\n", "");
                        write(std::slice::from_ref(sink), line.as_bytes(), Level::INFO);
                    }
                });
            }
        });
        sink.flush();
        let text = fs::read_to_string(path).unwrap();
        assert_eq!(text.lines().count(), 8_000);
        for name in 0..4 {
            let begin = format!("{name} ");
            let numbers = text.lines().filter_map(|line| line.strip_prefix(&begin));
            assert!(numbers.eq((0..2_000).map(|number| format!("{number} {:100}", ""))));
        }
    }

    #[test]
    fn what_is_pending_is_written_without_being_asked_for() {
        let (sink, mut reader) = to_pipe();
        for line in ["first\n", "second\n", "third\n"] {
            sink.append(line.as_bytes(), false);
        }
        read(&mut reader, "first\nsecond\nthird\n");
    }

    #[test]
    fn a_warning_is_written_before_who_logs_it_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        let sinks = [to_file(&path)];
        write(&sinks, b"routine\n", Level::INFO);
        write(&sinks, b"something to look at\n", Level::WARN);
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "routine\nsomething to look at\n"
        );
        write(&sinks, b"something to act on\n", Level::ERROR);
        assert!(fs::read_to_string(&path).unwrap().ends_with("act on\n"));
    }

    #[test]
    fn a_reader_that_does_not_read_costs_lines_and_no_time_and_nothing_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        let (blocked, mut reader) = to_pipe();
        let sinks = [to_file(&path), blocked];
        let line = format!("{:1023}\n", "a line");
        let began = Instant::now();
        for number in 0..6_000 {
            let level = if number % 100 == 0 {
                Level::WARN
            } else {
                Level::INFO
            };
            write(&sinks, line.as_bytes(), level);
        }
        // A wait for the pipe at each of the sixty warnings would be three seconds.
        assert!(began.elapsed() < Duration::from_secs(2), "{began:?}");
        sinks[0].flush();
        assert_eq!(fs::metadata(&path).unwrap().len(), 6_000 * 1_024);

        let kept = sinks[1].0.lock().lines.len() / 1_024;
        assert!(kept <= MAX_BYTES / 1_024, "{kept}");
        let reads = thread::spawn(move || {
            let mut text = String::new();
            let lost = loop {
                let mut some = [0; 4_096];
                let count = reader.read(&mut some).unwrap();
                text.push_str(str::from_utf8(&some[..count]).unwrap());
                if let Some((_, lost)) = text.split_once("\"lost_lines\":")
                    && let Some((lost, _)) = lost.split_once('}')
                {
                    break lost.parse::<usize>().unwrap();
                }
            };
            text.lines()
                .filter(|line| line.starts_with("a line"))
                .count()
                + lost
        });
        assert_eq!(reads.join().unwrap(), 6_000, "read or told to be lost");
    }

    #[test]
    fn after_reopening_the_lines_are_at_the_path() {
        let dir = tempfile::tempdir().unwrap();
        let (path, rotated) = (dir.path().join("a.log"), dir.path().join("a.log.1"));
        let sink = to_file(&path);
        sink.append(b"before\n", false);
        sink.flush();
        fs::rename(&path, &rotated).unwrap();
        sink.reopen();
        sink.append(b"after\n", false);
        sink.flush();
        assert_eq!(fs::read_to_string(rotated).unwrap(), "before\n");
        assert_eq!(fs::read_to_string(path).unwrap(), "after\n");
    }
}
