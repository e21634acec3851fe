//! The server that the public Engine.IO test suite expects: it echoes every message, with no Socket.IO.
//! `docs/conformance.md` says how to run the suite. Usage: `engine_echo [PORT]`, 3000 by default.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use atalaya_gateway::{
    CloseReason, Config,
    engine::{Engine, Handler, Message, Packet, Session},
    serve,
};
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

struct Echo;

impl Handler for Echo {
    type Client = Arc<Session>;

    fn opened(&self, session: &Arc<Session>) -> Arc<Session> {
        Arc::clone(session)
    }

    fn message(
        self: &Arc<Self>,
        client: &Arc<Arc<Session>>,
        message: Message,
    ) -> Option<BoxFuture<'static, ()>> {
        let packet = match message {
            Message::Text(text) => Packet::message(&text),
            Message::Binary(bytes) => Packet::binary(&bytes),
        };
        client.send(&[packet]).ok();
        None
    }

    fn closed(&self, _: &Arc<Arc<Session>>, reason: CloseReason) {
        tracing::debug!(close.reason = %reason, "session closed");
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .init();
    let port = std::env::args()
        .nth(1)
        .map_or(3000, |port| port.parse().expect("a port"));
    let config = Config {
        path: "/engine.io/".to_owned(),
        // As the suite expects.
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        max_payload: 1_000_000,
        ..Config::default()
    };
    let engine = Engine::new(config, Arc::new(Echo));
    serve::accept_loop(
        serve::listen((Ipv4Addr::LOCALHOST, port).into())?,
        serve::Limits::default(),
        Some(Arc::<Engine<Echo>>::clone(&engine)),
        move |request, peer| {
            let engine = Arc::clone(&engine);
            async move { engine.handle(request, peer).await }
        },
        CancellationToken::new(),
    )
    .await;
    Ok(())
}
