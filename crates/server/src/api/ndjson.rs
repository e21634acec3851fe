//! A body of many lines, read as it comes: each line is bounded, and so is each wait for more.
//!
//! What a line says is not looked at here, and neither is how many there may be.

use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use bytes::BytesMut;
use futures_util::StreamExt;
use tokio::time::{Instant, timeout_at};

use super::body::{MAX_BODY_BYTES, PATIENCE};

/// What a body of lines is declared as; the first is the usual name.
pub(super) const NDJSON: [&str; 2] = ["application/x-ndjson", "application/ndjson"];

/// How long a whole body may take: a byte now and then must not keep a connection for ever.
const LONGEST: Duration = Duration::from_secs(600);

/// How much of what nobody wants is taken nevertheless, and for how long.
const DISCARDED_BYTES: usize = 16 * 1024 * 1024;
const DISCARDING: Duration = Duration::from_secs(5);

/// One line of the body, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Whole(Bytes),
    /// More than [`MAX_BODY_BYTES`]; it was not kept.
    TooLong,
}

/// Why there is no further line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The body was over.
    Complete,
    /// Nothing came for so long, or not all of it within [`LONGEST`].
    TooSlow(Duration),
    /// The connection broke.
    Broken,
}

/// The lines of a body that are not read yet.
pub(super) struct Lines {
    body: BodyDataStream,
    /// What has come, from the beginning of a line on; at most a line and what came with its end.
    rest: BytesMut,
    /// How much of `rest` has no end of a line.
    searched: usize,
    /// Whether the beginning of this line was thrown away.
    is_too_long: bool,
    /// Whether the body has ended, well or not.
    is_over: bool,
    deadline: Instant,
}

impl Lines {
    pub(super) fn of(body: Body) -> Self {
        Self {
            body: body.into_data_stream(),
            rest: BytesMut::new(),
            searched: 0,
            is_too_long: false,
            is_over: false,
            deadline: Instant::now() + LONGEST,
        }
    }

    /// The next line. Dropping this future loses nothing of it.
    pub(super) async fn next(&mut self) -> Result<Line, End> {
        loop {
            if let Some(line) = self.take_line() {
                return Ok(line);
            }
            if !self.read_more().await? {
                // The last line may lack its end.
                let rest = self.rest.split();
                self.searched = 0;
                return match self.line_of(rest) {
                    Line::Whole(bytes) if bytes.is_empty() => Err(End::Complete),
                    line => Ok(line),
                };
            }
        }
    }

    /// Takes what still comes, for a moment: a connection that is closed over unread bytes is reset, and the end of the
    /// answer is lost with it.
    pub(super) async fn discard(mut self) {
        let deadline = Instant::now() + DISCARDING;
        let mut taken = 0;
        while !self.is_over
            && taken < DISCARDED_BYTES
            && let Ok(Some(Ok(bytes))) = timeout_at(deadline, self.body.next()).await
        {
            taken += bytes.len();
        }
    }

    fn take_line(&mut self) -> Option<Line> {
        let unsearched = &self.rest[self.searched..];
        if let Some(at) = unsearched.iter().position(|byte| *byte == b'\n') {
            let mut line = self.rest.split_to(self.searched + at + 1);
            line.truncate(line.len() - 1);
            self.searched = 0;
            return Some(self.line_of(line));
        }
        if self.rest.len() > MAX_BODY_BYTES {
            self.is_too_long = true;
            self.rest.clear();
        }
        self.searched = self.rest.len();
        None
    }

    fn line_of(&mut self, bytes: BytesMut) -> Line {
        let is_too_long = std::mem::take(&mut self.is_too_long);
        match is_too_long || bytes.len() > MAX_BODY_BYTES {
            true => Line::TooLong,
            false => Line::Whole(bytes.freeze()),
        }
    }

    /// Whether there was more.
    async fn read_more(&mut self) -> Result<bool, End> {
        if self.is_over {
            return Ok(false);
        }
        let now = Instant::now();
        let (until, limit) = match now + PATIENCE < self.deadline {
            true => (now + PATIENCE, PATIENCE),
            false => (self.deadline, LONGEST),
        };
        match timeout_at(until, self.body.next()).await {
            Ok(Some(Ok(bytes))) => {
                self.rest.extend_from_slice(&bytes);
                Ok(true)
            }
            Ok(Some(Err(_))) => {
                self.is_over = true;
                Err(End::Broken)
            }
            Ok(None) => {
                self.is_over = true;
                Ok(false)
            }
            Err(_) => Err(End::TooSlow(limit)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use futures_util::stream;

    use super::*;

    fn whole(text: &str) -> Line {
        Line::Whole(Bytes::copy_from_slice(text.as_bytes()))
    }

    /// A body that comes in these pieces.
    fn pieces(pieces: Vec<Vec<u8>>) -> Lines {
        let pieces = pieces.into_iter().map(Ok::<_, io::Error>);
        Lines::of(Body::from_stream(stream::iter(pieces)))
    }

    async fn all(mut lines: Lines) -> (Vec<Line>, End) {
        let mut read = Vec::new();
        loop {
            match lines.next().await {
                Ok(line) => read.push(line),
                Err(end) => return (read, end),
            }
        }
    }

    #[tokio::test]
    async fn lines_are_the_same_however_they_are_cut_into_pieces() {
        let text = "one\n\ntwo\r\nthree";
        let expected = ["one", "", "two\r", "three"];
        for size in 1..=text.len() {
            let cut = text.as_bytes().chunks(size).map(<[u8]>::to_vec).collect();
            let (read, end) = all(pieces(cut)).await;
            assert_eq!(read, expected.map(whole), "{size}");
            assert_eq!(end, End::Complete);
        }
        assert_eq!(all(pieces(vec![])).await, (vec![], End::Complete));
        let (read, _) = all(pieces(vec![b"one\n".to_vec()])).await;
        assert_eq!(read, vec![whole("one")]);
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_not_kept_and_harms_no_other() {
        let longest = vec![b'x'; MAX_BODY_BYTES];
        let mut text = longest.clone();
        text.extend_from_slice(b"\n");
        text.extend(vec![b'y'; 4 * MAX_BODY_BYTES]);
        text.extend_from_slice(b"\nshort\n");
        text.extend(vec![b'z'; MAX_BODY_BYTES + 1]);
        for size in [1_000, 100_000, text.len()] {
            let cut = text.chunks(size).map(<[u8]>::to_vec).collect();
            let mut lines = pieces(cut);
            assert_eq!(
                lines.next().await,
                Ok(Line::Whole(Bytes::from(longest.clone())))
            );
            assert_eq!(lines.next().await, Ok(Line::TooLong), "{size}");
            assert!(lines.rest.len() <= MAX_BODY_BYTES.max(size));
            assert_eq!(lines.next().await, Ok(whole("short")));
            assert_eq!(lines.next().await, Ok(Line::TooLong));
            assert_eq!(lines.next().await, Err(End::Complete));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_sends_nothing_more_is_not_waited_for() {
        let first = stream::iter([Ok::<_, io::Error>("one\ntw")]);
        let mut lines = Lines::of(Body::from_stream(first.chain(stream::pending())));
        assert_eq!(lines.next().await, Ok(whole("one")));
        let began = Instant::now();
        assert_eq!(lines.next().await, Err(End::TooSlow(PATIENCE)));
        assert_eq!(began.elapsed().as_secs(), PATIENCE.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_byte_now_and_then_is_not_waited_for_either() {
        let drip = stream::unfold((), async |()| {
            tokio::time::sleep(PATIENCE / 2).await;
            Some((Ok::<_, io::Error>("x"), ()))
        });
        let began = Instant::now();
        let mut lines = Lines::of(Body::from_stream(drip));
        assert_eq!(lines.next().await, Err(End::TooSlow(LONGEST)));
        assert_eq!(began.elapsed().as_secs(), LONGEST.as_secs());
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_told_from_one_that_ends() {
        let broken = [Ok("one\ntw"), Err(io::Error::other("reset"))];
        let (read, end) = all(Lines::of(Body::from_stream(stream::iter(broken)))).await;
        assert_eq!((read, end), (vec![whole("one")], End::Broken));
    }
}
