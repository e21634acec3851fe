//! The short way in, for a websocket that is the first thing on its connection: what almost every client of a
//! connect storm sends. The head of the request is looked at before HTTP is served on the stream, and answered
//! together with the open packet in one write, without a server of HTTP in between.
//!
//! Only what is certain goes this way: a whole, correct handshake for a new session. Everything else (a head
//! that came in pieces, a session that moves from polling, a request with a fault) is served by hyper, which
//! finds the stream untouched and comes to the same end in `routes`.

use std::{net::SocketAddr, sync::Arc};

use atalaya_protocol::engine::REVISION;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use tokio::net::TcpStream;

use super::{
    Engine, FAREWELL_LIMIT, Handler, ResponseBody,
    cors::Cors,
    outbound::Outbound,
    packet::Packet,
    routes::Query,
    session::Session,
    task::Task,
    websocket::{self, Websocket},
};
use crate::{CloseReason, Handshake, Transport};

/// Browsers send some fifteen headers, proxies add a handful.
const MAX_HEADERS: usize = 48;

/// A handshake that was recognised.
pub struct Opening {
    handshake: Handshake,
    /// The answer, status line and headers.
    answer: Vec<u8>,
    /// How many bytes of the stream the request takes.
    pub(crate) head_bytes: usize,
}

/// Who recognises handshakes. One engine, without its type.
pub trait Door: Send + Sync + 'static {
    /// Looks at the first bytes of a connection.
    fn recognise(&self, first_bytes: &[u8], peer: SocketAddr) -> Option<Opening>;

    /// Opens the session, on a stream from which the request has been taken.
    fn enter(self: Arc<Self>, opening: Opening, stream: TcpStream);
}

impl<H: Handler> Door for Engine<H> {
    fn recognise(&self, first_bytes: &[u8], peer: SocketAddr) -> Option<Opening> {
        let mut parsed = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut parsed);
        let Ok(httparse::Status::Complete(head_bytes)) = request.parse(first_bytes) else {
            return None;
        };
        if request.method != Some("GET") || request.version != Some(1) {
            return None;
        }
        let (path, query) = request.path?.split_once('?')?;
        let query = Query::parse(query);
        let is_ours = self.matches(path)
            && query.revision == REVISION
            && query.transport == Some(Transport::Websocket)
            && query.session.is_none();
        if !is_ours || self.registry.has_room().is_err() {
            return None;
        }
        let headers = owned(request.headers)?;
        let mut response = websocket::accept(&http::Method::GET, &headers)?;
        Cors::new(&self.config.allowed_origins, &headers).apply(&mut response);
        Some(Opening {
            handshake: self.handshake(&headers, peer, Transport::Websocket),
            answer: written_out(&response),
            head_bytes,
        })
    }

    fn enter(self: Arc<Self>, opening: Opening, stream: TcpStream) {
        let websocket = Websocket::new(stream, &[], self.config.max_payload);
        self.begin(opening.handshake, websocket, opening.answer);
    }
}

/// `None` where a body follows: that is no handshake, and hyper says so.
fn owned(parsed: &[httparse::Header<'_>]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(parsed.len());
    for header in parsed {
        let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
        let value = HeaderValue::from_bytes(header.value).ok()?;
        headers.append(name, value);
    }
    let has_body = headers.contains_key(header::TRANSFER_ENCODING)
        || headers
            .get(header::CONTENT_LENGTH)
            .is_some_and(|length| length != "0");
    (!has_body).then_some(headers)
}

fn written_out(response: &Response<ResponseBody>) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    out.extend_from_slice(b"HTTP/1.1 101 Switching Protocols\r\n");
    for (name, value) in response.headers() {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    out
}

impl<H: Handler> Engine<H> {
    /// Opens the session of a websocket: `before` goes out in one write with the open packet.
    pub(super) fn begin(
        self: &Arc<Self>,
        handshake: Handshake,
        websocket: Websocket,
        before: Vec<u8>,
    ) {
        let config = &self.config;
        let outbound = Outbound::websocket(Arc::clone(websocket.stream()));
        let session = Session::new(handshake, outbound, config.into(), config.max_payload);
        let engine = Arc::clone(self);
        if engine.registry.insert(&session).is_err() {
            // Room was left when it was asked for, and is gone.
            session.outbound().abandon();
            let farewell = CloseReason::ServerShutdown;
            tokio::spawn(websocket.refuse(before, farewell, FAREWELL_LIMIT));
            return;
        }
        let open = engine.open_packet(&session, &[]);
        let _ = session.send(&[Packet::text(|out| out.push_str(&open)).behind(before)]);
        tokio::spawn(Task::new(engine, session, Some(websocket)).run());
    }
}
