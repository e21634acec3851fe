//! JSON, or lines of it, over HTTP/1, for the few requests that a test, a measurement or the command line makes.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use ::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use ::http::response::Parts;
use ::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;

use crate::endpoint::Endpoint;

/// Longer than any answer of a healthy server takes, publishing to everybody included.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The longest answer read, in bytes.
const MAX_BODY: usize = 16 << 20;

/// Why there is no answer. An answer with an error status is an answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("{0:?} is not an http:// URL")]
    InvalidUrl(String),
    #[error("the access token is no header value")]
    InvalidToken,
    #[error("cannot connect to {address}")]
    Unreachable { address: String, source: io::Error },
    #[error("the exchange with the server broke off")]
    Exchange(#[source] hyper::Error),
    #[error("an answer of more than {MAX_BODY} bytes")]
    TooLong,
    #[error("the answer is not the JSON expected")]
    InvalidJson(#[source] serde_json::Error),
    #[error("no answer within {0:?}")]
    Timeout(Duration),
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Response {
    /// # Errors
    /// [`HttpError::InvalidJson`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, HttpError> {
        serde_json::from_slice(&self.body).map_err(HttpError::InvalidJson)
    }

    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

/// One request on a connection of its own, with a bearer token and a JSON body if given.
///
/// # Errors
/// When no whole answer came within 30 seconds.
pub async fn request(
    method: Method,
    url: &str,
    bearer: Option<&str>,
    json: Option<&serde_json::Value>,
) -> Result<Response, HttpError> {
    let body = json.map(|json| ("application/json", json.to_string().into()));
    let (endpoint, request) = prepare(method, url, bearer, body)?;
    in_time(Connection::new(endpoint).send(request)).await
}

/// Posts lines of JSON, and hands on each line of the answer as it comes. An answer with an error status is returned
/// whole; of one that succeeds, the head only.
///
/// # Errors
/// When nothing came for 30 seconds. What was handed on until then holds.
pub async fn post_lines(
    url: &str,
    bearer: Option<&str>,
    lines: impl Into<Bytes>,
    mut on_line: impl FnMut(&[u8]),
) -> Result<Response, HttpError> {
    let body = Some(("application/x-ndjson", lines.into()));
    let (endpoint, request) = prepare(Method::POST, url, bearer, body)?;
    let mut connection = Connection::new(endpoint);
    let (head, mut body) = in_time(connection.begin(request)).await?.into_parts();
    if !head.status.is_success() {
        return in_time(whole(head, body)).await;
    }
    let mut rest = BytesMut::new();
    while let Some(frame) = in_time(async { Ok(body.frame().await) }).await? {
        let Ok(data) = frame.map_err(HttpError::Exchange)?.into_data() else {
            continue;
        };
        rest.extend_from_slice(&data);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            on_line(&rest.split_to(end + 1)[..end]);
        }
        if rest.len() > MAX_BODY {
            return Err(HttpError::TooLong);
        }
    }
    Ok(Response {
        status: head.status,
        headers: head.headers,
        body: Bytes::new(),
    })
}

/// Where a request goes, and the request without its `Host`.
fn prepare(
    method: Method,
    url: &str,
    bearer: Option<&str>,
    body: Option<(&'static str, Bytes)>,
) -> Result<(Endpoint, Request<Full<Bytes>>), HttpError> {
    let (endpoint, target) = Endpoint::parse(url)?;
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .header(ACCEPT, "application/json, application/problem+json");
    if let Some((content_type, _)) = &body {
        request = request.header(CONTENT_TYPE, *content_type);
    }
    if let Some(token) = bearer {
        let mut value = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| HttpError::InvalidToken)?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    let body = body.map(|(_, bytes)| bytes).unwrap_or_default();
    let request = request
        .body(Full::new(body))
        .map_err(|_| HttpError::InvalidUrl(url.to_owned()))?;
    Ok((endpoint, request))
}

async fn in_time<T>(work: impl Future<Output = Result<T, HttpError>>) -> Result<T, HttpError> {
    tokio::time::timeout(TIMEOUT, work)
        .await
        .map_err(|_| HttpError::Timeout(TIMEOUT))?
}

async fn whole(head: Parts, body: Incoming) -> Result<Response, HttpError> {
    let body = Limited::new(body, MAX_BODY)
        .collect()
        .await
        .map_err(into_http_error)?;
    Ok(Response {
        status: head.status,
        headers: head.headers,
        body: body.to_bytes(),
    })
}

/// A kept-alive connection, opened when first needed and again when the server has closed it.
#[derive(Debug)]
pub(crate) struct Connection {
    endpoint: Endpoint,
    sender: Option<http1::SendRequest<Full<Bytes>>>,
}

impl Connection {
    pub(crate) fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            sender: None,
        }
    }

    pub(crate) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response, HttpError> {
        let (head, body) = self.begin(request).await?.into_parts();
        whole(head, body).await
    }

    /// Up to the head of the answer.
    async fn begin(
        &mut self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<::http::Response<Incoming>, HttpError> {
        let host = HeaderValue::try_from(&self.endpoint.authority)
            .map_err(|_| HttpError::InvalidUrl(self.endpoint.authority.clone()))?;
        request.headers_mut().insert(HOST, host);
        let sender = self.ready().await?;
        sender
            .send_request(request)
            .await
            .map_err(HttpError::Exchange)
    }

    async fn ready(&mut self) -> Result<&mut http1::SendRequest<Full<Bytes>>, HttpError> {
        let kept = match self.sender.take() {
            Some(mut sender) => sender.ready().await.is_ok().then_some(sender),
            None => None,
        };
        let sender = match kept {
            Some(sender) => sender,
            None => self.open().await?,
        };
        Ok(self.sender.insert(sender))
    }

    async fn open(&self) -> Result<http1::SendRequest<Full<Bytes>>, HttpError> {
        let stream = self.endpoint.connect().await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(HttpError::Exchange)?;
        // Ends with the sender; what goes wrong reaches the request that is under way.
        tokio::spawn(connection);
        Ok(sender)
    }
}

fn into_http_error(error: Box<dyn std::error::Error + Send + Sync>) -> HttpError {
    match error.downcast::<hyper::Error>() {
        Ok(error) => HttpError::Exchange(*error),
        Err(other) => {
            debug_assert!(other.is::<LengthLimitError>());
            HttpError::TooLong
        }
    }
}
