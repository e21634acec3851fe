//! The whole life of a server, in order: everything comes up in [`Server::start`] and goes down in
//! [`Server::shutdown`].

use std::{io, net::SocketAddr, sync::Arc};

use atalaya_gateway::{CloseReason, Gateway, serve};
use atalaya_store::{ChangePosition, Migration, OpenOptions, Store, StoreError};
use axum::{Extension, body::Body, extract::ConnectInfo};
use hyper::{Request, body::Incoming};
use tokio::{
    net::TcpListener,
    task::{JoinError, JoinHandle},
    time::{Instant, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use crate::{
    App, Clock, Config, api, bus, config::Origins, delivery, first_admin, ledger, ops, own_way,
    retention, sockets::Sockets,
};

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody else listens there, or the address is not ours.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        address: SocketAddr,
        source: io::Error,
    },
    #[error("the database cannot be used: {0}")]
    Store(#[from] StoreError),
    #[error("the first administrator could not be made: {0}")]
    FirstAdmin(#[from] first_admin::FirstAdminError),
}

/// A running server.
pub struct Server {
    app: Arc<App>,
    gateway: Arc<Gateway<Sockets>>,
    local_addr: SocketAddr,
    ops_addr: SocketAddr,
    first_admin_password: Option<String>,
    /// Ends the listening; sockets that are open live on.
    accepting: CancellationToken,
    /// Ends the background tasks, after the last row is closed.
    running: CancellationToken,
    tasks: TaskTracker,
    /// Ends when it accepts no more and every answer under way is given.
    listening: JoinHandle<()>,
    close_rows: JoinHandle<()>,
}

impl Server {
    /// Opens the database, listens, makes the first administrator, takes a lease, and accepts connections
    /// when it returns.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        Self::start_at(config, Clock::System).await
    }

    async fn start_at(config: Config, clock: Clock) -> Result<Self, StartError> {
        let store = Store::open(config.database_url.expose(), OpenOptions::default()).await?;
        let migration = store.migrate().await?;
        log_migration(&migration);
        // Bound before the ledger is touched: it proves that whoever had this address is gone.
        let (listener, local_addr) = bind(config.listen)?;
        let (ops_listener, ops_addr) = bind(config.ops_listen)?;
        let (app, closings) = App::assemble(config, clock, store, local_addr).await?;
        let first_admin_password = first_admin::ensure(&app).await?;
        app.store.warm_up().await?;
        let changes = app.store.changes_head().await?;

        let gateway = Gateway::new(
            gateway_config(&app.config),
            Arc::new(Sockets(Arc::clone(&app))),
        );
        let (accepting, running) = (CancellationToken::new(), CancellationToken::new());
        let close_rows = tokio::spawn(ledger::close_rows(Arc::clone(&app), closings));
        let tasks = run_background(&app, changes, &running);
        let listening = listen(&app, &gateway, listener, &accepting);
        // The probes must see a server that drains, so this listener lives until the end.
        listen_for_operations(&app, ops_listener, &running);
        tracing::info!(
            address = %local_addr,
            ops.address = %ops_addr,
            node = app.ledger.node_id().as_ref(),
            database = ?app.store.engine(),
            namespace = %app.config.namespace,
            "listening"
        );
        Ok(Self {
            app,
            gateway,
            local_addr,
            ops_addr,
            first_admin_password,
            accepting,
            running,
            tasks,
            listening,
            close_rows,
        })
    }

    /// Where people and proxies connect.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Where metrics are read.
    pub fn ops_addr(&self) -> SocketAddr {
        self.ops_addr
    }

    /// The one-time password of `admin`, when this start made that user.
    pub fn first_admin_password(&self) -> Option<&str> {
        self.first_admin_password.as_deref()
    }

    /// Stops in order: no new connections, clients told, rows closed, lease given back. Takes no longer
    /// than the grace period and a moment; what is left then is closed by the next start or another node.
    pub async fn shutdown(self) {
        let deadline = Instant::now() + self.app.config.shutdown_grace;
        tracing::info!(sockets = self.app.hub.stats().sockets, "stopping");
        self.app.health.drain();
        self.accepting.cancel();
        // Half of the time for telling the clients, so that the rows have the other half.
        let telling = self.app.config.shutdown_grace / 2;
        self.gateway
            .drain(CloseReason::ServerShutdown, telling)
            .await;
        if timeout_at(deadline, self.close_the_ledger()).await.is_err() {
            tracing::error!("the grace period is over: some rows are left to the next start");
        }
        tracing::info!("stopped");
    }
}

impl Server {
    /// Waits until the requests under way are answered and every row is closed, then gives the lease back
    /// and ends the background.
    async fn close_the_ledger(self) {
        log_panic("the listener", self.listening.await);
        self.app.ledger.finish();
        log_panic("the closing of rows", self.close_rows.await);
        self.running.cancel();
        self.tasks.wait().await;
        if let Err(error) = self.app.ledger.stop().await {
            tracing::warn!(error = %error, "the lease could not be given back: it runs out by itself");
        }
        self.app.store.close().await;
    }
}

/// The tasks that go on until the last row is closed.
fn run_background(
    app: &Arc<App>,
    changes: ChangePosition,
    running: &CancellationToken,
) -> TaskTracker {
    let tasks = TaskTracker::new();
    let stop = || running.clone();
    tasks.spawn(delivery::fan_out(Arc::clone(app), changes, stop()));
    if let Some(bus) = &app.bus {
        tasks.spawn(bus::listen(Arc::clone(app), Arc::clone(bus), stop()));
        tasks.spawn(bus::speak(Arc::clone(bus), stop()));
    }
    tasks.spawn(delivery::recount(Arc::clone(app), stop()));
    tasks.spawn(delivery::publish_scheduled(Arc::clone(app), stop()));
    tasks.spawn(delivery::end_expired(Arc::clone(app), stop()));
    tasks.spawn(ledger::keep_lease(Arc::clone(app), stop()));
    tasks.spawn(ledger::reap(Arc::clone(app), stop()));
    tasks.spawn(ledger::refresh_last_seen(Arc::clone(app), stop()));
    tasks.spawn(ledger::tell_watchers(Arc::clone(app), stop()));
    tasks.spawn(own_way::keep_walking(Arc::clone(app), stop()));
    tasks.spawn(retention::prune(Arc::clone(app), stop()));
    tasks.spawn(ledger::prune_refusals(Arc::clone(app), stop()));
    tasks.close();
    tasks
}

/// Serves the sockets, the API and the web application until `accepting` ends.
fn listen(
    app: &Arc<App>,
    gateway: &Arc<Gateway<Sockets>>,
    listener: TcpListener,
    accepting: &CancellationToken,
) -> JoinHandle<()> {
    // What a stream of events is opened on.
    let router = api::router(Arc::clone(app)).layer(Extension(Arc::clone(gateway)));
    let door = gateway.door();
    let gateway = Arc::clone(gateway);
    let respond = move |request: Request<Incoming>, peer: SocketAddr| {
        let (router, gateway) = (router.clone(), Arc::clone(&gateway));
        async move {
            if gateway.matches(request.uri().path()) {
                return gateway.handle(request, peer).await.map(Body::new);
            }
            answer(router, request, peer).await
        }
    };
    let limits = serve::Limits {
        max_connections: app.config.max_connections,
        shutdown_grace: app.config.shutdown_grace / 2,
        ..serve::Limits::default()
    };
    let accepting = accepting.clone();
    tokio::spawn(serve::accept_loop(
        listener,
        limits,
        Some(door),
        respond,
        accepting,
    ))
}

fn listen_for_operations(app: &Arc<App>, listener: TcpListener, running: &CancellationToken) {
    let router = ops::router(Arc::clone(app));
    let respond = move |request, peer| answer(router.clone(), request, peer);
    let (limits, running) = (serve::Limits::default(), running.clone());
    tokio::spawn(serve::accept_loop(listener, limits, None, respond, running));
}

fn log_panic(what: &'static str, outcome: Result<(), JoinError>) {
    if let Err(error) = outcome {
        tracing::error!(task = what, error = %error, "a task ended badly");
    }
}

async fn answer(
    router: axum::Router,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> http::Response<Body> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    serve::listen(address)
        .and_then(|listener| {
            let bound = listener.local_addr()?;
            Ok((listener, bound))
        })
        .map_err(|source| StartError::Listen { address, source })
}

fn gateway_config(config: &Config) -> atalaya_gateway::Config {
    atalaya_gateway::Config {
        path: config.socket_path.clone(),
        namespaces: vec![config.namespace.clone()],
        ping_interval: config.ping_interval,
        ping_timeout: config.ping_timeout,
        connect_timeout: config.connect_timeout,
        upgrade_timeout: config.upgrade_timeout,
        max_payload: config.max_payload,
        max_connections: config.max_connections,
        outbound_max_messages: config.outbound_max_messages,
        outbound_max_bytes: config.outbound_max_bytes,
        allowed_origins: match &config.allowed_origins {
            Origins::Any => atalaya_gateway::Origins::Any,
            Origins::List(origins) => atalaya_gateway::Origins::List(origins.clone()),
        },
        trusted_proxies: config.trusted_proxies.clone(),
        ..atalaya_gateway::Config::default()
    }
}

fn log_migration(migration: &Migration) {
    if !migration.applied.is_empty() || !migration.adopted.is_empty() {
        tracing::info!(
            applied = ?migration.applied,
            adopted = ?migration.adopted,
            "the database schema was brought up to date"
        );
    }
    for note in &migration.notes {
        tracing::warn!("{note}");
    }
}
