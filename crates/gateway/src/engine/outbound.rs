//! What waits for one client, and the way it takes: into the websocket at once, or into the next poll.
//!
//! Bounded in messages and in bytes. On a websocket with nothing waiting a packet is written by whoever
//! sends it, without a queue, a task or a copy between; what the kernel does not take waits here and is
//! flushed by the session's task.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    sync::Arc,
};

use atalaya_protocol::engine::payload::Writer;
use rustix::{
    io::Errno,
    net::{SendAncillaryBuffer, SendFlags},
};
use tokio::net::TcpStream;

use super::Packet;
use crate::{CloseReason, Config, Transport};

/// How many packets one system call takes.
const FLUSH_AT_ONCE: usize = 32;

/// A queue that was longer than this gives its memory back when it is empty.
const KEPT_CAPACITY: usize = 8;

/// The most that may wait for one client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub messages: usize,
    pub bytes: usize,
}

impl From<&Config> for Bounds {
    fn from(config: &Config) -> Self {
        Self {
            messages: config.outbound_max_messages,
            bytes: config.outbound_max_bytes,
        }
    }
}

/// What became of a packet.
#[derive(Debug)]
pub(super) enum Pushed {
    /// The kernel has it.
    Written,
    /// It waits: for a poll, or to be flushed.
    Waits,
    /// The bound is reached.
    Full,
    /// The connection is gone.
    Broken,
    /// The session has ended.
    Closed,
}

/// How the session says goodbye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    /// The client left, and knows.
    Acknowledge,
    /// The server ends it, and says so.
    Tell,
    /// There is nobody to tell.
    Nothing,
}

/// What a poll gets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Body(String),
    /// Nothing yet.
    Wait,
    /// Nothing any more.
    Ended,
}

#[derive(Debug)]
enum Route {
    Polling,
    Websocket(Arc<TcpStream>),
}

/// The queue of one session.
#[derive(Debug)]
pub(super) struct Outbound {
    queue: VecDeque<Packet>,
    bytes: usize,
    /// How much of the first packet has been written.
    written: usize,
    route: Route,
    /// What the client uses now; still said when the route is given up.
    transport: Transport,
    /// A poll waits for its answer.
    pub(super) polled: bool,
    /// A websocket is being opened beside the polling.
    pub(super) upgrading: bool,
    /// The websocket has been probed: a poll with nothing to take ends at once, to let the client move.
    pub(super) release_polls: bool,
    ending: Option<(CloseReason, Farewell)>,
}

impl Outbound {
    pub(super) fn polling() -> Self {
        Self {
            queue: VecDeque::new(),
            bytes: 0,
            written: 0,
            route: Route::Polling,
            transport: Transport::Polling,
            polled: false,
            upgrading: false,
            release_polls: false,
            ending: None,
        }
    }

    pub(super) fn local() -> Self {
        Self {
            transport: Transport::Stream,
            ..Self::polling()
        }
    }

    pub(super) fn websocket(stream: Arc<TcpStream>) -> Self {
        Self {
            route: Route::Websocket(stream),
            transport: Transport::Websocket,
            ..Self::polling()
        }
    }

    pub(super) fn transport(&self) -> Transport {
        self.transport
    }

    pub(super) fn ending(&self) -> Option<(CloseReason, Farewell)> {
        self.ending
    }

    /// Sends packets on their way, in one write if nothing waits before them.
    pub(super) fn push(&mut self, packets: &[Packet], bounds: Bounds) -> Pushed {
        if self.ending.is_some() {
            return Pushed::Closed;
        }
        let Ok(mut written) = self.write_through(packets) else {
            return Pushed::Broken;
        };
        let mut pushed = Pushed::Written;
        for packet in packets {
            let length = packet.frame().len();
            if written >= length {
                written -= length;
                continue;
            }
            if self.queue.len() >= bounds.messages || self.bytes + length > bounds.bytes {
                return Pushed::Full;
            }
            if self.queue.is_empty() {
                self.written = std::mem::take(&mut written);
            }
            self.enqueue(packet.clone());
            pushed = Pushed::Waits;
        }
        pushed
    }

    /// How many bytes the kernel takes at once: none while something else waits.
    fn write_through(&self, packets: &[Packet]) -> io::Result<usize> {
        let Route::Websocket(stream) = &self.route else {
            return Ok(0);
        };
        if !self.queue.is_empty() {
            return Ok(0);
        }
        match write_now(stream, packets) {
            Err(Errno::AGAIN) => Ok(0),
            written => Ok(written?),
        }
    }

    /// Writes what waits, as far as the kernel takes it.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        while let (Route::Websocket(stream), false) = (&self.route, self.queue.is_empty()) {
            let mut slices: Vec<_> = slices_of(self.queue.iter()).collect();
            slices[0] = IoSlice::new(&self.queue[0].frame()[self.written..]);
            match stream.try_write_vectored(&slices) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => self.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn advance(&mut self, written: usize) {
        self.written += written;
        while let Some(first) = self.queue.front() {
            let length = first.frame().len();
            if self.written < length {
                return;
            }
            self.written -= length;
            self.dequeue();
        }
    }

    /// What the next poll is answered with, at most about `max_bytes` of it.
    ///
    /// A close has an answer to itself. The public client ends the connection as soon as it reads one, before it has handed
    /// out what stood in front of it: that would come again with the next connection, or, if it was a DISCONNECT,
    /// not be heeded.
    pub(super) fn take(&mut self, max_bytes: usize) -> Taken {
        if matches!(self.route, Route::Websocket(_)) {
            // The client moved while it polled: the queue is the websocket's now.
            return Taken::Body("6".to_owned());
        }
        let mut body = Writer::new(max_bytes);
        while let Some(first) = self.queue.front()
            && (body.is_empty() || !first.is_close())
            && first.write_into(&mut body)
        {
            self.dequeue();
        }
        match (body.is_empty(), self.ending) {
            (false, _) => Taken::Body(body.finish()),
            (true, Some(_)) => Taken::Ended,
            (true, None) if self.release_polls => Taken::Body("6".to_owned()),
            (true, None) => Taken::Wait,
        }
    }

    /// Moves to the websocket; what waits goes there.
    pub(super) fn upgrade(&mut self, stream: Arc<TcpStream>) {
        self.route = Route::Websocket(stream);
        self.transport = Transport::Websocket;
        self.upgrading = false;
        self.release_polls = false;
    }

    /// Ends the session: nothing is accepted any more, and the goodbye is the last that waits. The first
    /// reason stands.
    pub(super) fn end(&mut self, reason: CloseReason, farewell: Farewell) -> bool {
        if self.ending.is_some() {
            return false;
        }
        self.ending = Some((reason, farewell));
        let last_word = match (&self.route, farewell) {
            (_, Farewell::Nothing) => None,
            (Route::Polling, Farewell::Acknowledge) => Some(Packet::NOOP),
            (Route::Polling, Farewell::Tell) => Some(Packet::CLOSE),
            (Route::Websocket(_), _) => Some(Packet::websocket_close(reason.websocket_code())),
        };
        // What waits is dropped where the client is gone or broke the rules; not the rest of a frame that
        // has begun, without which the goodbye could not be read.
        if !reason.is_orderly() {
            self.queue.truncate(usize::from(self.written > 0));
            self.bytes = self.queue.iter().map(|packet| packet.frame().len()).sum();
        }
        self.queue_last(last_word);
        true
    }

    fn queue_last(&mut self, last_word: Option<Packet>) {
        if let Some(packet) = last_word {
            self.enqueue(packet);
        }
    }

    /// Whether a poll may still come, or waits, for the last word of a session that has ended.
    pub(super) fn awaits_last_poll(&self) -> bool {
        let is_worth_it = self.ending.is_some_and(|(reason, farewell)| {
            farewell == Farewell::Acknowledge || reason.is_orderly()
        });
        !self.queue.is_empty() && (self.polled || is_worth_it)
    }

    /// Whether a request may still meet the session: while it is open, and for its last word.
    pub(super) fn is_reachable(&self) -> bool {
        self.ending.is_none() || self.awaits_last_poll()
    }

    /// Forgets what waits, and gives up the stream.
    pub(super) fn abandon(&mut self) {
        self.queue = VecDeque::new();
        self.bytes = 0;
        self.written = 0;
        self.route = Route::Polling;
    }

    /// Whether something waits for the kernel.
    pub(super) fn needs_flush(&self) -> bool {
        !self.queue.is_empty() && matches!(self.route, Route::Websocket(_))
    }

    /// Whether less than half of what may wait does.
    pub(super) fn is_writable(&self, bounds: Bounds) -> bool {
        self.queue.len() * 2 <= bounds.messages && self.bytes * 2 <= bounds.bytes
    }

    fn enqueue(&mut self, packet: Packet) {
        self.bytes += packet.frame().len();
        self.queue.push_back(packet);
    }

    fn dequeue(&mut self) {
        if let Some(packet) = self.queue.pop_front() {
            self.bytes -= packet.frame().len();
        }
        if self.queue.is_empty() && self.queue.capacity() > KEPT_CAPACITY {
            self.queue = VecDeque::new();
        }
    }
}

/// Asks the kernel itself. The runtime knows whether a stream was writable when it last looked, which on this path
/// it almost always was; to ask it too costs each delivery a line of memory that nothing else touches. What the
/// kernel does not take is written by [`Outbound::flush`], through the runtime.
fn write_now(stream: &TcpStream, packets: &[Packet]) -> rustix::io::Result<usize> {
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    match packets {
        [packet] => rustix::net::send(stream, packet.frame(), flags),
        packets => {
            let slices: Vec<_> = slices_of(packets.iter()).collect();
            rustix::net::sendmsg(stream, &slices, &mut SendAncillaryBuffer::default(), flags)
        }
    }
}

/// What one system call takes of them.
fn slices_of<'a>(packets: impl Iterator<Item = &'a Packet>) -> impl Iterator<Item = IoSlice<'a>> {
    packets
        .take(FLUSH_AT_ONCE)
        .map(|packet| IoSlice::new(packet.frame()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        messages: 3,
        bytes: 40,
    };

    fn text(text: &str) -> Packet {
        Packet::message(text)
    }

    #[test]
    fn a_poll_takes_what_waits_in_order() {
        let mut outbound = Outbound::polling();
        assert_eq!(outbound.take(100), Taken::Wait);
        outbound.push(&[text("a")], BOUNDS);
        outbound.push(&[text("b")], BOUNDS);
        assert_eq!(outbound.take(100), Taken::Body("4a\u{1e}4b".into()));
        assert_eq!(outbound.take(100), Taken::Wait);
        assert_eq!(outbound.bytes, 0);
    }

    #[test]
    fn a_poll_takes_no_more_than_fits() {
        let mut outbound = Outbound::polling();
        outbound.push(&[text("abc")], BOUNDS);
        outbound.push(&[text("def")], BOUNDS);
        assert_eq!(outbound.take(6), Taken::Body("4abc".into()));
        assert_eq!(outbound.take(6), Taken::Body("4def".into()));
    }

    #[test]
    fn it_is_bounded_in_messages_and_in_bytes() {
        let mut outbound = Outbound::polling();
        for _ in 0..3 {
            assert!(matches!(outbound.push(&[text("a")], BOUNDS), Pushed::Waits));
        }
        assert!(matches!(outbound.push(&[text("a")], BOUNDS), Pushed::Full));
        let mut outbound = Outbound::polling();
        assert!(matches!(
            outbound.push(&[text(&"a".repeat(38))], BOUNDS),
            Pushed::Full
        ));
        assert!(outbound.is_writable(BOUNDS));
        outbound.push(&[text(&"a".repeat(30))], BOUNDS);
        assert!(!outbound.is_writable(BOUNDS));
    }

    #[test]
    fn the_first_reason_stands_and_nothing_is_sent_after_it() {
        let mut outbound = Outbound::polling();
        outbound.push(&[text("a")], BOUNDS);
        assert!(outbound.end(CloseReason::Revoked, Farewell::Tell));
        assert!(!outbound.end(CloseReason::PingTimeout, Farewell::Nothing));
        assert!(matches!(
            outbound.push(&[text("b")], BOUNDS),
            Pushed::Closed
        ));
        assert_eq!(outbound.take(100), Taken::Body("4a".into()));
        assert_eq!(outbound.take(100), Taken::Body("1".into()));
        assert_eq!(outbound.take(100), Taken::Ended);
    }

    #[test]
    fn what_waits_is_dropped_with_a_client_that_broke_the_rules() {
        let mut outbound = Outbound::polling();
        outbound.push(&[text("a")], BOUNDS);
        outbound.end(CloseReason::ParseError, Farewell::Tell);
        assert_eq!(outbound.take(100), Taken::Body("1".into()));
    }

    #[test]
    fn a_probed_websocket_releases_the_poll() {
        let mut outbound = Outbound::polling();
        outbound.release_polls = true;
        assert_eq!(outbound.take(100), Taken::Body("6".into()));
    }
}
