//! One request, as a browser makes it, on a connection of its own.

use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderMap, Method, Request, StatusCode,
    header::{
        ACCEPT, CONNECTION, CONTENT_TYPE, HOST, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
        UPGRADE, USER_AGENT,
    },
};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, client::conn::http1, upgrade::Upgraded};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::{
    Target,
    connection::{self, Unreachable},
};

/// How long an answer may take where nothing is waited for on purpose.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// What of a body is read.
const MAX_BODY: usize = 64 * 1024;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unanswered {
    Unreachable(Unreachable),
    /// The connection ends without an answer.
    Cut,
    Late(Duration),
}

impl From<Unreachable> for Unanswered {
    fn from(unreachable: Unreachable) -> Self {
        Self::Unreachable(unreachable)
    }
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    /// Its first 64 KiB.
    body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: http::HeaderName) -> &str {
        let value = self.headers.get(name);
        value.and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// Every value that a header has.
    pub(super) fn all(&self, name: http::HeaderName) -> Vec<String> {
        let values = self.headers.get_all(name).iter();
        let texts = values.filter_map(|value| value.to_str().ok());
        texts.map(str::to_owned).collect()
    }

    pub(super) fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

/// A request of a Socket.IO client.
pub(super) struct Ask<'a> {
    /// What follows `EIO=4&`.
    pub(super) query: &'a str,
    /// A message, which is posted.
    pub(super) message: Option<String>,
    pub(super) patience: Duration,
    /// The page is named, as browsers do with a message, and with every request to another origin.
    pub(super) says_its_page: bool,
}

impl<'a> Ask<'a> {
    pub(super) fn get(query: &'a str) -> Self {
        Self {
            query,
            message: None,
            patience: PATIENCE,
            says_its_page: false,
        }
    }

    pub(super) fn post(query: &'a str, message: String) -> Self {
        Self {
            message: Some(message),
            ..Self::get(query).naming_the_page()
        }
    }

    pub(super) fn naming_the_page(self) -> Self {
        Self {
            says_its_page: true,
            ..self
        }
    }
}

/// Asks over polling.
pub(super) async fn ask(target: &Target, ask: Ask<'_>) -> Result<Answer, Unanswered> {
    let exchange = async {
        let mut request = request(target, ask.query);
        if ask.says_its_page {
            request = request.header(ORIGIN, &target.page);
        }
        let request = match ask.message {
            None => request.method(Method::GET).body(Full::default()),
            Some(message) => request
                .method(Method::POST)
                .header(CONTENT_TYPE, "text/plain;charset=UTF-8")
                .body(Full::from(message)),
        };
        let response = send(target, request.expect("its parts are checked")).await?;
        whole(response).await
    };
    timeout(ask.patience, exchange)
        .await
        .unwrap_or(Err(Unanswered::Late(ask.patience)))
}

/// What became of the wish for a websocket.
pub(super) enum Upgrade {
    Granted(TokioIo<Upgraded>),
    Denied(Answer),
}

/// Asks for a websocket.
pub(super) async fn upgrade(target: &Target, query: &str) -> Result<Upgrade, Unanswered> {
    let exchange = async {
        let key = tokio_tungstenite::tungstenite::handshake::client::generate_key();
        let mut request = request(target, query)
            .method(Method::GET)
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, key);
        if target.says_its_page {
            request = request.header(ORIGIN, &target.page);
        }
        let request = request.body(Full::default());
        let response = send(target, request.expect("its parts are checked")).await?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return whole(response).await.map(Upgrade::Denied);
        }
        let head = Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: Vec::new(),
        };
        // A browser looks at these, and gives up where a proxy has taken them away.
        let is_whole = head.header(UPGRADE).eq_ignore_ascii_case("websocket")
            && head.headers.contains_key("sec-websocket-accept");
        if !is_whole {
            return Ok(Upgrade::Denied(head));
        }
        let upgraded = hyper::upgrade::on(response).await;
        upgraded
            .map(|upgraded| Upgrade::Granted(TokioIo::new(upgraded)))
            .map_err(|_| Unanswered::Cut)
    };
    timeout(PATIENCE, exchange)
        .await
        .unwrap_or(Err(Unanswered::Late(PATIENCE)))
}

fn request(target: &Target, query: &str) -> http::request::Builder {
    let uri = format!("{}?EIO={}&{query}", target.path, target.revision);
    Request::builder()
        .uri(uri)
        .header(HOST, &target.host)
        .header(ACCEPT, "*/*")
        .header(
            USER_AGENT,
            concat!("atalaya-doctor/", env!("CARGO_PKG_VERSION")),
        )
}

async fn send(
    target: &Target,
    request: Request<Full<Bytes>>,
) -> Result<http::Response<Incoming>, Unanswered> {
    let stream = connection::open(&target.origin, target.connect_to, target.trust).await?;
    let cut = |_| Unanswered::Cut;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(cut)?;
    // Ends with the exchange; what goes wrong reaches the request that is under way.
    tokio::spawn(connection.with_upgrades());
    sender.send_request(request).await.map_err(cut)
}

async fn whole(response: http::Response<Incoming>) -> Result<Answer, Unanswered> {
    let (head, mut body) = response.into_parts();
    let mut read = Vec::new();
    while read.len() < MAX_BODY {
        match body.frame().await {
            Some(Ok(frame)) => read.extend(frame.into_data().unwrap_or_default()),
            Some(Err(_)) => return Err(Unanswered::Cut),
            None => break,
        }
    }
    read.truncate(MAX_BODY);
    Ok(Answer {
        status: head.status,
        headers: head.headers,
        body: read,
    })
}
