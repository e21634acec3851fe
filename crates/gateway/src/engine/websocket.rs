//! A WebSocket over the bare TCP stream: the handshake's answer, reading, and the way out of hyper.
//!
//! The stream is taken out of hyper's hands, which frees its buffers. Reads go through one buffer for each
//! thread, so that a connection that is silent holds none.

use std::{cell::RefCell, io, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use rustix::net::RecvFlags;
use tokio::{
    io::{AsyncWriteExt, Interest},
    net::TcpStream,
    task::coop::consume_budget,
    time::timeout,
};
use tungstenite::handshake::derive_accept_key;

use super::{
    ResponseBody,
    inbound::{FrameError, Inbound, Item},
    packet::Packet,
};
use crate::CloseReason;

const READ_AT_ONCE_BYTES: usize = 16 * 1024;

thread_local! {
    static READ_BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_AT_ONCE_BYTES]);
}

/// Why nothing more can be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    #[error("the client is gone")]
    Gone,
    #[error(transparent)]
    Broken(#[from] FrameError),
}

impl From<Lost> for CloseReason {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Gone => Self::TransportClose,
            Lost::Broken(error) => error.into(),
        }
    }
}

/// The reading side of a client's websocket.
#[derive(Debug)]
pub(super) struct Websocket {
    stream: Arc<TcpStream>,
    inbound: Inbound,
}

impl Websocket {
    pub(super) fn new(stream: TcpStream, already_read: &[u8], max_payload: usize) -> Self {
        let mut inbound = Inbound::new(max_payload);
        inbound.push(already_read);
        Self {
            stream: Arc::new(stream),
            inbound,
        }
    }

    pub(super) fn stream(&self) -> &Arc<TcpStream> {
        &self.stream
    }

    /// Sets how long a message may be from the next frame on.
    pub(super) fn limit(&mut self, max_payload: usize) {
        self.inbound.limit(max_payload);
    }

    /// The next message or control frame. Nothing is lost when this future is dropped.
    pub(super) async fn receive(&mut self) -> Result<Item, Lost> {
        loop {
            // A client that never stops sending has bytes ready at every turn: others must have theirs.
            consume_budget().await;
            if let Some(item) = self.inbound.next()? {
                return Ok(item);
            }
            self.stream.readable().await.map_err(|_| Lost::Gone)?;
            self.read()?;
        }
    }

    /// A read that does not fill the buffer is the last until the runtime hears of more: it is told so, which
    /// spares the read that would find nothing.
    fn read(&mut self) -> Result<(), Lost> {
        READ_BUFFER.with_borrow_mut(|buffer| {
            let mut received = None;
            let ready = self.stream.try_io(Interest::READABLE, || {
                let flags = RecvFlags::DONTWAIT;
                let (read, _) = rustix::net::recv(&*self.stream, &mut buffer[..], flags)?;
                received = Some(read);
                match read < READ_AT_ONCE_BYTES {
                    true => Err(io::ErrorKind::WouldBlock.into()),
                    false => Ok(()),
                }
            });
            match (received, ready) {
                (Some(0), _) => Err(Lost::Gone),
                (Some(read), _) => {
                    self.inbound.push(&buffer[..read]);
                    Ok(())
                }
                (None, Err(error)) if error.kind() != io::ErrorKind::WouldBlock => Err(Lost::Gone),
                (None, _) => Ok(()),
            }
        })
    }

    /// Writes one packet, waiting for room. For the time when nothing else writes.
    pub(super) async fn write(&self, packet: &Packet) -> Result<(), Lost> {
        let mut rest = &packet.frame()[..];
        while !rest.is_empty() {
            self.stream.writable().await.map_err(|_| Lost::Gone)?;
            match self.stream.try_write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Err(Lost::Gone),
            }
        }
        Ok(())
    }

    /// Says goodbye on a websocket that never became a session's.
    /// `before` goes out before it.
    pub(super) async fn refuse(self, before: Vec<u8>, reason: CloseReason, limit: Duration) {
        let farewell = Packet::websocket_close(reason.websocket_code()).behind(before);
        let _ = timeout(limit, async {
            if self.write(&farewell).await.is_ok() {
                self.hang_up().await;
            }
        })
        .await;
    }

    /// Drops the connection and what the kernel still holds for it: nobody reads it.
    pub(super) fn cut(self) {
        // If it fails, the kernel goes on trying for a while.
        let _ = self.stream.set_zero_linger();
    }

    /// Ends our side, then waits for the client's: a stream that is closed while unread bytes wait is
    /// reset, and the client would lose what it was told last.
    pub(super) async fn hang_up(self) {
        let Some(mut stream) = Arc::into_inner(self.stream) else {
            return;
        };
        if stream.shutdown().await.is_err() {
            return;
        }
        loop {
            consume_budget().await;
            if stream.readable().await.is_err() {
                return;
            }
            let read = READ_BUFFER.with_borrow_mut(|buffer| stream.try_read(buffer));
            match read {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    }
}

/// The answer to a websocket's handshake (RFC 6455, section 4.2), if it is one.
pub(super) fn accept(method: &Method, headers: &HeaderMap) -> Option<Response<ResponseBody>> {
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?;
    let is_version_13 = headers
        .get(header::SEC_WEBSOCKET_VERSION)
        .is_some_and(|version| version == "13");
    if method != Method::GET || !is_version_13 || !is_upgrade(headers) {
        return None;
    }
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()?;
    let mut response = Response::new(ResponseBody::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Some(response)
}

/// Whether a request asks for a websocket.
pub(super) fn is_upgrade(headers: &HeaderMap) -> bool {
    let has = |name, token: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|value| value.trim().eq_ignore_ascii_case(token))
    };
    has(header::CONNECTION, "upgrade") && has(header::UPGRADE, "websocket")
}

/// Waits for hyper to let go of the stream. `None`: the client went away, or the server is not built on
/// bare TCP streams.
pub(super) async fn take_over(
    upgrade: OnUpgrade,
    max_payload: usize,
    limit: Duration,
) -> Option<Websocket> {
    let upgraded: Upgraded = timeout(limit, upgrade).await.ok()?.ok()?;
    match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => {
            let stream = parts.io.into_inner();
            Some(Websocket::new(stream, &parts.read_buf, max_payload))
        }
        Err(_) => {
            tracing::error!(
                "a websocket that is no bare TCP stream was refused: serve it with serve::accept_loop"
            );
            None
        }
    }
}
