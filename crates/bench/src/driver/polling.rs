//! HTTP long-polling on one connection: a GET waits for what the server says; what the client says is always an
//! answer to that, so it goes out as a POST before the next GET.

use super::{Shared, client::Client};
use crate::wire::{Parsed, http};

/// Between packets in one body.
const SEPARATOR: u8 = 0x1e;

/// What a polling client is in the middle of.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    awaited: Awaited,
    /// Packets that wait for their POST.
    outgoing: Vec<u8>,
    /// What the server knows the session by, as it stands in the request.
    sid: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Awaited {
    /// The answer to a GET, which carries packets.
    #[default]
    Packets,
    /// The answer to a POST, which says that it was taken.
    Taken,
    /// Nothing: the next request is made at the next turn.
    Nothing,
}

impl Exchange {
    pub(super) fn opened(&mut self, sid: &[u8]) {
        self.sid = [b"&sid=", sid].concat();
    }

    pub(super) fn queue(&mut self, packet: &[u8]) {
        if !self.outgoing.is_empty() {
            self.outgoing.push(SEPARATOR);
        }
        self.outgoing.extend_from_slice(packet);
    }
}

impl Client {
    /// Carries out one answer of the server.
    pub(super) fn take_answer(&mut self, bytes: &[u8], shared: &mut Shared) -> Parsed<usize> {
        let answer = match http::parse(bytes) {
            Parsed::Whole(answer) => answer,
            Parsed::Partial => return Parsed::Partial,
            Parsed::Broken(why) => return Parsed::Broken(why),
        };
        if answer.status != 200 {
            let said = String::from_utf8_lossy(&answer.body).into_owned();
            let why = format!("a poll was answered {}: {said}", answer.status);
            self.lose(shared, &why);
            return Parsed::Whole(answer.length);
        }
        let awaited = std::mem::replace(&mut self.exchange.awaited, Awaited::Nothing);
        if awaited == Awaited::Packets {
            for packet in answer.body.split(|byte| *byte == SEPARATOR) {
                self.packet(packet, shared);
            }
        }
        // Who decides what is said next sees first what happened.
        shared.polls.push(self.number);
        Parsed::Whole(answer.length)
    }

    /// Makes the next request.
    pub(super) fn poll_on(&mut self, shared: &mut Shared) {
        if self.exchange.awaited != Awaited::Nothing {
            return;
        }
        let mut request = std::mem::take(&mut shared.scratch);
        request.clear();
        let outgoing = std::mem::take(&mut self.exchange.outgoing);
        let (line, awaited) = match outgoing.is_empty() {
            true => (&shared.requests.poll, Awaited::Packets),
            false => (&shared.requests.post, Awaited::Taken),
        };
        request.extend_from_slice(line);
        request.extend_from_slice(&self.exchange.sid);
        request.extend_from_slice(&shared.requests.polling_headers);
        if !outgoing.is_empty() {
            let length = outgoing.len();
            let body =
                format!("Content-Type: text/plain;charset=UTF-8\r\nContent-Length: {length}\r\n");
            request.extend_from_slice(body.as_bytes());
        }
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(&outgoing);
        self.exchange.awaited = awaited;
        self.write(&request, shared);
        shared.scratch = request;
    }
}
