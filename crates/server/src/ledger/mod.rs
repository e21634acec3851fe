//! This server's side of the ledger: its lease, the rows it closes, and who wants to hear of changes.
//!
//! Rows are opened in `sockets::admit`. Here they are closed: by [`Ledger::close`] when a socket ends, and
//! by the reaper in `lease` when a server that held them is gone.

mod close_rows;
mod last_seen;
mod lease;
mod refusals;
mod watchers;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use atalaya_gateway::CloseReason;
use atalaya_store::{
    Store, StoreError,
    model::{NewNode, Timestamp, UserId},
};
use rand::RngCore;
use tokio::{sync::mpsc, time::Instant};

use crate::{clock::Clock, config::Config, sockets::Member};

pub(crate) use close_rows::{Closing, close_rows};
pub(crate) use last_seen::refresh_last_seen;
pub(crate) use lease::{keep_lease, reap};
pub(crate) use refusals::prune_refusals;
use watchers::Changes;
pub(crate) use watchers::tell_watchers;

/// This server as one of the nodes that hold rows.
pub struct Ledger {
    store: Store,
    clock: Clock,
    lease: Duration,
    identity: Identity,
    /// The node id that new rows carry. It changes when the lease was lost and a new one begun.
    node: RwLock<Arc<str>>,
    /// Until when other servers must leave our rows alone.
    lease_until: Mutex<Instant>,
    /// Ended sockets whose rows are still to be closed; `close_rows` receives. Bounded by the connections
    /// that this process may hold, each of which ends once.
    closing: Mutex<Option<mpsc::Sender<Closing>>>,
    /// Whose rows were opened or closed; `tell_watchers` waits.
    changes: Changes,
}

/// What stays the same over the starts of one server.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The name that people know it by.
    pub name: String,
    pub host: String,
    pub listen: SocketAddr,
}

impl Identity {
    /// The configured name, or one that is the same at each start on this host and port.
    pub fn of(config: &Config, listen: SocketAddr) -> Self {
        let host = hostname::get().map_or_else(
            |_| "localhost".to_owned(),
            |host| host.to_string_lossy().into_owned(),
        );
        let name = config
            .node
            .clone()
            .unwrap_or_else(|| format!("{host}:{}", listen.port()));
        Self { name, host, listen }
    }
}

impl Ledger {
    /// Registers this start as a node, and closes what its dead predecessor left: whoever had this address
    /// before is gone, because it is bound by this process now.
    pub async fn register(
        store: Store,
        clock: Clock,
        identity: Identity,
        lease: Duration,
        max_connections: usize,
    ) -> Result<(Self, mpsc::Receiver<Closing>), StoreError> {
        let (closing, closings) = mpsc::channel(max_connections.max(1));
        let ledger = Self {
            store,
            clock,
            lease,
            node: RwLock::new(new_node_id(&identity.name)),
            identity,
            lease_until: Mutex::new(Instant::now()),
            closing: Mutex::new(Some(closing)),
            changes: Changes::default(),
        };
        ledger.register_node().await?;
        let now = ledger.clock.now();
        let host = &ledger.identity.host;
        let listen = ledger.identity.listen.to_string();
        let reaped = ledger
            .store
            .reap_predecessors(host, &listen, &ledger.node_id(), now)
            .await?;
        lease::log_reaped(&reaped);
        Ok((ledger, closings))
    }

    /// The id of this start, which its rows carry.
    pub fn node_id(&self) -> Arc<str> {
        Arc::clone(&self.node.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether rows of this server are safe from the other servers' reapers.
    pub fn holds_lease(&self) -> bool {
        let until = self
            .lease_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Instant::now() < *until
    }

    /// Hands over the row of a socket that ended. It is closed in the same order as others, and again and
    /// again until the database has taken it.
    pub fn close(&self, member: &Member, reason: CloseReason) {
        let closing = Closing::of(member, reason, self.clock.now());
        closing.log(member, reason);
        let sender = self.lock_closing().clone();
        let Some(sender) = sender else {
            return;
        };
        if let Err(mpsc::error::TrySendError::Full(closing)) = sender.try_send(closing) {
            // Only after an outage longer than a full turnover of connections.
            tokio::spawn(async move { sender.send(closing).await });
        }
    }

    /// Says that no more sockets end: `close_rows` returns when what it has is closed.
    pub fn finish(&self) {
        self.lock_closing().take();
    }

    /// Says that a row of this user was opened or closed here.
    pub fn changed(&self, user: UserId) {
        self.changes.add(Some(user));
    }

    /// Says that rows were closed whose users are not known here.
    pub fn changed_for_everyone(&self) {
        self.changes.add(None);
    }

    /// Ends this node in the table: its rows are closed by now.
    pub async fn stop(&self) -> Result<(), StoreError> {
        let left = self
            .store
            .stop_node(&self.node_id(), self.clock.now())
            .await?;
        if left > 0 {
            tracing::warn!(
                sessions = left,
                "rows were left open and are closed with the server"
            );
        }
        Ok(())
    }

    async fn register_node(&self) -> Result<(), StoreError> {
        let asked_at = Instant::now();
        let node = NewNode {
            id: self.node_id().to_string(),
            host: self.identity.host.clone(),
            listen: self.identity.listen.to_string(),
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        self.store
            .register_node(node, self.clock.now(), self.lease)
            .await?;
        self.leased_since(asked_at);
        Ok(())
    }

    /// The lease counts from before the question: the answer's way must not lengthen it.
    fn leased_since(&self, asked_at: Instant) {
        *self
            .lease_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = asked_at + self.lease;
    }

    fn lock_closing(&self) -> MutexGuard<'_, Option<mpsc::Sender<Closing>>> {
        self.closing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a new lease under a new id, after the old one was lost.
    async fn begin_anew(&self) -> Result<(), StoreError> {
        *self.node.write().unwrap_or_else(PoisonError::into_inner) =
            new_node_id(&self.identity.name);
        self.register_node().await
    }
}

/// The server's name, and a part that no other start has.
fn new_node_id(name: &str) -> Arc<str> {
    format!("{name}/{:08x}", rand::rng().next_u32()).into()
}

/// When a socket was last heard from, as wall time.
fn last_seen_at(member: &Member, now: Timestamp) -> Timestamp {
    let silent_ms = member.last_seen().elapsed().as_millis() as i64;
    Timestamp(now.0 - silent_ms)
}
