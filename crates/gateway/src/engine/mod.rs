//! Engine.IO 4: engine sessions over polling and websocket, and the way from one to the other. Knows no
//! namespace and no application: what it carries is a [`Handler`], of which Socket.IO is one.
//!
//! [`Engine::handle`] routes a request (`routes`): a handshake makes a [`Session`] and its task (`task`),
//! which alone reads, keeps the heartbeat, calls the handler and ends the session. A websocket that opens its
//! connection has a shorter way in (`door`). A poll or a POST of a
//! known session meets that task through `Session` (`polling`); a websocket is read by the task itself
//! (`websocket`), after the probe of an upgrade (`upgrade`) has handed it over.

mod answer;
mod cors;
mod door;
mod heartbeat;
mod id;
mod inbound;
mod local;
mod outbound;
mod packet;
mod polling;
mod registry;
mod routes;
mod session;
mod task;
mod upgrade;
mod websocket;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::Full;
use tokio::time::Instant;

pub use door::{Door, Opening};
pub use local::{Heard, Local, NotOpened};
pub use packet::Packet;
pub use session::{Closed, Session};

use crate::{CloseReason, Config, Handshake};
use registry::Registry;

/// The body of an answer.
pub type ResponseBody = Full<Bytes>;

/// How long a client may take to hear the goodbye before the transport is cut.
const FAREWELL_LIMIT: Duration = Duration::from_secs(2);

/// One message of a client, without the type's digit.
#[derive(Debug, PartialEq, Eq)]
pub enum Message {
    Text(String),
    Binary(Bytes),
}

/// Who the sessions are opened for. All calls for one session come from its own task, one at a time.
pub trait Handler: Send + Sync + 'static {
    /// What the handler keeps with each session.
    type Client: Send + Sync + 'static;

    /// A session is open, and can be sent to.
    fn opened(&self, session: &Arc<Session>) -> Self::Client;

    /// A message. A future that is returned is carried out before the next message is read, beside the
    /// heartbeat; it is never dropped before it ends. Boxed, so that an idle session has no room for it.
    fn message(
        self: &Arc<Self>,
        client: &Arc<Self::Client>,
        message: Message,
    ) -> Option<BoxFuture<'static, ()>>;

    /// Called whenever the task is awake: after [`Session::wake`], after each message, and at the time that
    /// the last call returned.
    fn tend(&self, client: &Arc<Self::Client>, now: Instant) -> Option<Instant> {
        let _ = (client, now);
        None
    }

    /// The session has ended. Exactly once; a future of [`Self::message`] may still be running.
    fn closed(&self, client: &Arc<Self::Client>, reason: CloseReason);

    /// A handshake was refused for something worth a record.
    fn refused(&self, handshake: Handshake, code: &'static str, message: &'static str) {
        let _ = (handshake, code, message);
    }
}

/// The sessions of one path.
pub struct Engine<H> {
    handler: Arc<H>,
    config: Config,
    registry: Registry,
}

impl<H: Handler> Engine<H> {
    /// An engine without sessions. Of the configuration it takes what is not about namespaces.
    pub fn new(config: Config, handler: Arc<H>) -> Arc<Self> {
        Arc::new(Self {
            registry: Registry::new(config.max_connections),
            handler,
            config,
        })
    }

    /// Whether a request for this path is for the engine.
    pub fn matches(&self, path: &str) -> bool {
        path == self.config.path || Some(path) == self.config.path.strip_suffix('/')
    }

    /// How many sessions are open.
    pub fn connections(&self) -> usize {
        self.registry.len()
    }

    /// Refuses new sessions with 503, ends all that are open, and returns when they are gone or `grace` is
    /// over.
    pub async fn drain(&self, reason: CloseReason, grace: Duration) {
        for session in self.registry.close() {
            session.end(reason);
        }
        // What is left after the grace is cut with the process.
        let _ = tokio::time::timeout(grace, self.registry.emptied()).await;
    }
}
