//! The server that the public Socket.IO test suite expects: it echoes on `/` and `/custom`.
//! `docs/conformance.md` says how to run the suite. Usage: `echo [PORT] [PING_INTERVAL_MS]`, by
//! default 3000 and 300 as the suite expects.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use atalaya_gateway::{
    Admission, Application, CloseReason, Config, ConnectRequest, Event, Frame, Gateway, Refusal,
    RefusedConnection, Socket, serve,
};
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;

struct Echo;

/// What the client gave as `auth`.
type Auth = Option<Box<RawValue>>;

impl Application for Echo {
    type State = Auth;

    async fn admit(&self, request: ConnectRequest) -> Result<Admission<Auth>, Refusal> {
        Ok(Admission {
            socket_id: format!("{:016x}", rand::random::<u64>()).into(),
            pid: None,
            state: request.auth,
            greeting: Vec::new(),
            expires_in: None,
        })
    }

    fn connected(&self, socket: &Arc<Socket<Auth>>) {
        let sent = match socket.state() {
            Some(auth) => socket.emit("auth", &[auth]),
            None => socket.emit("auth", &[serde_json::Map::new()]),
        };
        // A client that is gone already is told nothing.
        sent.ok();
    }

    async fn event(&self, socket: &Arc<Socket<Auth>>, event: Event) {
        // Events are read no faster than their echoes are: what waits for a client is bounded.
        socket.writable().await;
        match (event.name.as_str(), event.ack) {
            ("message", _) => {
                let (namespace, name) = (socket.namespace(), "message-back");
                let frame = match &event.attachments[..] {
                    [] => Frame::event(namespace, name, &event.args),
                    some => Frame::binary_event(namespace, name, &event.args, some),
                };
                socket
                    .send(&frame.expect("what came as JSON goes as JSON"))
                    .ok();
            }
            ("message-with-ack", Some(ack)) => {
                ack.send_all(&event.args, &event.attachments).ok();
            }
            _ => {}
        }
    }

    fn disconnected(&self, socket: &Arc<Socket<Auth>>, reason: CloseReason) {
        tracing::debug!(socket.id = socket.id(), close.reason = %reason, "socket closed");
    }

    fn refused(&self, refused: RefusedConnection) {
        tracing::debug!(refusal.code = refused.code, "connection refused");
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .init();
    let mut arguments = std::env::args().skip(1);
    let port = arguments
        .next()
        .map_or(3000, |port| port.parse().expect("a port"));
    let ping_interval_ms = arguments
        .next()
        .map_or(300, |ms| ms.parse().expect("milliseconds"));
    let config = Config {
        namespaces: vec!["/".to_owned(), "/custom".to_owned()],
        ping_interval: Duration::from_millis(ping_interval_ms),
        ping_timeout: Duration::from_millis(200),
        connect_timeout: Duration::from_secs(1),
        max_payload: 1_000_000,
        ..Config::default()
    };
    let gateway = Gateway::new(config, Arc::new(Echo));
    serve::accept_loop(
        serve::listen((Ipv4Addr::LOCALHOST, port).into())?,
        serve::Limits::default(),
        Some(gateway.door()),
        move |request, peer| {
            let gateway = Arc::clone(&gateway);
            async move { gateway.handle(request, peer).await }
        },
        CancellationToken::new(),
    )
    .await;
    Ok(())
}
