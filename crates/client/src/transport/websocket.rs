//! A WebSocket over a non-blocking TCP stream: tungstenite holds the protocol and its buffers, tokio says
//! when the stream is ready. No task and no channel of its own, so that one process can hold many thousands.

use std::collections::VecDeque;
use std::io::{self, Read, Write};

use ::http::header::{CONNECTION, HOST, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use ::http::{HeaderValue, Method, Request};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tungstenite::handshake::client::generate_key;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{HandshakeError, Message};

use super::{Incoming, Outgoing, Route};
use crate::TransportError;

/// Held for each connection for its whole life; a notification fits.
const READ_BUFFER_BYTES: usize = 2 * 1024;

#[derive(Debug)]
pub(crate) struct WebSocket {
    inner: tungstenite::WebSocket<Stream>,
    /// What came over polling before the upgrade, to be read first.
    pub(super) backlog: VecDeque<Incoming>,
}

impl WebSocket {
    /// Open a connection; with an engine session id, a second transport for that session.
    pub(super) async fn connect(route: &Route, sid: Option<&str>) -> Result<Self, TransportError> {
        let request = upgrade_request(route, sid)?;
        let stream = Stream {
            tcp: route.endpoint.connect().await?,
            blocked_on: Interest::READABLE,
        };
        // Nothing is held back: what is written goes out at once.
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0);
        let mut attempt = tungstenite::client::client_with_config(request, stream, Some(config));
        loop {
            match attempt {
                Ok((inner, _)) => {
                    return Ok(Self {
                        inner,
                        backlog: VecDeque::new(),
                    });
                }
                Err(HandshakeError::Failure(error)) => return Err(into_transport_error(error)),
                Err(HandshakeError::Interrupted(half)) => {
                    half.get_ref().get_ref().ready().await?;
                    attempt = half.handshake();
                }
            }
        }
    }

    pub(super) async fn read(&mut self) -> Result<Incoming, TransportError> {
        if let Some(incoming) = self.backlog.pop_front() {
            return Ok(incoming);
        }
        loop {
            match self.inner.read() {
                Ok(Message::Text(text)) => return Ok(Incoming::Text(text)),
                Ok(Message::Binary(bytes)) => return Ok(Incoming::Binary(bytes)),
                // The answer to a close is in the buffer; the next read sends it and then finds the end.
                Ok(_) => {}
                Err(error) if would_block(&error) => self.inner.get_ref().ready().await?,
                Err(error) => return Err(into_transport_error(error)),
            }
        }
    }

    pub(super) async fn write(&mut self, messages: Vec<Outgoing>) -> Result<(), TransportError> {
        for message in messages {
            let message = match message {
                Outgoing::Text(text) => Message::text(text),
                Outgoing::Binary(bytes) => Message::binary(bytes),
            };
            match self.inner.write(message) {
                Ok(()) => {}
                // The frame is in the buffer already; what is left of it goes with the flush.
                Err(error) if would_block(&error) => {}
                Err(error) => return Err(into_transport_error(error)),
            }
        }
        self.flush().await
    }

    /// Send a close frame and do not wait for the answer.
    pub(super) async fn close(&mut self) -> Result<(), TransportError> {
        match self.inner.close(None) {
            Ok(()) => Ok(()),
            Err(error) if would_block(&error) => self.flush().await,
            Err(error) => Err(into_transport_error(error)),
        }
    }

    async fn flush(&mut self) -> Result<(), TransportError> {
        loop {
            match self.inner.flush() {
                Ok(()) => return Ok(()),
                Err(error) if would_block(&error) => self.inner.get_ref().ready().await?,
                Err(error) => return Err(into_transport_error(error)),
            }
        }
    }
}

/// The stream as tungstenite wants it, which remembers what it last had to wait for.
#[derive(Debug)]
struct Stream {
    tcp: TcpStream,
    blocked_on: Interest,
}

impl Stream {
    async fn ready(&self) -> Result<(), TransportError> {
        let ready = self.tcp.ready(self.blocked_on).await;
        ready
            .map(drop)
            .map_err(|error| into_transport_error(error.into()))
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.blocked_on = Interest::READABLE;
        self.tcp.try_read(buffer)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.blocked_on = Interest::WRITABLE;
        self.tcp.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn upgrade_request(route: &Route, sid: Option<&str>) -> Result<Request<()>, TransportError> {
    let authority = &route.endpoint.authority;
    // tungstenite asks for the scheme and the authority, and sends neither.
    let url = format!("ws://{authority}{}", route.target("websocket", sid));
    let mut request = route.request(Method::GET, &url, ())?;
    let host = HeaderValue::try_from(authority)
        .map_err(|_| TransportError::InvalidUrl(authority.clone()))?;
    let key = HeaderValue::try_from(generate_key()).expect("base64 is a header value");
    let headers = request.headers_mut();
    headers.insert(HOST, host);
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    headers.insert(SEC_WEBSOCKET_KEY, key);
    Ok(request)
}

fn would_block(error: &tungstenite::Error) -> bool {
    matches!(error, tungstenite::Error::Io(error) if error.kind() == io::ErrorKind::WouldBlock)
}

fn into_transport_error(error: tungstenite::Error) -> TransportError {
    use tungstenite::Error as E;
    match error {
        E::ConnectionClosed | E::AlreadyClosed => TransportError::Closed,
        E::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake) => {
            TransportError::Closed
        }
        E::Io(error) if error.kind() == io::ErrorKind::ConnectionReset => TransportError::Closed,
        E::Http(response) => TransportError::Status {
            status: response.status().as_u16(),
            body: String::from_utf8_lossy(response.body().as_deref().unwrap_or_default())
                .into_owned(),
        },
        other => TransportError::WebSocket(Box::new(other)),
    }
}
