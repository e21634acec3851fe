//! JSON over HTTP/1, for the few requests that a test, a measurement or the command line makes.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use ::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use ::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
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
    let (endpoint, target) = Endpoint::parse(url)?;
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .header(ACCEPT, "application/json, application/problem+json")
        .body(Full::new(
            json.map_or_else(Bytes::new, |json| json.to_string().into()),
        ))
        .map_err(|_| HttpError::InvalidUrl(url.to_owned()))?;
    if json.is_some() {
        request
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Some(token) = bearer {
        let mut value = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| HttpError::InvalidToken)?;
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    tokio::time::timeout(TIMEOUT, Connection::new(endpoint).send(request))
        .await
        .map_err(|_| HttpError::Timeout(TIMEOUT))?
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
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response, HttpError> {
        let host = HeaderValue::try_from(&self.endpoint.authority)
            .map_err(|_| HttpError::InvalidUrl(self.endpoint.authority.clone()))?;
        request.headers_mut().insert(HOST, host);
        let sender = self.ready().await?;
        let response = sender
            .send_request(request)
            .await
            .map_err(HttpError::Exchange)?;
        let (head, body) = response.into_parts();
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
