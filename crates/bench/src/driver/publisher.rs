//! Who publishes: a few HTTP connections that are kept and used in turn.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use rustix::event::epoll::EventFlags;

use super::{
    Happening, Kind, PUBLISHER, Shared,
    socket::{Ending, Read, Socket},
};
use crate::wire::{Parsed, http, notification::Recipient};

/// Publishes under way at once. More wait here, and the time they wait counts.
const CONNECTIONS: usize = 64;
const MAX_WAITING: usize = 100_000;
/// Servers close a connection that is idle for some seconds (Node's default is five): it is not used again.
const KEPT_IDLE: Duration = Duration::from_secs(2);

#[derive(Default)]
pub(super) struct Publishers {
    connections: Vec<Connection>,
    waiting: VecDeque<(u32, Recipient)>,
}

#[derive(Default)]
struct Connection {
    socket: Option<Socket>,
    /// The notification whose answer is awaited.
    number: Option<u32>,
    idle_since: Option<Instant>,
    pending: Vec<u8>,
}

impl Publishers {
    /// Sends one notification on its way.
    pub(super) fn publish(&mut self, number: u32, to: Recipient, shared: &mut Shared) {
        match self.free() {
            Some(index) => self.send(index, number, to, shared),
            None if self.waiting.len() < MAX_WAITING => self.waiting.push_back((number, to)),
            None => answered(number, false, shared),
        }
    }

    /// A connection that does nothing, the one that was used last first.
    fn free(&mut self) -> Option<usize> {
        let free = (0..self.connections.len()).filter(|i| self.connections[*i].number.is_none());
        let best = free.max_by_key(|i| self.connections[*i].idle_since);
        best.or_else(|| {
            (self.connections.len() < CONNECTIONS).then(|| {
                self.connections.push(Connection::default());
                self.connections.len() - 1
            })
        })
    }

    fn send(&mut self, index: usize, number: u32, to: Recipient, shared: &mut Shared) {
        let connection = &mut self.connections[index];
        let idle = connection.idle_since.take();
        if idle.is_none_or(|since| since.elapsed() > KEPT_IDLE) {
            connection.close();
        }
        connection.number = Some(number);
        let mut request = std::mem::take(&mut shared.scratch);
        request.clear();
        shared.template.write(&mut request, number, to);
        let sent = match &mut connection.socket {
            Some(socket) => socket.send(&request),
            None => {
                let token = PUBLISHER | index as u64;
                Socket::dial(shared.address, None, &request, &shared.epoll, token)
                    .map(|socket| connection.socket = Some(socket))
            }
        };
        shared.scratch = request;
        if let Err(error) = sent {
            connection.fail(&error.to_string(), shared);
        }
    }

    /// Something happened at a connection.
    pub(super) fn ready(
        &mut self,
        index: usize,
        flags: EventFlags,
        buffer: &mut [u8],
        shared: &mut Shared,
    ) {
        self.connections[index].ready(flags, buffer, shared);
        if self.connections[index].number.is_none()
            && let Some((number, to)) = self.waiting.pop_front()
        {
            self.send(index, number, to, shared);
        }
    }
}

impl Connection {
    fn ready(&mut self, flags: EventFlags, buffer: &mut [u8], shared: &mut Shared) {
        if flags.contains(EventFlags::OUT)
            && let Some(socket) = &mut self.socket
            && let Err(error) = socket.flush()
        {
            return self.fail(&error.to_string(), shared);
        }
        while let Some(socket) = &self.socket {
            match socket.read(buffer) {
                Read::Full(read) | Read::Last(read) => {
                    self.pending.extend_from_slice(&buffer[..read])
                }
                Read::Nothing => return,
                Read::Gone => return self.fail("the server closed the connection", shared),
            }
            self.take_answer(shared);
        }
    }

    fn take_answer(&mut self, shared: &mut Shared) {
        let pending = std::mem::take(&mut self.pending);
        match http::parse(&pending) {
            Parsed::Whole(answer) => {
                let ok = (200..300).contains(&answer.status);
                if !ok {
                    let said = String::from_utf8_lossy(&answer.body);
                    shared
                        .note_failure(&format!("a publish was answered {}: {said}", answer.status));
                }
                self.idle_since = Some(Instant::now());
                if let Some(number) = self.number.take() {
                    answered(number, ok, shared);
                }
            }
            Parsed::Partial => self.pending = pending,
            Parsed::Broken(why) => self.fail(why, shared),
        }
    }

    /// The connection is of no use any more, and what it carried is not known to have arrived.
    fn fail(&mut self, why: &str, shared: &mut Shared) {
        self.close();
        if let Some(number) = self.number.take() {
            shared.note_failure(why);
            answered(number, false, shared);
        }
    }

    fn close(&mut self) {
        self.pending.clear();
        if let Some(socket) = self.socket.take() {
            socket.end(Ending::Reset);
        }
    }
}

fn answered(number: u32, ok: bool, shared: &mut Shared) {
    shared.happenings.push(Happening {
        client: usize::MAX,
        kind: Kind::Answered { number, ok },
        at: Instant::now(),
    });
}
