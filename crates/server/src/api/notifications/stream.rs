//! `GET /api/notifications/stream`: what a socket would hear, as Server-Sent Events (WHATWG HTML, 9.2), for scripts and
//! for networks that let nothing else through.
//!
//! Behind it stands a client of the gateway like any other: a row of the ledger before the first byte, the same
//! catch-up and live stream, the same bounds, and the same end when its token expires or the server stops.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use atalaya_gateway::{Gateway, NotOpened, Said, Stream};
use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{ConnectInfo, State},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use http::{HeaderMap, HeaderName, header};
use serde_json::{Value, json, value::RawValue};
use utoipa::{IntoParams, IntoResponses};

use crate::{
    App,
    api::{
        extract::bearer,
        openapi::NeedsToken,
        problem::{Code, FieldError, Problem, ProblemBody},
        query::{FromParams, Params, Query},
    },
    sockets::Sockets,
};

/// What a client waits before it comes back by itself, in milliseconds.
const RETRY: &str = "retry: 2000\n\n";

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// From where on.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamFrom {
    /// As the header `Last-Event-ID`, for the first request of a client that cannot set it.
    #[param(required = false, example = 1042)]
    last_event_id: Option<i64>,
}

impl FromParams for StreamFrom {
    fn from_params(params: &mut Params) -> Option<Self> {
        Some(Self {
            last_event_id: params.parsed("last_event_id", "the id of a notification"),
        })
    }
}

#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes the answers of the route")]
pub(crate) enum StreamErrors {
    /// `invalid_parameter`: the id to go on after is none.
    #[response(status = 400, content_type = "application/problem+json")]
    BadPosition(ProblemBody),
    /// `origin_denied`: pages of this origin may not.
    #[response(status = 403, content_type = "application/problem+json")]
    OriginDenied(ProblemBody),
    /// `too_many_sessions`: the user has as many connections as one may.
    #[response(status = 429, content_type = "application/problem+json")]
    TooManySessions(ProblemBody),
    /// `ledger_unavailable` or `server_stopping`: the same request may succeed later.
    #[response(status = 503, content_type = "application/problem+json")]
    NotNow(ProblemBody),
}

/// Follow my notifications
///
/// Server-Sent Events: `notification` (or the name that the publisher gave), `inbox`, `sync` and the others, with the
/// same JSON as over the socket. A notification has its id, and a request with `Last-Event-ID` gets what came after that one;
/// without it, what is unread. `curl -N` shows it; `EventSource` cannot send the token, libraries that stand in for it can.
#[utoipa::path(
    get,
    path = "/notifications/stream",
    tag = "notifications",
    operation_id = "streamNotifications",
    params(
        ("Last-Event-ID" = Option<i64>, Header, description = "The last notification that the client has"),
        StreamFrom,
    ),
    responses(
        (status = 200, description = "Events, until either side ends it", content_type = "text/event-stream", body = String),
        StreamErrors, NeedsToken,
    ),
)]
pub(crate) async fn follow(
    State(app): State<Arc<App>>,
    Extension(gateway): Extension<Arc<Gateway<Sockets>>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Query(from): Query<StreamFrom>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut auth = json!({"token": bearer(&headers)?});
    if let Some(after) = last_event_id(&headers)?.or(from.last_event_id) {
        auth["cursor"] = after.into();
    }
    let namespace = &app.config.namespace;
    let opened = gateway.open_stream(&headers, peer, namespace, &auth);
    let mut stream = opened.map_err(not_opened)?;
    admitted(&mut stream).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // Nginx would keep the events until there are many.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(events(stream))).into_response())
}

/// What comes first is whether it may stay.
async fn admitted(stream: &mut Stream) -> Result<(), Problem> {
    match stream.next().await {
        Some(Said::Connected) => Ok(()),
        Some(Said::Refused { code, message }) => Err(refused(&code, message)),
        _ => Err(not_opened(NotOpened::Draining)),
    }
}

fn refused(code: &str, message: String) -> Problem {
    let code = match code {
        "token_missing" => Code::TokenMissing,
        "token_invalid" => Code::TokenInvalid,
        "token_expired" => Code::TokenExpired,
        "token_revoked" => Code::TokenRevoked,
        "too_many_sessions" => Code::TooManySessions,
        "origin_denied" => Code::OriginDenied,
        _ => Code::LedgerUnavailable,
    };
    Problem::new(code, message)
}

fn not_opened(why: NotOpened) -> Problem {
    match why {
        NotOpened::Full => Problem::new(Code::Busy, why.to_string()).retry_after(1),
        NotOpened::Draining => Problem::new(Code::ServerStopping, why.to_string()).retry_after(1),
    }
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        let errors = [FieldError {
            field: "Last-Event-ID".to_owned(),
            message: "must be the id of a notification".to_owned(),
        }];
        Problem::fields(Code::InvalidParameter, &errors)
    })
}

fn events(stream: Stream) -> impl stream::Stream<Item = Result<Bytes, Infallible>> {
    let first = stream::once(async { Ok(Bytes::from_static(RETRY.as_bytes())) });
    let rest = stream::unfold(stream, async |mut stream| {
        loop {
            let text = match stream.next().await? {
                Said::Event(name, arguments) => event(&name, &arguments),
                // So that no proxy takes it for dead.
                Said::Ping => ": ping\n\n".to_owned(),
                Said::Connected | Said::Refused { .. } => continue,
            };
            return Some((Ok(Bytes::from(text)), stream));
        }
    });
    stream::StreamExt::chain(first, rest)
}

/// An event's name has no line's end in it. What a publisher attached may have some, but only between the values, where a
/// space is as good. The second argument is the offset of a notification.
fn event(name: &str, arguments: &[Box<RawValue>]) -> String {
    let data = arguments.first().map_or("null", |it| it.get());
    let data = data.replace(['\r', '\n'], " ");
    let offset = arguments
        .get(1)
        .and_then(|it| serde_json::from_str(it.get()).ok());
    let id = match offset {
        Some(Value::String(offset)) => format!("id: {offset}\n"),
        _ => String::new(),
    };
    format!("{id}event: {name}\ndata: {data}\n\n")
}
