//! What the product says to the gateway: who may connect, and what a client's events do.
//!
//! The life of a socket, as its application sees it: [`Application::admit`] returns `Ok`, then
//! [`Application::connected`] once, then any number of [`Application::event`], then
//! [`Application::disconnected`] once. Nothing else ever happens to it, whatever ended the connection.

use std::{borrow::Cow, future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::{Ack, CloseReason, Frame, Handshake, Socket, Transport};

/// The product behind the gateway.
pub trait Application: Send + Sync + 'static {
    /// What the application keeps with each socket.
    type State: Send + Sync + 'static;

    /// Decides on a CONNECT; only after `Ok` is CONNECT sent to the client.
    ///
    /// This future is never dropped before it ends (save with the runtime), so what it commits is always
    /// followed up. A client that vanishes while it runs changes nothing for the application: an `Ok` still
    /// gets its [`Self::connected`] and, at once, its [`Self::disconnected`]; in between
    /// [`Socket::send`] returns [`crate::SendError::Closed`]. A refusal is sent as `connect_error` and is
    /// not reported to [`Self::refused`]: the application knows already.
    ///
    /// While it runs nothing more is read from this client, so it must end by itself (time-outs inside).
    /// The connect time-out does not cut it off, a lost heartbeat may.
    fn admit(
        &self,
        request: ConnectRequest,
    ) -> impl Future<Output = Result<Admission<Self::State>, Refusal>> + Send;

    /// The socket is connected: CONNECT and the greeting are on their way, before anything that is sent from here on.
    /// Exactly once for each `Ok` of [`Self::admit`], before any event.
    fn connected(&self, socket: &Arc<Socket<Self::State>>);

    /// One event of the client. In order for each socket: the next message of this client is not read
    /// before this future ends, and a client that cannot be heard for more than three `ping_timeout` is
    /// taken for dead, so it must end by itself. One that has begun is finished even when the socket is closed meanwhile,
    /// in which case it may end after [`Self::disconnected`].
    fn event(
        &self,
        socket: &Arc<Socket<Self::State>>,
        event: Event,
    ) -> impl Future<Output = ()> + Send;

    /// The socket is gone. Exactly once for each [`Self::connected`], and never before it; always called
    /// from the session's own task, so never from inside another call of this trait.
    fn disconnected(&self, socket: &Arc<Socket<Self::State>>, reason: CloseReason);

    /// A connection that never became a socket, refused by the gateway itself. Must be cheap.
    fn refused(&self, refused: RefusedConnection);
}

/// A client asks to join a namespace (a configured one; others are refused before).
#[derive(Debug)]
pub struct ConnectRequest {
    pub namespace: Arc<str>,
    /// The JSON object that the client gave as `auth`. May hold a secret: never log it.
    pub auth: Option<Box<RawValue>>,
    /// How the connection was opened.
    pub handshake: Arc<Handshake>,
    /// What the connection runs over now.
    pub transport: Transport,
}

/// A CONNECT that is granted.
#[derive(Debug)]
pub struct Admission<S> {
    /// Public: shown, stored, and told to the client as `socket.id`. Opens nothing.
    pub socket_id: Box<str>,
    /// The private id for connection state recovery, if it is offered.
    pub pid: Option<Box<str>>,
    pub state: S,
    /// What the client is told right behind CONNECT, in the same write.
    pub greeting: Vec<Frame>,
    /// After this long the socket is closed with [`CloseReason::TokenExpired`].
    pub expires_in: Option<Duration>,
}

/// A CONNECT that is refused: the client's `connect_error` has this message, and `data.code`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: &'static str,
    pub message: Cow<'static, str>,
}

/// A connection that the gateway refused by itself.
#[derive(Clone, Debug)]
pub struct RefusedConnection {
    pub handshake: Arc<Handshake>,
    /// What the client asked for, if it came that far. Its own words: at most 255 bytes.
    pub namespace: Option<Box<str>>,
    /// `invalid_namespace`, `origin_denied`, `connect_timeout`, `unsupported_protocol` or
    /// `too_many_connections`.
    pub code: &'static str,
    pub message: Cow<'static, str>,
}

/// One event of a client.
#[derive(Debug)]
pub struct Event {
    pub name: String,
    /// The JSON array of the arguments after the name. Where a binary attachment stood there is
    /// `{"_placeholder":true,"num":n}`.
    pub args: Box<RawValue>,
    pub attachments: Vec<Bytes>,
    /// Present if the client waits for an answer.
    pub ack: Option<Ack>,
}
