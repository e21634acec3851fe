//! How to connect: one struct with the defaults of the official client beside each field.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderName, HeaderValue};

use crate::Event;

/// Which transports to use, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    #[default]
    WebSocket,
    Polling,
    /// What a browser does: connect over polling, then move.
    PollingThenWebSocket,
}

/// Where events go.
#[derive(Clone)]
pub enum Events {
    /// To [`crate::Client::next_event`], through a queue of this length. While it is full the client reads
    /// nothing more, heartbeats included: it has become a slow consumer, as a stuck browser tab would.
    Queue(usize),
    /// To a function, which must not block. Costs no queue per client.
    Handler(Arc<dyn Fn(Event) + Send + Sync>),
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue(length) => f.debug_tuple("Queue").field(length).finish(),
            Self::Handler(_) => f.write_str("Handler"),
        }
    }
}

/// What [`crate::Client::connect`] needs to know. `Debug` shows neither auth nor headers, where tokens are.
#[derive(Clone)]
pub struct Options {
    /// `http://host:port`; a path in it is ignored.
    pub url: String,
    /// The path of the server's endpoint.
    pub path: String,
    pub namespace: String,
    /// The data of CONNECT, a JSON object.
    pub auth: Option<serde_json::Value>,
    pub mode: Mode,
    /// For each wait: the whole connection attempt, an event, an acknowledgement, a goodbye.
    pub timeout: Duration,
    pub events: Events,
    /// Sent with every HTTP request, the WebSocket's included (`Origin`, `X-Forwarded-For`).
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Off, the client hears pings and says nothing: how a vanished peer looks to a server.
    pub answers_heartbeats: bool,
    /// Bind to this address first, to get more ports than one address has.
    pub local_address: Option<IpAddr>,
}

impl Options {
    /// WebSocket to the main namespace, no auth, ten seconds for each wait, up to 256 events waiting.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            path: "/socket.io/".into(),
            namespace: "/".into(),
            auth: None,
            mode: Mode::default(),
            timeout: Duration::from_secs(10),
            events: Events::Queue(256),
            headers: Vec::new(),
            answers_heartbeats: true,
            local_address: None,
        }
    }

    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    #[must_use]
    pub fn auth(mut self, auth: serde_json::Value) -> Self {
        self.auth = Some(auth);
        self
    }

    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("url", &self.url)
            .field("path", &self.path)
            .field("namespace", &self.namespace)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
