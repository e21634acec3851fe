//! The ledger, the accounts and the inbox, on SQLite and PostgreSQL.
//!
//! [`Store::open`] takes a URL, [`Store::migrate`] makes or adopts the tables, and then each verb is one
//! transaction whose outcome is a type. The verbs stand in `ledger` (sessions), `nodes` (leases and the
//! reaper), `refusals`, `accounts`, `inbox` (reading), `publish` (writing), `topics`, `recall`, and `changes` (what becomes of it). `bus` wakes
//! other servers, `retention` takes away what is done with. Sessions and publishes are
//! group-committed: whoever waits while one transaction runs shares the next.
//!
//! Time is always an argument. Every verb gives up after a bounded time with
//! [`StoreError::Unavailable`]; none hangs on a database that is away.

mod accounts;
mod adopt;
mod bind;
mod changes;
mod db;
mod group_commit;
mod inbox;
mod ledger;
mod migrate;
mod nodes;
mod page;
mod plans;
mod postgres;
mod publish;
mod recall;
mod refusals;
mod retention;
mod sqlite;
mod time;
mod topics;

pub mod bus;
pub mod cursor;
pub mod error;
pub mod model;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{db::Db, group_commit::MAX_WAITING};

pub use changes::Changes;
pub use cursor::{Cursor, CursorError};
pub use error::{
    CreateUserError, OpenError, PublishError, RecallError, StoreError, SubscribeError,
};
pub use model::*;
pub use publish::{KEYS_LAST_MS, Publishing};
pub use retention::{Keep, Pruned};

/// How many ids one [`Selection::Ids`] may name, and how many a [`InboxChange`] lists.
pub const MAX_SELECTION: usize = 1_000;
/// How many users one publish may name.
pub const MAX_NAMED_USERS: usize = 1_000;
/// The most rows that one list query returns, whatever limit is asked for.
pub const MAX_PAGE: u32 = 500;

/// Which database a store lives in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// How long a verb may take before it is given up as unavailable, the wait for a connection included.
    ///
    /// The few that are more than one transaction have it for each: [`Store::touch_sessions`] for each thousand
    /// rows, and changes to an account. [`Store::migrate`] takes the time it needs, and [`Store::close`] waits
    /// for what is under way.
    pub patience: Duration,
    /// Connections for reading; writing has a few of its own, so that a slow list cannot delay the ledger.
    pub readers: u32,
    /// The most that the SQLite file may grow to; over it, writes fail as [`StoreError::Full`].
    pub max_file_bytes: Option<u64>,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            // Longer than any statement should take, shorter than a client's patience with a CONNECT.
            patience: Duration::from_secs(5),
            readers: 8,
            max_file_bytes: None,
        }
    }
}

/// What a migration did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migration {
    /// The migrations that were applied, by name; empty when the schema was up to date.
    pub applied: Vec<String>,
    /// The columns that were added to tables that another program had made, as `table.column`.
    pub adopted: Vec<String>,
    /// What a person should know about the adopted tables.
    pub notes: Vec<String>,
}

/// The database, shared by cloning.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    db: Arc<Db>,
    ledger: ledger::Queue,
    publisher: publish::Queue,
    /// Ends the writers, which then commit what still waits.
    stop: CancellationToken,
    writers: Mutex<Vec<JoinHandle<()>>>,
    patience: Duration,
}

impl Drop for Inner {
    /// A store that was never closed must not leave its tasks behind.
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Store {
    /// Opens the database at `sqlite://path` or `postgres://…`. A missing SQLite file is made, and so is
    /// its folder, for its owner only. PostgreSQL must answer once, so that a wrong address is told at the start.
    ///
    /// Must be called inside a tokio runtime: the group commits run as its tasks until [`Store::close`].
    pub async fn open(url: &str, options: OpenOptions) -> Result<Self, StoreError> {
        let db = Arc::new(connect(url, &options).await?);
        let stop = CancellationToken::new();
        let (send, sessions) = mpsc::channel(MAX_WAITING);
        let ledger = ledger::Queue::new(send, options.patience);
        let (send, publishes) = mpsc::channel(MAX_WAITING);
        let publisher = publish::Queue::new(send, options.patience);
        let writers = vec![
            tokio::spawn(group_commit::run(
                ledger.writer(Arc::clone(&db)),
                sessions,
                stop.clone(),
            )),
            tokio::spawn(group_commit::run(
                publisher.writer(Arc::clone(&db)),
                publishes,
                stop.clone(),
            )),
            tokio::spawn(publisher.keep_counting(Arc::clone(&db), stop.clone())),
        ];
        let inner = Inner {
            db,
            ledger,
            publisher,
            stop,
            writers: Mutex::new(writers),
            patience: options.patience,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Makes the tables, or brings them up to date; adopts `users` and `user_sessions` where another
    /// program made them. Servers that start at the same time may all call it.
    pub async fn migrate(&self) -> Result<Migration, StoreError> {
        let migration = migrate::run(&self.inner.db).await?;
        let are_unique = adopt::socket_ids_are_unique(&self.inner.db).await?;
        self.inner.ledger.set_socket_ids_are_unique(are_unique);
        Ok(migration)
    }

    /// Which database this is.
    pub fn engine(&self) -> Engine {
        self.inner.db.engine()
    }

    /// Whether the database answers and would take a write, for readiness.
    pub async fn ping(&self) -> Result<(), StoreError> {
        match &*self.inner.db {
            Db::Sqlite(db) => db.ping().await,
            Db::Postgres(db) => db.ping().await,
        }
    }

    /// Commits what waits, then closes the connections. Every later call is [`StoreError::Unavailable`].
    pub async fn close(&self) {
        self.inner.stop.cancel();
        let writers = std::mem::take(
            &mut *self
                .inner
                .writers
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        for writer in writers {
            // Two batches at most are under way: what runs, and what waited for it.
            let patience = 2 * self.inner.patience;
            if tokio::time::timeout(patience, writer).await.is_err() {
                tracing::warn!("the store was closed before all that waited was committed");
            }
        }
        tokio::time::timeout(self.inner.patience, self.inner.db.close())
            .await
            .ok();
    }
}

async fn connect(url: &str, options: &OpenOptions) -> Result<Db, StoreError> {
    match url.split_once(':') {
        Some(("sqlite", _)) => Ok(Db::Sqlite(sqlite::Database::open(url, options).await?)),
        Some(("postgres" | "postgresql", _)) => {
            Ok(Db::Postgres(postgres::Database::open(url, options).await?))
        }
        _ => Err(StoreError::BadUrl(
            "it must begin with sqlite:// or postgres://".to_owned(),
        )),
    }
}
