//! What a handler may reach.

use std::{net::SocketAddr, sync::Arc};

use atalaya_store::{Store, StoreError, Timestamp, bus::Bus};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::{
    auth::{LoginThrottle, Passwords, Tokens},
    clock::Clock,
    config::{BusKind, Config},
    delivery::{Delivery, Frames},
    inbox::Inbox,
    ledger::{Closing, Identity, Ledger},
    ops::{Health, Metrics},
    own_way::OwnWay,
    sockets::Hub,
};

/// The parts of a running server. Handlers get it as `State<Arc<App>>`.
pub struct App {
    pub config: Config,
    pub clock: Clock,
    pub store: Store,
    pub tokens: Tokens,
    pub passwords: Passwords,
    pub throttle: LoginThrottle,
    pub hub: Arc<Hub>,
    pub frames: Arc<Frames>,
    pub delivery: Delivery,
    pub inbox: Inbox,
    pub ledger: Ledger,
    pub health: Health,
    pub metrics: Arc<Metrics>,
    pub own_way: OwnWay,
    /// Where people and proxies connect.
    pub local_addr: SocketAddr,
    pub started_at: Timestamp,
    /// The other servers on the same database, if there may be any.
    pub bus: Option<Arc<Bus>>,
    /// The short tasks that belong to sockets; a drain waits for them.
    pub tasks: TaskTracker,
}

impl App {
    /// Puts the parts together on a migrated store, and registers this server as a node that listens on
    /// `listen`. The receiver is for `ledger::close_rows`.
    pub async fn assemble(
        config: Config,
        clock: Clock,
        store: Store,
        listen: SocketAddr,
    ) -> Result<(Arc<Self>, mpsc::Receiver<Closing>), StoreError> {
        let metrics = Arc::new(Metrics::new());
        let frames = Arc::new(Frames::new(&config.namespace));
        let hub = Arc::new(Hub::starting_at(
            store.head().await?,
            store.changes_head().await?,
        ));
        let (ledger, closings) = Ledger::register(
            store.clone(),
            clock.clone(),
            Identity::of(&config, listen),
            config.lease,
            config.max_connections,
        )
        .await?;
        let bus = match config.bus {
            BusKind::Local => None,
            BusKind::Postgres => store.bus(&ledger.node_id()).map(Arc::new),
        };
        let app = Self {
            tokens: Tokens::new(
                &config.jwt_secret,
                &config.jwt_user_claim,
                config.access_token_ttl,
            ),
            passwords: Passwords::new(),
            throttle: LoginThrottle::new(),
            delivery: Delivery::new(store.clone(), Arc::clone(&metrics), bus.clone()),
            inbox: Inbox::new(
                store.clone(),
                Arc::clone(&hub),
                Arc::clone(&frames),
                bus.clone(),
            ),
            health: Health::new(store.clone()),
            own_way: OwnWay::default(),
            local_addr: listen,
            started_at: clock.now(),
            tasks: TaskTracker::new(),
            config,
            clock,
            store,
            hub,
            frames,
            ledger,
            metrics,
            bus,
        };
        Ok((Arc::new(app), closings))
    }
}
