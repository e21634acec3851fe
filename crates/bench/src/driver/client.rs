//! One client: from dialling to CONNECT, then whatever the server says. Over a websocket what it says goes
//! out at once; over polling (`polling.rs`) it waits for its turn.

use std::time::Instant;

use rustix::event::epoll::EventFlags;

use super::{
    Happening, Kind, Shared,
    polling::Exchange,
    socket::{self, Ending, Read, Socket},
};
use crate::{
    plan::Transport,
    wire::{
        Parsed,
        frame::{self, CLOSE, PING, PONG, TEXT},
        http, notification,
        packet::{self, Packet},
    },
};

/// How far a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Away,
    /// The request for a transport is on its way.
    Opening,
    /// The websocket stands; the packet that opens the session is awaited.
    Greeting,
    /// CONNECT is asked for.
    Joining,
    Joined,
    /// Has joined, and does not read any more.
    Stuck,
}

pub(crate) struct Client {
    pub(super) number: usize,
    socket: Option<Socket>,
    pub(super) stage: Stage,
    /// When the attempt began.
    pub(super) begun: Instant,
    /// The beginning of something whose rest has not arrived. Nearly always empty.
    pending: Vec<u8>,
    /// Polling alone.
    pub(super) exchange: Exchange,
}

impl Client {
    pub(super) fn new(number: usize, now: Instant) -> Self {
        Self {
            number,
            socket: None,
            stage: Stage::Away,
            begun: now,
            pending: Vec::new(),
            exchange: Exchange::default(),
        }
    }

    /// Begins an attempt.
    pub(super) fn dial(&mut self, shared: &mut Shared, now: Instant) {
        self.begun = now;
        self.stage = Stage::Opening;
        self.exchange = Exchange::default();
        self.pending = Vec::new();
        shared.under_way += 1;
        let first = match shared.transport {
            Transport::Websocket => &shared.requests.websocket,
            Transport::Polling => &shared.requests.open_polling,
        };
        let source = socket::source(self.number, shared.address);
        let (epoll, token) = (&shared.epoll, self.number as u64);
        match Socket::dial(shared.address, source, first, epoll, token) {
            Ok(socket) => self.socket = Some(socket),
            Err(error) => self.lose(shared, &error.to_string()),
        }
    }

    /// Something happened at the socket.
    pub(super) fn ready(&mut self, flags: EventFlags, buffer: &mut [u8], shared: &mut Shared) {
        let Some(socket) = &mut self.socket else {
            return;
        };
        if flags.contains(EventFlags::OUT)
            && let Err(error) = socket.flush()
        {
            return self.lose(shared, &error.to_string());
        }
        let hung_up = flags.intersects(EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR);
        while let Some(socket) = &self.socket {
            match socket.read(buffer) {
                Read::Full(read) => self.received(&buffer[..read], shared),
                Read::Last(read) => {
                    self.received(&buffer[..read], shared);
                    // The end of a stream is not announced twice.
                    if !hung_up {
                        return;
                    }
                }
                Read::Nothing => return,
                Read::Gone => {
                    let why = socket.error().map(|error| error.to_string());
                    let why = why.unwrap_or_else(|| "the server closed the connection".to_owned());
                    return self.lose(shared, &why);
                }
            }
        }
    }

    fn received(&mut self, bytes: &[u8], shared: &mut Shared) {
        if self.pending.is_empty() {
            let taken = self.take(bytes, shared);
            self.pending.extend_from_slice(&bytes[taken..]);
            return;
        }
        self.pending.extend_from_slice(bytes);
        let mut pending = std::mem::take(&mut self.pending);
        let taken = self.take(&pending, shared);
        if taken < pending.len() {
            pending.drain(..taken);
            self.pending = pending;
        }
    }

    /// Carries out whatever is whole. Returns how many bytes that was.
    fn take(&mut self, bytes: &[u8], shared: &mut Shared) -> usize {
        let mut taken = 0;
        while taken < bytes.len() && self.socket.is_some() {
            let rest = &bytes[taken..];
            let parsed = match (shared.transport, self.stage) {
                (Transport::Polling, _) => self.take_answer(rest, shared),
                (Transport::Websocket, Stage::Opening) => self.take_upgrade(rest),
                (Transport::Websocket, _) => self.take_frame(rest, shared),
            };
            match parsed {
                Parsed::Whole(length) => taken += length,
                Parsed::Partial => return taken,
                Parsed::Broken(why) => {
                    self.lose(shared, why);
                    return bytes.len();
                }
            }
        }
        // Whoever is gone keeps nothing.
        if self.socket.is_some() {
            taken
        } else {
            bytes.len()
        }
    }

    fn take_upgrade(&mut self, bytes: &[u8]) -> Parsed<usize> {
        match http::head(bytes) {
            Parsed::Whole((101, length)) => {
                self.stage = Stage::Greeting;
                Parsed::Whole(length)
            }
            Parsed::Whole(_) => Parsed::Broken("the server does not open a websocket"),
            Parsed::Partial => Parsed::Partial,
            Parsed::Broken(why) => Parsed::Broken(why),
        }
    }

    fn take_frame(&mut self, bytes: &[u8], shared: &mut Shared) -> Parsed<usize> {
        let frame = match frame::parse(bytes) {
            Parsed::Whole(frame) => frame,
            Parsed::Partial => return Parsed::Partial,
            Parsed::Broken(why) => return Parsed::Broken(why),
        };
        match frame.opcode {
            TEXT => self.packet(frame.payload, shared),
            PING => self.write_frame(PONG, frame.payload, shared),
            CLOSE => return Parsed::Broken("the server closed the websocket"),
            _ => {}
        }
        Parsed::Whole(frame.length)
    }

    /// Carries out one packet of the server.
    pub(super) fn packet(&mut self, bytes: &[u8], shared: &mut Shared) {
        match packet::parse(bytes) {
            Packet::Open(sid) => self.opened(sid, shared),
            Packet::Ping => self.say(b"3", shared),
            Packet::Connected(sid) if self.stage == Stage::Joining => self.joined(sid, shared),
            Packet::Event(event) => {
                if let Some(number) = shared.template.number_of(event) {
                    let id = notification::id_of(event);
                    self.tell(Kind::Notified { number, id }, shared);
                }
            }
            Packet::Ack { number, arguments } => {
                let ok = !arguments.starts_with(b"[{\"ok\":false");
                self.tell(Kind::Acknowledged { number, ok }, shared);
            }
            Packet::Refused(why) => {
                let why = format!("connect_error {}", String::from_utf8_lossy(why));
                self.lose(shared, &why);
            }
            Packet::Closed => self.lose(shared, "the server closed the session"),
            Packet::Connected(_) | Packet::Other => {}
        }
    }

    fn opened(&mut self, sid: &[u8], shared: &mut Shared) {
        self.stage = Stage::Joining;
        self.exchange.opened(sid);
        let join = shared.requests.joins[self.number].clone();
        self.say(&join, shared);
    }

    fn joined(&mut self, sid: &[u8], shared: &mut Shared) {
        self.stage = Stage::Joined;
        shared.under_way -= 1;
        shared.offer_row(self.number, sid);
        let waited = self.begun.elapsed();
        self.tell(Kind::Joined { waited }, shared);
    }

    /// Says one packet.
    pub(super) fn say(&mut self, packet: &[u8], shared: &mut Shared) {
        match shared.transport {
            Transport::Websocket => self.write_frame(TEXT, packet, shared),
            Transport::Polling => self.exchange.queue(packet),
        }
    }

    fn write_frame(&mut self, opcode: u8, payload: &[u8], shared: &mut Shared) {
        let mut scratch = std::mem::take(&mut shared.scratch);
        scratch.clear();
        frame::write(&mut scratch, opcode, payload);
        self.write(&scratch, shared);
        shared.scratch = scratch;
    }

    pub(super) fn write(&mut self, bytes: &[u8], shared: &mut Shared) {
        let sent = self.socket.as_mut().map(|socket| socket.send(bytes));
        if let Some(Err(error)) = sent {
            self.lose(shared, &error.to_string());
        }
    }

    /// Ends the connection because it is broken or late.
    pub(super) fn lose(&mut self, shared: &mut Shared, why: &str) {
        let kind = match self.stage {
            Stage::Away => return,
            Stage::Joined => Kind::Lost,
            _ => {
                shared.under_way -= 1;
                Kind::Refused
            }
        };
        shared.note_failure(why);
        self.hang_up(Ending::Reset);
        self.tell(kind, shared);
    }

    /// Ends the connection because the scenario says so.
    pub(super) fn hang_up(&mut self, ending: Ending) {
        self.stage = Stage::Away;
        if let Some(socket) = self.socket.take() {
            socket.end(ending);
        }
    }

    /// From now on nothing is read: what the server sends fills what room there is, and then waits there.
    pub(super) fn get_stuck(&mut self, shared: &Shared) {
        if let Some(socket) = &self.socket {
            socket.deafen(&shared.epoll);
            self.stage = Stage::Stuck;
        }
    }

    fn tell(&self, kind: Kind, shared: &mut Shared) {
        shared.happenings.push(Happening {
            client: self.number,
            kind,
            at: Instant::now(),
        });
    }
}
