//! Why a socket ended: a closed set, stored in the ledger and logged under these names.

use std::fmt;

/// Why a socket or a whole connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The client left the namespace (`socket.disconnect()`).
    ClientDisconnect,
    /// The client closed the transport, or the network did: a closed page, a reset, an aborted poll.
    TransportClose,
    /// The transport was used against its rules: a broken websocket frame, two polls at once.
    TransportError,
    /// The client did not answer a heartbeat.
    PingTimeout,
    /// What the client sent is not Engine.IO 4 or Socket.IO 5, or was out of order.
    ParseError,
    /// A message was longer than `max_payload`.
    PayloadTooLarge,
    /// The client opened a transport and joined no namespace.
    ConnectTimeout,
    /// The client read more slowly than it was sent to, and its queue was full.
    SlowConsumer,
    /// The token that admitted the socket has run out.
    TokenExpired,
    /// Somebody cut this socket off.
    Revoked,
    /// The client has come back on another connection, which continues this one.
    Superseded,
    /// The server stops.
    ServerShutdown,
    /// Another node took this one for dead and closed its rows.
    NodeLost,
    /// A fault of the server.
    ServerError,
}

impl CloseReason {
    /// Every reason.
    pub const ALL: [Self; 14] = [
        Self::ClientDisconnect,
        Self::TransportClose,
        Self::TransportError,
        Self::PingTimeout,
        Self::ParseError,
        Self::PayloadTooLarge,
        Self::ConnectTimeout,
        Self::SlowConsumer,
        Self::TokenExpired,
        Self::Revoked,
        Self::Superseded,
        Self::ServerShutdown,
        Self::NodeLost,
        Self::ServerError,
    ];

    /// The name in the ledger and in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientDisconnect => "client_disconnect",
            Self::TransportClose => "transport_close",
            Self::TransportError => "transport_error",
            Self::PingTimeout => "ping_timeout",
            Self::ParseError => "parse_error",
            Self::PayloadTooLarge => "payload_too_large",
            Self::ConnectTimeout => "connect_timeout",
            Self::SlowConsumer => "slow_consumer",
            Self::TokenExpired => "token_expired",
            Self::Revoked => "revoked",
            Self::Superseded => "superseded",
            Self::ServerShutdown => "server_shutdown",
            Self::NodeLost => "node_lost",
            Self::ServerError => "server_error",
        }
    }

    /// Whether the client should come back by itself. The public client does so when the transport
    /// closes, and does not after a DISCONNECT packet: one is sent only for a reason that says `false`.
    pub fn may_return(self) -> bool {
        !matches!(self, Self::TokenExpired | Self::Revoked | Self::Superseded)
    }

    /// Whether the client is told, in a poll or in the bytes that still wait, before the transport goes.
    /// Not where it broke the rules, does not read, or is gone.
    pub(crate) fn is_orderly(self) -> bool {
        matches!(
            self,
            Self::ConnectTimeout
                | Self::TokenExpired
                | Self::Revoked
                | Self::Superseded
                | Self::ServerShutdown
                | Self::NodeLost
                | Self::ServerError
        )
    }

    /// The status code of the websocket's close frame (RFC 6455, section 7.4.1).
    pub(crate) fn websocket_code(self) -> u16 {
        match self {
            Self::TransportError | Self::ParseError => 1002,
            Self::PayloadTooLarge => 1009,
            Self::ServerShutdown | Self::NodeLost => 1001,
            Self::ServerError => 1011,
            Self::TokenExpired | Self::Revoked | Self::SlowConsumer => 1008,
            _ => 1000,
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
