//! From a request to what it is for, in the public server's order: the transport is known, the session is
//! known or may be opened, and only then anything is done.

use std::{net::SocketAddr, sync::Arc};

use atalaya_protocol::engine::{Open, REVISION};
use http::{HeaderMap, Method, Request, Response};
use hyper::body::Incoming;

use super::{
    Engine, Handler, ResponseBody,
    answer::{self, Problem},
    cors::Cors,
    id::Id,
    outbound::Outbound,
    polling,
    registry::NoRoom,
    session::Session,
    task::Task,
    upgrade,
    websocket::{self, take_over},
};
use crate::{Handshake, Transport};

/// What the query says.
#[derive(Default)]
pub(super) struct Query<'a> {
    pub(super) revision: &'a str,
    pub(super) transport: Option<Transport>,
    pub(super) session: Option<&'a str>,
}

impl<'a> Query<'a> {
    /// Values are compared as they come: none that we know has anything to escape.
    pub(super) fn parse(query: &'a str) -> Self {
        let mut parsed = Self::default();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match (name, value) {
                ("EIO", revision) => parsed.revision = revision,
                ("transport", "polling") => parsed.transport = Some(Transport::Polling),
                ("transport", "websocket") => parsed.transport = Some(Transport::Websocket),
                ("transport", _) => parsed.transport = None,
                ("sid", session) if !session.is_empty() => parsed.session = Some(session),
                _ => {}
            }
        }
        parsed
    }
}

impl<H: Handler> Engine<H> {
    /// Answers a request for this path; a poll, when there is something to say.
    pub async fn handle(
        self: &Arc<Self>,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Response<ResponseBody> {
        let cors = Cors::new(&self.config.allowed_origins, request.headers());
        if request.method() == Method::OPTIONS {
            return cors.preflight();
        }
        let mut response = self
            .route(request, peer)
            .await
            .unwrap_or_else(answer::problem);
        cors.apply(&mut response);
        response
    }

    async fn route(
        self: &Arc<Self>,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Result<Response<ResponseBody>, Problem> {
        let uri = request.uri().clone();
        let query = Query::parse(uri.query().unwrap_or_default());
        let transport = query.transport.ok_or(Problem::UnknownTransport)?;
        match query.session {
            Some(id) => self.continue_session(id, transport, request).await,
            None => self.open(query.revision, transport, request, peer),
        }
    }

    async fn continue_session(
        &self,
        id: &str,
        transport: Transport,
        mut request: Request<Incoming>,
    ) -> Result<Response<ResponseBody>, Problem> {
        let session = Id::parse(id)
            .and_then(|id| self.registry.find(&id))
            .filter(|session| session.is_reachable())
            .ok_or(Problem::UnknownSession)?;
        let config = &self.config;
        if transport == Transport::Websocket {
            let response = websocket::accept(request.method(), request.headers())
                .ok_or(Problem::BadRequest)?;
            let upgrade = hyper::upgrade::on(&mut request);
            let limit = config.upgrade_timeout;
            tokio::spawn(upgrade::run(session, upgrade, limit));
            return Ok(response);
        }
        if session.transport() != transport {
            return Err(Problem::BadRequest);
        }
        match *request.method() {
            Method::GET => Ok(polling::poll(session, config.max_payload).await),
            Method::POST if session.closed().is_some() => Err(Problem::UnknownSession),
            Method::POST => {
                let limit = config.ping_interval + config.ping_timeout;
                Ok(polling::post(session, request, limit).await)
            }
            _ => Err(Problem::BadRequest),
        }
    }

    fn open(
        self: &Arc<Self>,
        revision: &str,
        transport: Transport,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Result<Response<ResponseBody>, Problem> {
        if request.method() != Method::GET {
            return Err(Problem::BadMethod);
        }
        let handshake = self.handshake(request.headers(), peer, transport);
        if revision != REVISION {
            let problem = Problem::UnsupportedProtocol;
            self.handler
                .refused(handshake, "unsupported_protocol", problem.message());
            return Err(problem);
        }
        if let Err(no_room) = self.registry.has_room() {
            return Ok(self.refuse(no_room, handshake));
        }
        match transport {
            Transport::Polling => Ok(self.open_polling(handshake)),
            Transport::Websocket => self.open_websocket(handshake, request),
            // Nobody on the network can ask for it.
            Transport::Stream => Err(Problem::UnknownTransport),
        }
    }

    fn refuse(&self, no_room: NoRoom, handshake: Handshake) -> Response<ResponseBody> {
        match no_room {
            NoRoom::Draining => answer::unavailable("Server is stopping"),
            NoRoom::Full => {
                let message = "Too many connections";
                self.handler
                    .refused(handshake, "too_many_connections", message);
                answer::unavailable(message)
            }
        }
    }

    fn open_polling(self: &Arc<Self>, handshake: Handshake) -> Response<ResponseBody> {
        let session = Session::new(
            handshake,
            Outbound::polling(),
            (&self.config).into(),
            self.config.max_payload,
        );
        if let Err(no_room) = self.registry.insert(&session) {
            return self.refuse(no_room, Handshake::clone(session.handshake()));
        }
        let body = self.open_packet(&session, &[Transport::Websocket]);
        tokio::spawn(Task::new(Arc::clone(self), session, None).run());
        answer::payload(body)
    }

    fn open_websocket(
        self: &Arc<Self>,
        handshake: Handshake,
        mut request: Request<Incoming>,
    ) -> Result<Response<ResponseBody>, Problem> {
        let response =
            websocket::accept(request.method(), request.headers()).ok_or(Problem::BadRequest)?;
        let upgrade = hyper::upgrade::on(&mut request);
        let engine = Arc::clone(self);
        tokio::spawn(async move {
            let config = &engine.config;
            let taken = take_over(upgrade, config.max_payload, config.upgrade_timeout).await;
            if let Some(websocket) = taken {
                engine.begin(handshake, websocket, Vec::new());
            }
        });
        Ok(response)
    }

    pub(super) fn handshake(
        &self,
        headers: &HeaderMap,
        peer: SocketAddr,
        transport: Transport,
    ) -> Handshake {
        let config = &self.config;
        Handshake::new(
            headers,
            peer,
            transport,
            &config.trusted_proxies,
            &config.allowed_origins,
        )
    }

    pub(super) fn open_packet(&self, session: &Session, upgrades: &[Transport]) -> String {
        let open = Open {
            sid: session.id().reveal(),
            upgrades: upgrades.iter().map(|it| it.as_str().to_owned()).collect(),
            ping_interval_ms: self.config.ping_interval.as_millis() as u64,
            ping_timeout_ms: self.config.ping_timeout.as_millis() as u64,
            max_payload: self.config.max_payload,
        };
        open.encode()
    }
}
