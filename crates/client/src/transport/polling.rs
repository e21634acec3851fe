//! HTTP long-polling: one GET waits for packets while POSTs carry ours, each on a connection of its own.

use std::collections::VecDeque;
use std::fmt;

use ::http::header::CONTENT_TYPE;
use ::http::{HeaderValue, Method};
use atalaya_protocol::engine::{Open, payload};
use bytes::Bytes;
use http_body_util::Full;
use tokio_util::task::AbortOnDropHandle;

use super::{Incoming, Outgoing, Route, decode_open};
use crate::TransportError;
use crate::http::{Connection, HttpError, Response};

/// A server that sends more than this at once is broken, or not one of ours.
const LIMITS: payload::Limits = payload::Limits {
    max_records: 100_000,
    max_bytes: 16 << 20,
};

/// A task, so that the GET is on its way whether or not somebody waits for its answer.
type Poll = AbortOnDropHandle<(Connection, Result<Response, HttpError>)>;

/// A GET in flight owns its connection, and gives it back with the answer.
enum Get {
    Idle(Connection),
    Waiting(Poll),
    /// Only while one of the others is being made of the other.
    Moved,
}

pub(crate) struct Polling {
    route: Route,
    sid: String,
    max_payload: usize,
    get: Get,
    post: Connection,
    inbox: VecDeque<Incoming>,
}

impl Polling {
    /// The first GET has no session id and brings the handshake.
    pub(super) async fn open(route: Route) -> Result<(Self, Open), TransportError> {
        let mut get = Connection::new(route.endpoint.clone());
        let request =
            route.request(Method::GET, &route.target("polling", None), Full::default())?;
        let mut records = into_records(&get.send(request).await?)?;
        let open = match records.pop_front() {
            Some(Incoming::Text(text)) => decode_open(&text)?,
            _ => return Err(TransportError::Unexpected("a binary message")),
        };
        let polling = Self {
            post: Connection::new(route.endpoint.clone()),
            route,
            sid: open.sid.clone(),
            max_payload: open.max_payload,
            get: Get::Idle(get),
            inbox: records,
        };
        Ok((polling, open))
    }

    pub(super) fn route(&self) -> &Route {
        &self.route
    }

    pub(super) fn sid(&self) -> &str {
        &self.sid
    }

    pub(super) async fn read(&mut self) -> Result<Incoming, TransportError> {
        loop {
            if let Some(incoming) = self.inbox.pop_front() {
                return Ok(incoming);
            }
            self.start_poll();
            self.finish_poll().await?;
        }
    }

    pub(super) async fn write(&mut self, messages: Vec<Outgoing>) -> Result<(), TransportError> {
        let mut writer = payload::Writer::new(self.max_payload);
        for message in messages {
            if !push(&mut writer, &message) {
                let full = std::mem::replace(&mut writer, payload::Writer::new(self.max_payload));
                self.post(full.finish()).await?;
                push(&mut writer, &message);
            }
        }
        match writer.is_empty() {
            true => Ok(()),
            false => self.post(writer.finish()).await,
        }
    }

    /// Have a GET in flight.
    pub(super) fn start_poll(&mut self) {
        self.get = match std::mem::replace(&mut self.get, Get::Moved) {
            Get::Idle(mut connection) => {
                let request = self
                    .route
                    .request(Method::GET, &self.target(), Full::default());
                Get::Waiting(AbortOnDropHandle::new(tokio::spawn(async move {
                    let answer = match request {
                        Ok(request) => connection.send(request).await,
                        Err(_) => Err(HttpError::InvalidUrl("with the engine session id".into())),
                    };
                    (connection, answer)
                })))
            }
            other => other,
        };
    }

    /// Wait for the GET in flight and return everything not read yet.
    pub(super) async fn finish(mut self) -> Result<VecDeque<Incoming>, TransportError> {
        self.finish_poll().await?;
        Ok(self.inbox)
    }

    async fn finish_poll(&mut self) -> Result<(), TransportError> {
        let Get::Waiting(poll) = &mut self.get else {
            return Ok(());
        };
        // It neither panics nor is it aborted while somebody holds it, unless the runtime ends.
        let (connection, answer) = poll.await.map_err(|_| TransportError::Closed)?;
        self.get = Get::Idle(connection);
        self.inbox.extend(into_records(&answer?)?);
        Ok(())
    }

    async fn post(&mut self, body: String) -> Result<(), TransportError> {
        let mut request =
            self.route
                .request(Method::POST, &self.target(), Full::new(Bytes::from(body)))?;
        request.headers_mut().insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain;charset=UTF-8"),
        );
        let answer = self.post.send(request).await?;
        check_status(&answer)
    }

    fn target(&self) -> String {
        self.route.target("polling", Some(&self.sid))
    }
}

impl fmt::Debug for Polling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Polling").finish_non_exhaustive()
    }
}

fn push(writer: &mut payload::Writer, message: &Outgoing) -> bool {
    match message {
        Outgoing::Text(text) => writer.push_text(text),
        Outgoing::Binary(bytes) => writer.push_binary(bytes),
    }
}

fn check_status(answer: &Response) -> Result<(), TransportError> {
    match answer.status.is_success() {
        true => Ok(()),
        false => Err(TransportError::Status {
            status: answer.status.as_u16(),
            body: answer.text().into_owned(),
        }),
    }
}

fn into_records(answer: &Response) -> Result<VecDeque<Incoming>, TransportError> {
    check_status(answer)?;
    let body = std::str::from_utf8(&answer.body)
        .map_err(|_| TransportError::Unexpected("a body that is not UTF-8"))?;
    let records = payload::decode(body, LIMITS)?;
    Ok(records
        .into_iter()
        .map(|record| match record {
            payload::Record::Text(text) => Incoming::Text(text.into()),
            payload::Record::Binary(bytes) => Incoming::Binary(bytes.into()),
        })
        .collect())
}
