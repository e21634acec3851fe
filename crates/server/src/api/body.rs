//! The JSON body of a request, or the problem that says what is wrong with it.

use std::{error::Error, sync::Arc, time::Duration};

use atalaya_store::Timestamp;
use axum::{
    body::{Body as HttpBody, Bytes, to_bytes},
    extract::{FromRequest, Request},
};
use http::{HeaderMap, header};
use http_body_util::LengthLimitError;
use serde_json::json;
use tokio::time::timeout;

use super::{
    fields::{EXPECTED, Fields, FromFields},
    problem::{Code, Problem},
};
use crate::App;

/// The largest body: a notification with all its fields at their limits takes a sixth of it.
pub(super) const MAX_BODY_BYTES: usize = 256 * 1024;

/// How long a body may take: who announces one and never sends it must not keep the connection.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// A body read as `T`, every field of it checked.
pub(super) struct Body<T>(pub T);

impl<T: FromFields> FromRequest<Arc<App>> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        require_type(request.headers(), &["application/json"])?;
        let bytes = read(request.into_body()).await?;
        parse(&bytes, app.clock.now()).map(Self)
    }
}

/// One JSON object as `T`, or all that is wrong with it.
pub(super) fn parse<T: FromFields>(bytes: &[u8], now: Timestamp) -> Result<T, Problem> {
    let fields = Fields::parse(bytes, now).map_err(|error| not_json(&error))?;
    fields
        .read()
        .map_err(|errors| Problem::fields(Code::InvalidField, &errors))
}

/// The body must be declared as one of these.
pub(super) fn require_type(headers: &HeaderMap, accepted: &[&str]) -> Result<(), Problem> {
    let declared = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = declared.split(';').next().unwrap_or_default().trim();
    if accepted
        .iter()
        .any(|name| essence.eq_ignore_ascii_case(name))
    {
        return Ok(());
    }
    let detail = match essence {
        "" => "the request declares no content type".to_owned(),
        other => format!("the request declares its body as {other}"),
    };
    Err(Problem::new(Code::UnsupportedMediaType, detail))
}

async fn read(body: HttpBody) -> Result<Bytes, Problem> {
    let Ok(read) = timeout(PATIENCE, to_bytes(body, MAX_BODY_BYTES)).await else {
        let detail = format!("the body was not complete after {} s", PATIENCE.as_secs());
        return Err(Problem::new(Code::BodyTooSlow, detail));
    };
    read.map_err(|error| {
        if error
            .source()
            .is_some_and(|cause| cause.is::<LengthLimitError>())
        {
            let detail = format!("the body is larger than {MAX_BODY_BYTES} bytes");
            Problem::new(Code::BodyTooLarge, detail)
        } else {
            Problem::new(Code::InvalidJson, "the body ended before it was complete")
        }
    })
}

fn not_json(error: &serde_json::Error) -> Problem {
    let message = error.to_string();
    // It is JSON, so there is no place to point at.
    if error.is_data() && message.contains(EXPECTED) {
        return Problem::new(Code::InvalidJson, "the body is not a JSON object");
    }
    Problem::new(Code::InvalidJson, message)
        .with("line", json!(error.line()))
        .with("column", json!(error.column()))
}
