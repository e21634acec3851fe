//! A gateway on a free port, an application that writes down what it is told, and clients that speak raw
//! bytes, so that they can also speak nonsense.

pub mod application;
pub mod http;
pub mod websocket;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use atalaya_gateway::{Config, Gateway, serve};
use tokio_util::sync::{CancellationToken, DropGuard};

use application::Recorder;

/// A running gateway; it stops listening when dropped.
pub struct Server {
    pub addr: SocketAddr,
    pub gateway: Arc<Gateway<Recorder>>,
    pub app: Arc<Recorder>,
    _stop: DropGuard,
}

/// A gateway with the defaults, on the namespaces `/` and `/chat`.
pub async fn start() -> Server {
    start_with(|_| {}).await
}

pub async fn start_with(change: impl FnOnce(&mut Config)) -> Server {
    let mut config = Config {
        namespaces: vec!["/".to_owned(), "/chat".to_owned()],
        ..Config::default()
    };
    change(&mut config);
    let app = Arc::new(Recorder::default());
    let gateway = Gateway::new(config, Arc::clone(&app));
    let listener = serve::listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let addr = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let respond = {
        let gateway = Arc::clone(&gateway);
        move |request, peer| {
            let gateway = Arc::clone(&gateway);
            async move { gateway.handle(request, peer).await }
        }
    };
    tokio::spawn(serve::accept_loop(
        listener,
        serve::Limits::default(),
        Some(gateway.door()),
        respond,
        stop.clone(),
    ));
    Server {
        addr,
        gateway,
        app,
        _stop: stop.drop_guard(),
    }
}

/// Ends a test that waits for what does not come. With paused time it costs nothing.
pub async fn within<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(120), what)
        .await
        .expect("it did not happen")
}
