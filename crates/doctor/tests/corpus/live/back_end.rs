//! Two Socket.IO servers that do not know each other's sessions, and a port where nobody listens.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use atalaya_gateway::{
    Admission, Application, CloseReason, Config, ConnectRequest, Event, Gateway, Refusal,
    RefusedConnection, Socket, serve,
};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Shorter than usual, so that a long poll need not be held for 25 s.
const PING_INTERVAL: Duration = Duration::from_secs(2);

#[derive(Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) first: u16,
    pub(crate) second: u16,
    pub(crate) dead: u16,
}

pub(crate) struct BackEnds {
    pub(crate) ports: Ports,
    _stop: DropGuard,
}

impl BackEnds {
    pub(crate) async fn start() -> Self {
        let stop = CancellationToken::new();
        let ports = Ports {
            first: server(&stop),
            second: server(&stop),
            dead: atalaya_testbed::ports::free(),
        };
        Self {
            ports,
            _stop: stop.drop_guard(),
        }
    }
}

/// What a server answers to a request that does not reach Socket.IO.
pub(crate) type Answer = Option<Response<Full<Bytes>>>;

fn server(stop: &CancellationToken) -> u16 {
    server_with(stop, "", |request| {
        refusal(request.uri().path(), request.headers())
    })
}

/// A server that answers some requests by itself, and says another time of day if there is one.
pub(crate) fn server_with(
    stop: &CancellationToken,
    date: &'static str,
    own: fn(&Request<Incoming>) -> Answer,
) -> u16 {
    let config = Config {
        namespaces: vec!["/".to_owned()],
        ping_interval: PING_INTERVAL,
        max_payload: 1_000_000,
        ..Config::default()
    };
    let gateway = Gateway::new(config, Arc::new(Silent));
    let listener = serve::listen((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let port = listener.local_addr().unwrap().port();
    // Through the door a websocket would come in unasked.
    let door = None;
    let answer = move |request: Request<Incoming>, peer| {
        let gateway = Arc::clone(&gateway);
        async move {
            let mut answer = match own(&request) {
                Some(answer) => answer,
                None => gateway.handle(request, peer).await,
            };
            if !date.is_empty() {
                let date = http::HeaderValue::from_static(date);
                answer.headers_mut().insert("date", date);
            }
            answer
        }
    };
    let stop = stop.clone();
    tokio::spawn(async move {
        serve::accept_loop(listener, serve::Limits::default(), door, answer, stop).await
    });
    port
}

/// What servers of Node answer beside Socket.IO: the application to other paths, and the websocket library to
/// an upgrade that is none.
fn refusal(path: &str, headers: &HeaderMap) -> Answer {
    let (status, kind, body) = if path != "/socket.io/" {
        (
            404,
            "application/json",
            r#"{"statusCode":404,"message":"Not Found"}"#,
        )
    } else if headers.contains_key("upgrade") && !headers.contains_key("sec-websocket-key") {
        (
            400,
            "text/html",
            "Missing or invalid Sec-WebSocket-Key header",
        )
    } else {
        return None;
    };
    let body = Full::new(Bytes::from_static(body.as_bytes()));
    let answer = Response::builder()
        .status(status)
        .header("content-type", kind);
    Some(answer.body(body).unwrap())
}

/// Admits everybody but who has a bad token, and says nothing.
struct Silent;

impl Application for Silent {
    type State = ();

    async fn admit(&self, request: ConnectRequest) -> Result<Admission<()>, Refusal> {
        let auth = request.auth.map(|auth| auth.get().to_owned());
        if auth.unwrap_or_default().contains("bad") {
            return Err(Refusal {
                code: "token_invalid",
                message: "the token is not valid".into(),
            });
        }
        Ok(Admission {
            socket_id: format!("{:016x}", rand::random::<u64>()).into(),
            pid: None,
            state: (),
            greeting: Vec::new(),
            expires_in: None,
        })
    }

    fn connected(&self, _: &Arc<Socket<()>>) {}

    async fn event(&self, _: &Arc<Socket<()>>, _: Event) {}

    fn disconnected(&self, _: &Arc<Socket<()>>, _: CloseReason) {}

    fn refused(&self, _: RefusedConnection) {}
}
