//! How a connection was opened, kept as long as the connection: owned and small, so that nothing of the
//! request's own buffers stays alive with it.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

use crate::{Origins, proxy};

/// The longest header value that is kept, in bytes: what browsers send is a tenth of it.
const MAX_KEPT_BYTES: usize = 512;

/// What a connection runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    Polling,
    Websocket,
    /// None of the protocol's: a client in this process ([`crate::Stream`]), for Server-Sent Events.
    Stream,
}

impl Transport {
    /// The name in the protocol, the ledger and the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::Websocket => "websocket",
            Self::Stream => "sse",
        }
    }
}

/// The first request of a connection.
#[derive(Clone, Debug)]
pub struct Handshake {
    /// The client's address; behind a trusted proxy, the one that the proxy says.
    pub remote_addr: IpAddr,
    pub user_agent: Option<Box<str>>,
    pub origin: Option<Box<str>>,
    pub host: Option<Box<str>>,
    /// What the connection began with.
    pub transport: Transport,
    /// Whether the client spoke TLS to the proxy in front.
    pub secure: bool,
    /// Whether the page that opened the connection may: judged once, answered at CONNECT.
    pub(crate) origin_allowed: bool,
}

impl Handshake {
    pub(crate) fn new(
        headers: &HeaderMap,
        peer: SocketAddr,
        transport: Transport,
        trusted_proxies: &[IpNet],
        origins: &Origins,
    ) -> Self {
        let seen = proxy::resolve(headers, peer.ip(), trusted_proxies);
        Self {
            remote_addr: seen.remote_addr,
            user_agent: kept(headers, &header::USER_AGENT),
            origin: kept(headers, &header::ORIGIN),
            host: kept(headers, &header::HOST),
            transport,
            secure: seen.secure,
            origin_allowed: origins.allow(headers),
        }
    }
}

/// A copy of a header's value, cut to what is worth keeping.
fn kept(headers: &HeaderMap, name: &HeaderName) -> Option<Box<str>> {
    let value = String::from_utf8_lossy(headers.get(name)?.as_bytes());
    let end = value.floor_char_boundary(MAX_KEPT_BYTES);
    Some(value[..end].into())
}
