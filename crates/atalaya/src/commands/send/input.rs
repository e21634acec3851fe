//! What `send --batch` reads: lines, gathered into parts that make a request each.

use std::{os::fd::AsFd, path::Path, time::Duration};

use anyhow::Result;
use tokio::{
    fs::File,
    io::{self, AsyncBufRead, AsyncBufReadExt, BufReader},
    time::{Instant, timeout_at},
};

use crate::output::Failure;

/// A part that breaks off leaves no more lines in doubt, and the server takes ten times as many.
const MAX_LINES: u64 = 1_000;

/// With the line that goes over it still less than the megabyte that proxies take.
const MAX_BYTES: usize = 512 * 1024;

/// Of a longer line so much is sent as the server needs to refuse it: it takes 256 KiB.
const KEPT_OF_A_LINE: usize = 256 * 1024 + 1;

/// How long a line that is there waits for others: what comes slowly on standard input is sent as it comes.
const GATHERS_FOR: Duration = Duration::from_millis(200);

/// The lines that are not read yet.
pub struct Input {
    /// For a person: the file, or that it is standard input.
    pub name: String,
    /// How large it is, in bytes, where that can be known.
    pub size: Option<u64>,
    source: Box<dyn AsyncBufRead + Send + Unpin>,
    /// The beginning of a line whose end has not come.
    begun: Vec<u8>,
    has_begun: bool,
    is_over: bool,
    lines: u64,
}

/// Some lines that follow on each other.
#[derive(Default)]
pub struct Part {
    /// The number of its first line, counted from 1.
    pub first: u64,
    pub lines: u64,
    /// How many of them are not blank.
    pub filled: u64,
    pub bytes: Vec<u8>,
}

impl Part {
    pub fn last(&self) -> u64 {
        (self.first + self.lines).saturating_sub(1)
    }

    fn push(&mut self, line: &[u8]) {
        self.lines += 1;
        self.filled += u64::from(!line.trim_ascii().is_empty());
        self.bytes.extend_from_slice(line);
        self.bytes.push(b'\n');
    }

    fn is_full(&self) -> bool {
        self.lines >= MAX_LINES || self.bytes.len() >= MAX_BYTES
    }
}

impl Input {
    /// Opens a file, or standard input for `-`.
    pub async fn open(path: &Path) -> Result<Self> {
        let is_stdin = path.as_os_str() == "-";
        let name = match is_stdin {
            true => "standard input".to_owned(),
            false => path.display().to_string(),
        };
        let opened = async {
            let file = match is_stdin {
                true => File::from_std(std::io::stdin().as_fd().try_clone_to_owned()?.into()),
                false => File::open(path).await?,
            };
            let about = file.metadata().await?;
            Ok((file, about.is_file().then_some(about.len())))
        };
        match opened.await {
            Ok((file, size)) => Ok(Self::of(name, size, BufReader::new(file))),
            Err(error) => Err(unreadable(&name, &error)),
        }
    }

    fn of(
        name: String,
        size: Option<u64>,
        source: impl AsyncBufRead + Send + Unpin + 'static,
    ) -> Self {
        Self {
            name,
            size,
            source: Box::new(source),
            begun: Vec::new(),
            has_begun: false,
            is_over: false,
            lines: 0,
        }
    }

    /// The next lines, if there are any.
    pub async fn part(&mut self) -> Result<Option<Part>> {
        let read = self.read_part().await;
        let part = read.map_err(|error| unreadable(&self.name, &error))?;
        Ok((part.lines > 0).then_some(part))
    }

    async fn read_part(&mut self) -> io::Result<Part> {
        let mut part = Part {
            first: self.lines + 1,
            ..Part::default()
        };
        let Some(first) = self.line().await? else {
            return Ok(part);
        };
        part.push(&first);
        let until = Instant::now() + GATHERS_FOR;
        while !part.is_full()
            && let Ok(line) = timeout_at(until, self.line()).await
            && let Some(line) = line?
        {
            part.push(&line);
        }
        self.lines += part.lines;
        Ok(part)
    }

    /// The next line, without its end. Dropping this future loses nothing of it.
    async fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        while !self.is_over {
            let piece = self.source.fill_buf().await?;
            self.is_over = piece.is_empty();
            self.has_begun |= !piece.is_empty();
            let end = piece.iter().position(|byte| *byte == b'\n');
            let of_line = &piece[..end.unwrap_or(piece.len())];
            let room = KEPT_OF_A_LINE - self.begun.len();
            self.begun
                .extend_from_slice(&of_line[..of_line.len().min(room)]);
            let taken = end.map_or(piece.len(), |end| end + 1);
            self.source.consume(taken);
            if end.is_some() {
                break;
            }
        }
        let is_line = std::mem::take(&mut self.has_begun);
        Ok(is_line.then(|| std::mem::take(&mut self.begun)))
    }
}

fn unreadable(name: &str, error: &io::Error) -> anyhow::Error {
    Failure::could_not_run(format!("reading {name}"), error).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: impl AsRef<[u8]> + Send + Unpin + 'static) -> Input {
        let source = std::io::Cursor::new(text);
        // Pieces as small as this meet every border.
        Input::of("test".to_owned(), None, BufReader::with_capacity(3, source))
    }

    /// First line, number of lines, lines that are not blank, and the bytes.
    async fn parts(mut input: Input) -> Vec<(u64, u64, u64, Vec<u8>)> {
        let mut all = Vec::new();
        while let Some(part) = input.part().await.unwrap() {
            all.push((part.first, part.lines, part.filled, part.bytes));
        }
        all
    }

    #[tokio::test]
    async fn lines_keep_their_numbers_with_or_without_a_last_end() {
        for text in ["one\n\n \t\nfour\n", "one\n\n \t\nfour"] {
            let expected = b"one\n\n \t\nfour\n".to_vec();
            assert_eq!(parts(of(text)).await, [(1, 4, 2, expected)], "{text:?}");
        }
        assert_eq!(parts(of("")).await, []);
        assert_eq!(parts(of("\n")).await, [(1, 1, 0, b"\n".to_vec())]);
    }

    #[tokio::test(start_paused = true)]
    async fn many_lines_make_several_parts() {
        let read = parts(of("x\n".repeat(2_500))).await;
        let shape: Vec<_> = read.iter().map(|part| (part.0, part.1)).collect();
        assert_eq!(shape, [(1, 1_000), (1_001, 1_000), (2_001, 500)]);
        let long = format!("{}\n", "x".repeat(200_000)).repeat(4);
        let read = parts(of(long)).await;
        let shape: Vec<_> = read.iter().map(|part| (part.0, part.1)).collect();
        assert_eq!(shape, [(1, 3), (4, 1)]);
    }

    #[tokio::test]
    async fn of_a_line_that_is_too_long_only_the_beginning_is_kept() {
        let text = format!("{}\nnext\n", "x".repeat(3 * KEPT_OF_A_LINE));
        let read = parts(of(text)).await;
        assert_eq!((read[0].1, read[0].3.len()), (2, KEPT_OF_A_LINE + 1 + 5));
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_slowly_is_not_held_back() {
        let (mut to, from) = io::duplex(64);
        let mut input = Input::of("test".to_owned(), None, BufReader::new(from));
        io::AsyncWriteExt::write_all(&mut to, b"one\ntw")
            .await
            .unwrap();
        assert_eq!(input.part().await.unwrap().unwrap().bytes, b"one\n");
        io::AsyncWriteExt::write_all(&mut to, b"o\n").await.unwrap();
        let part = input.part().await.unwrap().unwrap();
        assert_eq!((part.first, part.bytes), (2, b"two\n".to_vec()));
    }
}
