//! A client that has joined a namespace, as the application holds it.

use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use serde::Serialize;
use tokio::time::Instant;

use super::{Frame, packets};
use crate::{
    Admission, CloseReason, Handshake, Transport,
    engine::{Closed, Session},
};

/// Why something was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The socket is gone, or was cut off just now because too much waits for it.
    #[error("the socket is closed")]
    Closed,
    #[error("what was to be sent does not become JSON: {0}")]
    NotJson(#[from] serde_json::Error),
}

impl From<Closed> for SendError {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

/// One client on one namespace, with the application's state. Sending and closing never wait, and may be
/// done from anywhere.
pub struct Socket<S> {
    id: Box<str>,
    namespace: Arc<str>,
    state: S,
    session: Arc<Session>,
    /// Set when the server closes this socket; the session's task then says so to the application.
    closing: OnceLock<CloseReason>,
    expires_at: Mutex<Option<Instant>>,
}

impl<S> Socket<S> {
    pub(super) fn new(
        session: &Arc<Session>,
        namespace: Arc<str>,
        admission: Admission<S>,
    ) -> Self {
        Self {
            id: admission.socket_id,
            namespace,
            state: admission.state,
            session: Arc::clone(session),
            closing: OnceLock::new(),
            expires_at: Mutex::new(admission.expires_in.map(|it| Instant::now() + it)),
        }
    }

    /// The public id.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    pub fn state(&self) -> &S {
        &self.state
    }

    /// How the connection was opened.
    pub fn handshake(&self) -> &Handshake {
        self.session.handshake()
    }

    /// What the connection runs over now.
    pub fn transport(&self) -> Transport {
        self.session.transport()
    }

    /// When anything was last heard from the client, heartbeats included.
    pub fn last_seen(&self) -> Instant {
        self.session.last_seen()
    }

    /// Sends an event. Never waits: if too much waits for the client already it is closed as
    /// [`CloseReason::SlowConsumer`]. See [`Self::writable`] to send no faster than it reads.
    ///
    /// # Errors
    /// [`SendError::Closed`]: it was not sent, and nothing will be.
    pub fn send(&self, frame: &Frame) -> Result<(), SendError> {
        if self.closing.get().is_some() {
            return Err(SendError::Closed);
        }
        Ok(self.session.send(frame.packets())?)
    }

    /// Encodes an event and sends it. `arguments` as in [`Frame::event`].
    ///
    /// # Errors
    /// As [`Self::send`], or the arguments do not become a JSON array.
    pub fn emit(&self, name: &str, arguments: &impl Serialize) -> Result<(), SendError> {
        self.send(&Frame::event(&self.namespace, name, arguments)?)
    }

    /// Returns when less than half of what may wait for the client does, or the connection has ended.
    pub async fn writable(&self) {
        self.session.writable().await;
    }

    /// Sets how long from now the socket may stay; then it is closed with [`CloseReason::TokenExpired`].
    pub fn set_expiry(&self, expires_in: Option<Duration>) {
        *self.expires_at() = expires_in.map(|it| Instant::now() + it);
        self.session.wake();
    }

    /// Cuts the client off: the whole connection ends with this reason. A client that should not return by
    /// itself ([`CloseReason::may_return`]) is told with a DISCONNECT packet first.
    pub fn disconnect(&self, reason: CloseReason) {
        if self.closing.set(reason).is_ok() && !reason.may_return() {
            let _ = self.session.send(&[packets::disconnect(&self.namespace)]);
        }
        self.session.end(reason);
    }

    /// Puts the client out of this namespace with a DISCONNECT packet; the connection stays.
    pub fn leave_namespace(&self, reason: CloseReason) {
        if self.closing.set(reason).is_ok() {
            let _ = self.session.send(&[packets::disconnect(&self.namespace)]);
            self.session.wake();
        }
    }
}

impl<S> Socket<S> {
    pub(super) fn closing(&self) -> Option<CloseReason> {
        self.closing.get().copied()
    }

    pub(super) fn mark_closed(&self, reason: CloseReason) -> CloseReason {
        *self.closing.get_or_init(|| reason)
    }

    pub(super) fn expires_at(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.expires_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> fmt::Debug for Socket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("id", &self.id)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}
