//! A client in this process: an engine session without a connection of its own. Whoever holds it carries what it hears
//! to somebody else, in whatever form; to the session it is a client that polls, and is held to the same bounds.

use std::{collections::VecDeque, net::SocketAddr, sync::Arc};

use http::HeaderMap;
use tokio::sync::oneshot;

use super::{
    Engine, Handler, Message, Session,
    outbound::{Farewell, Outbound, Taken},
    registry::NoRoom,
    session::Posted,
    task::{Received, Task},
};
use crate::{CloseReason, Transport};

/// What separates the packets of one poll's answer.
const SEPARATOR: char = '\u{1e}';

/// Why no session was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOpened {
    #[error("the server is stopping")]
    Draining,
    #[error("there are too many connections")]
    Full,
}

/// The client's end. Dropped, it is as if its connection had been cut.
pub struct Local {
    session: Arc<Session>,
    /// What was taken and not yet heard.
    taken: VecDeque<String>,
    max_bytes: usize,
}

/// What a client hears.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// A message, without the type's digit.
    Message(String),
    /// A heartbeat; it is answered already.
    Ping,
}

impl<H: Handler> Engine<H> {
    /// Opens a session for whoever sent a request with these headers.
    ///
    /// # Errors
    /// [`NotOpened`]: too many are connected is recorded as a refusal.
    pub fn open_local(
        self: &Arc<Self>,
        headers: &HeaderMap,
        peer: SocketAddr,
    ) -> Result<Local, NotOpened> {
        let handshake = self.handshake(headers, peer, Transport::Stream);
        let config = &self.config;
        let bounds = config.into();
        let session = Session::new(handshake, Outbound::local(), bounds, config.max_payload);
        if let Err(no_room) = self.registry.insert(&session) {
            return Err(match no_room {
                NoRoom::Draining => NotOpened::Draining,
                NoRoom::Full => {
                    let handshake = crate::Handshake::clone(session.handshake());
                    let message = "Too many connections";
                    self.handler
                        .refused(handshake, "too_many_connections", message);
                    NotOpened::Full
                }
            });
        }
        let local = Local {
            session: Arc::clone(&session),
            taken: VecDeque::new(),
            max_bytes: config.max_payload,
        };
        tokio::spawn(Task::new(Arc::clone(self), session, None).run());
        Ok(local)
    }
}

impl Local {
    /// Says one message, without the type's digit.
    pub fn say(&self, message: String) {
        self.post(Received::Message(Message::Text(message)));
    }

    /// What comes next; `None` when the session has ended. As long as this is not asked, what the server says waits, and
    /// heartbeats are not answered.
    pub async fn hear(&mut self) -> Option<Heard> {
        loop {
            if let Some(packet) = self.taken.pop_front() {
                match packet.as_bytes().first() {
                    Some(b'4') => return Some(Heard::Message(packet[1..].to_owned())),
                    Some(b'2') => {
                        self.post(Received::Pong);
                        return Some(Heard::Ping);
                    }
                    // Goodbyes are followed by the end; a binary attachment is nobody's here.
                    _ => continue,
                }
            }
            match self.session.take(self.max_bytes).await {
                Taken::Body(body) => {
                    let packets = body.split(SEPARATOR);
                    self.taken.extend(packets.map(str::to_owned));
                }
                Taken::Wait | Taken::Ended => return None,
            }
        }
    }

    fn post(&self, received: Received) {
        let mut mailbox = self.session.mailbox();
        let posted = mailbox.posted.get_or_insert_with(|| {
            Box::new(Posted {
                packets: VecDeque::new(),
                // Nobody waits for it to be carried out.
                done: oneshot::channel().0,
            })
        });
        posted.packets.push_back(received);
        drop(mailbox);
        self.session.wake();
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.session
            .end_with(CloseReason::TransportClose, Farewell::Nothing);
    }
}
