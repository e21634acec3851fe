//! The two transports of Engine.IO behind one pair of verbs: `read` one packet, `write` some. What the
//! packets mean, heartbeats included, is the task's business.

mod polling;
mod websocket;

use std::future::Future;
use std::time::Duration;

use atalaya_protocol::engine::{Open, Packet};
use bytes::Bytes;
use tokio::time::Instant;
use tungstenite::Utf8Bytes;

use crate::endpoint::Endpoint;
use crate::{ConnectError, Mode, Options, Step, TransportError};
use polling::Polling;
use websocket::WebSocket;

/// What an upgraded connection ends on counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportKind {
    WebSocket,
    Polling,
}

/// One thing a server sent.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// An encoded Engine.IO packet.
    Text(Utf8Bytes),
    Binary(Bytes),
}

/// One thing to send.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Text(String),
    Binary(Bytes),
}

#[derive(Debug)]
pub(crate) enum Transport {
    WebSocket(Box<WebSocket>),
    Polling(Box<Polling>),
}

impl Transport {
    /// Open the first transport of the mode and take the server's handshake.
    pub(crate) async fn open(options: &Options) -> Result<(Self, Open), TransportError> {
        let route = Route::new(options)?;
        match options.mode {
            Mode::WebSocket => {
                let mut socket = WebSocket::connect(&route, None).await?;
                let open = match socket.read().await? {
                    Incoming::Text(text) => decode_open(&text)?,
                    Incoming::Binary(_) => {
                        return Err(TransportError::Unexpected("a binary message"));
                    }
                };
                Ok((Self::WebSocket(Box::new(socket)), open))
            }
            Mode::Polling | Mode::PollingThenWebSocket => {
                let (polling, open) = Polling::open(route).await?;
                Ok((Self::Polling(Box::new(polling)), open))
            }
        }
    }

    /// Move from polling to a WebSocket; nothing that the server sent meanwhile is lost.
    pub(crate) async fn upgrade(self) -> Result<Self, TransportError> {
        match self {
            Self::WebSocket(socket) => Ok(Self::WebSocket(socket)),
            Self::Polling(mut polling) => {
                polling.start_poll();
                let mut socket = WebSocket::connect(polling.route(), Some(polling.sid())).await?;
                socket
                    .write(vec![Outgoing::Text(Packet::Ping("probe").encode())])
                    .await?;
                match socket.read().await? {
                    Incoming::Text(text) if text.as_str() == "3probe" => {}
                    _ => {
                        return Err(TransportError::Unexpected(
                            "something other than a pong to the probe",
                        ));
                    }
                }
                // The server releases the waiting poll with a noop, after which nobody polls any more.
                socket.backlog = polling.finish().await?;
                socket
                    .write(vec![Outgoing::Text(Packet::Upgrade.encode())])
                    .await?;
                Ok(Self::WebSocket(Box::new(socket)))
            }
        }
    }

    /// The next packet. Cancelling this future loses nothing.
    pub(crate) async fn read(&mut self) -> Result<Incoming, TransportError> {
        match self {
            Self::WebSocket(socket) => socket.read().await,
            Self::Polling(polling) => polling.read().await,
        }
    }

    /// Send everything; must not be cancelled half-way if the connection is to live on.
    pub(crate) async fn write(&mut self, messages: Vec<Outgoing>) -> Result<(), TransportError> {
        match self {
            Self::WebSocket(socket) => socket.write(messages).await,
            Self::Polling(polling) => polling.write(messages).await,
        }
    }

    /// Say goodbye in the manner of the transport.
    pub(crate) async fn close(&mut self) -> Result<(), TransportError> {
        match self {
            Self::WebSocket(socket) => socket.close().await,
            Self::Polling(polling) => {
                polling
                    .write(vec![Outgoing::Text(Packet::Close.encode())])
                    .await
            }
        }
    }

    pub(crate) fn kind(&self) -> TransportKind {
        match self {
            Self::WebSocket(_) => TransportKind::WebSocket,
            Self::Polling(_) => TransportKind::Polling,
        }
    }
}

/// Where the requests of one connection go and what they carry.
#[derive(Debug, Clone)]
struct Route {
    endpoint: Endpoint,
    path: String,
    headers: Vec<(::http::HeaderName, ::http::HeaderValue)>,
}

impl Route {
    fn new(options: &Options) -> Result<Self, TransportError> {
        let (endpoint, _) = Endpoint::parse(&options.url)?;
        Ok(Self {
            endpoint: endpoint.with_local(options.local_address),
            path: options.path.clone(),
            headers: options.headers.clone(),
        })
    }

    fn target(&self, transport: &str, sid: Option<&str>) -> String {
        let revision = atalaya_protocol::engine::REVISION;
        let mut target = format!("{}?EIO={revision}&transport={transport}", self.path);
        if let Some(sid) = sid {
            target.push_str("&sid=");
            target.push_str(sid);
        }
        target
    }

    /// A request of any body, with the headers of the options.
    fn request<B>(
        &self,
        method: ::http::Method,
        target: &str,
        body: B,
    ) -> Result<::http::Request<B>, TransportError> {
        let mut request = ::http::Request::builder()
            .method(method)
            .uri(target)
            .body(body)
            .map_err(|_| TransportError::InvalidUrl(target.to_owned()))?;
        request.headers_mut().extend(self.headers.iter().cloned());
        Ok(request)
    }
}

fn decode_open(text: &str) -> Result<Open, TransportError> {
    match Packet::decode(text)? {
        Packet::Open(data) => Ok(Open::decode(data)?),
        _ => Err(TransportError::Unexpected("a packet before its handshake")),
    }
}

/// Give a step of connecting what is left of the time.
pub(crate) async fn within<T, E: Into<ConnectError>>(
    deadline: Instant,
    step: Step,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, ConnectError> {
    match tokio::time::timeout_at(deadline, work).await {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err(ConnectError::Timeout(step)),
    }
}

/// How long a server may be silent before it counts as gone: it owes a ping every interval.
pub(crate) fn silence_allowed(open: &Open) -> Duration {
    Duration::from_millis(open.ping_interval_ms.saturating_add(open.ping_timeout_ms))
        .min(Duration::from_secs(24 * 60 * 60))
}
