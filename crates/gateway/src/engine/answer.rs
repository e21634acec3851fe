//! Every answer of the engine, as the public server words it.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use super::ResponseBody;

/// Why a request is refused, with the public server's code and words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    UnknownTransport,
    UnknownSession,
    BadMethod,
    BadRequest,
    UnsupportedProtocol,
}

impl Problem {
    fn code(self) -> u8 {
        match self {
            Self::UnknownTransport => 0,
            Self::UnknownSession => 1,
            Self::BadMethod => 2,
            Self::BadRequest => 3,
            Self::UnsupportedProtocol => 5,
        }
    }

    pub(super) fn message(self) -> &'static str {
        match self {
            Self::UnknownTransport => "Transport unknown",
            Self::UnknownSession => "Session ID unknown",
            Self::BadMethod => "Bad handshake method",
            Self::BadRequest => "Bad request",
            Self::UnsupportedProtocol => "Unsupported protocol version",
        }
    }
}

/// 400 and what is wrong.
pub(super) fn problem(problem: Problem) -> Response<ResponseBody> {
    let body = format!(
        r#"{{"code":{},"message":"{}"}}"#,
        problem.code(),
        problem.message()
    );
    answer(StatusCode::BAD_REQUEST, "application/json", body)
}

/// 503: another time, or another server. The public client tries again by itself.
pub(super) fn unavailable(message: &'static str) -> Response<ResponseBody> {
    let body = format!(
        r#"{{"code":{},"message":"{message}"}}"#,
        Problem::BadRequest.code()
    );
    let mut response = answer(StatusCode::SERVICE_UNAVAILABLE, "application/json", body);
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// 413: the body of a POST is over the limit.
pub(super) fn too_large() -> Response<ResponseBody> {
    answer(
        StatusCode::PAYLOAD_TOO_LARGE,
        "text/plain; charset=UTF-8",
        "",
    )
}

/// What a poll gets.
pub(super) fn payload(body: String) -> Response<ResponseBody> {
    answer(StatusCode::OK, "text/plain; charset=UTF-8", body)
}

/// A POST was taken. As HTML, like the public server: some browsers offer plain text as a download.
pub(super) fn taken() -> Response<ResponseBody> {
    answer(StatusCode::OK, "text/html", "ok")
}

pub(super) fn no_content() -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

fn answer(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
