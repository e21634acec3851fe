//! What can go wrong, by what a caller would do about it.

use std::io;
use std::time::Duration;

use crate::http::HttpError;

/// Where a connection attempt stood when its time was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// TCP, HTTP and the handshake of Engine.IO.
    Open,
    /// CONNECT was sent, no answer has come.
    Connect,
    /// Connected over polling, and moving to WebSocket.
    Upgrade,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Open => "opening the transport",
            Self::Connect => "waiting for the answer to CONNECT",
            Self::Upgrade => "upgrading to WebSocket",
        })
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The server understood and said no: a CONNECT_ERROR.
    #[error("the server refused the connection: {message}")]
    Refused {
        message: String,
        data: Option<serde_json::Value>,
    },
    #[error("time was over while {0}")]
    Timeout(Step),
    #[error(transparent)]
    Transport(#[from] TransportError),
    #[error("the authentication data does not become JSON")]
    InvalidAuth(#[source] serde_json::Error),
}

impl ConnectError {
    /// The `code` in the data of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { data, .. } => data.as_ref()?.get("code")?.as_str(),
            _ => None,
        }
    }
}

/// How a transport fails.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    #[error("{0:?} is not an http:// URL")]
    InvalidUrl(String),
    #[error("cannot connect to {address}")]
    Unreachable { address: String, source: io::Error },
    /// An answer that is neither 101 nor 200. A body is quoted as far as it arrived with the head.
    #[error("HTTP status {status}: {body}")]
    Status { status: u16, body: String },
    #[error(transparent)]
    Http(HttpError),
    #[error("the WebSocket failed")]
    WebSocket(#[source] Box<tungstenite::Error>),
    #[error("the server broke the protocol")]
    Protocol(#[from] atalaya_protocol::Error),
    #[error("the server answered with {0}")]
    Unexpected(&'static str),
    /// The server closed the transport.
    #[error("the server closed the transport")]
    Closed,
}

impl From<HttpError> for TransportError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::InvalidUrl(url) => Self::InvalidUrl(url),
            HttpError::Unreachable { address, source } => Self::Unreachable { address, source },
            other => Self::Http(other),
        }
    }
}

/// Why a connection is over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    #[error("this client disconnected")]
    ByClient,
    /// A DISCONNECT of the namespace; the transport may have been left open.
    #[error("the server disconnected the socket")]
    ByServer,
    #[error("the server closed the transport")]
    Transport,
    #[error("the transport failed: {0}")]
    TransportFailed(String),
    #[error("the server's heartbeat did not come")]
    HeartbeatMissed,
    #[error("the server broke the protocol: {0}")]
    Protocol(#[from] atalaya_protocol::Error),
}

impl From<TransportError> for Closed {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::Closed => Self::Transport,
            TransportError::Protocol(error) => Self::Protocol(error),
            TransportError::WebSocket(source) => Self::TransportFailed(source.to_string()),
            other => Self::TransportFailed(other.to_string()),
        }
    }
}

/// Why a call on an open connection did not work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the connection is over: {0}")]
    Closed(Closed),
    #[error("nothing came within {0:?}")]
    Timeout(Duration),
    /// Too many acknowledgements are awaited already.
    #[error("too many acknowledgements are awaited")]
    TooManyAcks,
    #[error("the arguments do not become JSON")]
    InvalidArguments(#[source] serde_json::Error),
}
