//! HTTP long-polling of an open session: a GET waits for what the session has to say, a POST brings what
//! the client says. One of each at a time; another one beside it ends the session, as does one that is
//! broken off, since what it carried is lost.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use atalaya_protocol::{
    Error,
    engine::payload::{self, Limits, Record},
};
use http::{HeaderMap, Request, Response, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use tokio::{
    sync::oneshot,
    time::{Instant, timeout},
};

use super::{
    ResponseBody,
    answer::{self, Problem},
    outbound::{Farewell, Taken},
    session::{Posted, Session},
    task::Received,
};
use crate::{CloseReason, Transport};

/// How many packets one POST may hold. The client sends what it has as one body up to `maxPayload`, so this
/// is large; it keeps a body of separators from costing many times its size.
const MAX_RECORDS: usize = 65_536;

/// A poll: answered when there is something to say.
pub(super) async fn poll(session: Arc<Session>, max_payload: usize) -> Response<ResponseBody> {
    session.touch(Instant::now());
    let Some(mut poll) = Poll::begin(&session) else {
        if session.transport() == Transport::Polling {
            tracing::debug!(engine.session = ?session.id(), "two polls at once");
            session.end(CloseReason::TransportError);
        }
        return answer::problem(Problem::BadRequest);
    };
    let taken = session.take(max_payload).await;
    poll.is_answered = true;
    match taken {
        Taken::Body(body) => answer::payload(body),
        Taken::Wait | Taken::Ended => answer::problem(Problem::UnknownSession),
    }
}

/// A poll that waits. Dropped before its answer, the client has broken it off.
struct Poll<'a> {
    session: &'a Session,
    is_answered: bool,
}

impl<'a> Poll<'a> {
    fn begin(session: &'a Session) -> Option<Self> {
        let mut outbound = session.outbound();
        if outbound.polled || outbound.transport() != Transport::Polling {
            return None;
        }
        outbound.polled = true;
        Some(Self {
            session,
            is_answered: false,
        })
    }
}

impl Drop for Poll<'_> {
    fn drop(&mut self) {
        let moved = {
            let mut outbound = self.session.outbound();
            outbound.polled = false;
            outbound.transport() != Transport::Polling
        };
        self.session.announce(false);
        // What a poll that is broken off after the move would have carried goes over the websocket.
        if !self.is_answered && !moved {
            self.session
                .end_with(CloseReason::TransportClose, Farewell::Nothing);
        }
    }
}

/// A POST: answered `ok` when all it brought is carried out, which keeps the client from sending more.
pub(super) async fn post(
    session: Arc<Session>,
    request: Request<Incoming>,
    limit: Duration,
) -> Response<ResponseBody> {
    let Some(mut post) = Post::begin(&session) else {
        tracing::debug!(engine.session = ?session.id(), "two POSTs at once");
        session.end(CloseReason::TransportError);
        return answer::problem(Problem::BadRequest);
    };
    let read = tokio::select! {
        _ = session.ended() => return answer::problem(Problem::UnknownSession),
        read = timeout(limit, read_packets(request, session.max_payload())) => read,
    };
    post.is_read = true;
    let packets = match read.unwrap_or(Err(Unreadable::TooSlow)) {
        Ok(packets) => packets,
        Err(unreadable) => return refuse(&session, unreadable),
    };
    session.touch(Instant::now());
    match deliver(&session, packets).await {
        Ok(()) => answer::taken(),
        Err(_) => answer::problem(Problem::UnknownSession),
    }
}

/// Leaves the packets to the session's task, and waits until it has carried them out.
async fn deliver(
    session: &Session,
    packets: VecDeque<Received>,
) -> Result<(), oneshot::error::RecvError> {
    let (done, carried_out) = oneshot::channel();
    session.mailbox().posted = Some(Box::new(Posted { packets, done }));
    session.wake();
    // The task may have ended before it saw this: then nobody would ever answer.
    if session.closed().is_some() {
        session.mailbox().posted = None;
    }
    carried_out.await
}

/// A POST under way. Dropped before it is read, the client has broken it off.
struct Post<'a> {
    session: &'a Session,
    is_read: bool,
}

impl<'a> Post<'a> {
    fn begin(session: &'a Session) -> Option<Self> {
        let mut mailbox = session.mailbox();
        if mailbox.is_posting {
            return None;
        }
        mailbox.is_posting = true;
        Some(Self {
            session,
            is_read: false,
        })
    }
}

impl Drop for Post<'_> {
    fn drop(&mut self) {
        self.session.mailbox().is_posting = false;
        if !self.is_read {
            self.session
                .end_with(CloseReason::TransportClose, Farewell::Nothing);
        }
    }
}

/// Why the body of a POST is not carried out.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("the body is over the limit")]
    TooLarge,
    #[error("the body took too long")]
    TooSlow,
    #[error("the body was broken off")]
    BrokenOff,
    #[error("a body of bytes, which revision 4 does not have")]
    OctetStream,
    #[error("a body that is not UTF-8")]
    NotUtf8,
    #[error(transparent)]
    Malformed(#[from] Error),
}

fn refuse(session: &Session, unreadable: Unreadable) -> Response<ResponseBody> {
    tracing::debug!(engine.session = ?session.id(), error = %unreadable, "a POST was refused");
    let (reason, answer) = match unreadable {
        Unreadable::TooLarge => (CloseReason::PayloadTooLarge, answer::too_large()),
        Unreadable::TooSlow | Unreadable::BrokenOff => (
            CloseReason::TransportClose,
            answer::problem(Problem::BadRequest),
        ),
        Unreadable::OctetStream => (
            CloseReason::TransportError,
            answer::problem(Problem::BadRequest),
        ),
        Unreadable::NotUtf8 | Unreadable::Malformed(_) => (
            CloseReason::ParseError,
            answer::problem(Problem::BadRequest),
        ),
    };
    session.end_with(reason, Farewell::Tell);
    answer
}

async fn read_packets(
    request: Request<Incoming>,
    max_payload: usize,
) -> Result<VecDeque<Received>, Unreadable> {
    if is_octet_stream(request.headers()) {
        return Err(Unreadable::OctetStream);
    }
    if content_length(request.headers()).is_some_and(|length| length > max_payload as u64) {
        return Err(Unreadable::TooLarge);
    }
    let body = Limited::new(request.into_body(), max_payload);
    let body = body
        .collect()
        .await
        .map_err(|error| match error.is::<LengthLimitError>() {
            true => Unreadable::TooLarge,
            false => Unreadable::BrokenOff,
        })?;
    let body = body.to_bytes();
    let text = std::str::from_utf8(&body).map_err(|_| Unreadable::NotUtf8)?;
    Ok(decode(text, max_payload)?)
}

/// All packets of a body, or none.
fn decode(body: &str, max_bytes: usize) -> Result<VecDeque<Received>, Error> {
    let limits = Limits {
        max_records: MAX_RECORDS,
        max_bytes,
    };
    payload::decode(body, limits)?
        .into_iter()
        .map(|record| match record {
            Record::Text(text) => Received::decode(text.to_owned()),
            Record::Binary(bytes) => Ok(Received::binary(bytes)),
        })
        .collect()
}

fn is_octet_stream(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/octet-stream"))
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}
