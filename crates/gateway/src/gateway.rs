//! The gateway: an engine that carries Socket.IO for one application.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use http::{Request, Response};
use hyper::body::Incoming;

use crate::{
    Application, CloseReason, Config, ResponseBody,
    engine::{Door, Engine},
    socket::Namespaces,
};

/// A Socket.IO server for one path.
pub struct Gateway<A: Application> {
    engine: Arc<Engine<Namespaces<A>>>,
}

impl<A: Application> Gateway<A> {
    pub fn new(config: Config, application: Arc<A>) -> Arc<Self> {
        let namespaces = Arc::new(Namespaces::new(&config, application));
        Arc::new(Self {
            engine: Engine::new(config, namespaces),
        })
    }

    /// Whether a request for this path is for the gateway.
    pub fn matches(&self, path: &str) -> bool {
        self.engine.matches(path)
    }

    /// Answers a request; a poll, when there is something to say. `peer` is the other end of the TCP
    /// connection. The connection must be a bare TCP stream served by hyper with upgrades, as
    /// [`crate::serve::accept_loop`] does it.
    pub async fn handle(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Response<ResponseBody> {
        self.engine.handle(request, peer).await
    }

    pub(crate) fn engine(&self) -> &Arc<Engine<Namespaces<A>>> {
        &self.engine
    }

    /// The short way in for websockets, for [`crate::serve::accept_loop`].
    pub fn door(&self) -> Arc<dyn Door> {
        Arc::clone(&self.engine) as Arc<dyn Door>
    }

    /// How many clients are connected, joined to a namespace or not.
    pub fn connections(&self) -> usize {
        self.engine.connections()
    }

    /// Refuses new connections with 503 and closes all that are open with this reason. Returns when every
    /// [`Application::disconnected`] has run and the clients are told, or `grace` is over.
    pub async fn drain(&self, reason: CloseReason, grace: Duration) {
        self.engine.drain(reason, grace).await;
    }
}
