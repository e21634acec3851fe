//! The bus between servers that share a PostgreSQL: what one has committed, the others hear of at once.
//!
//! It only wakes. A message says where to look, and what it loses the followers' poll finds, so it is sent after the commit
//! and on a connection of its own: `NOTIFY` takes a lock of the whole database at its commit, which must
//! not stand in the way of a publish. What gathers while one message is under way goes as the next.

use std::{
    collections::HashSet,
    fmt,
    str::FromStr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sqlx::{PgPool, postgres::PgListener};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{Store, db::Db, error::StoreError, model::UserId};

/// With the version of what is said on it: servers of another version speak on another one.
const CHANNEL: &str = "atalaya_1";

/// PostgreSQL takes payloads of less than 8,000 bytes.
const MAX_PAYLOAD_BYTES: usize = 7_000;

/// How many different wake-ups wait at most; past that the one that stands for all is said.
const MAX_PENDING: usize = 1_000;

/// The least time between two messages: each costs the database a lock, and every listener a look.
const GATHERS_FOR: Duration = Duration::from_millis(5);

/// How often something is said even if there is nothing to say: who hears not even itself for [`SILENCE`] has lost its
/// connection without a word.
const KEEPALIVE: Duration = Duration::from_secs(15);
const SILENCE: Duration = Duration::from_secs(45);

/// How long to wait before connecting again, at first and at most.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_MOST: Duration = Duration::from_secs(5);

/// What has happened, and so where to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wake {
    /// The stream of notifications has grown.
    Published,
    /// The stream of changes has grown.
    Changed,
    /// A user has changed their inbox.
    Inbox(UserId),
    /// Something, and nobody knows what: look everywhere.
    Everything,
}

impl fmt::Display for Wake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Published => f.write_str("published"),
            Self::Changed => f.write_str("changed"),
            Self::Inbox(user) => write!(f, "inbox:{user}"),
            Self::Everything => f.write_str("everything"),
        }
    }
}

impl FromStr for Wake {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "published" => Ok(Self::Published),
            "changed" => Ok(Self::Changed),
            "everything" => Ok(Self::Everything),
            _ => {
                let user = text.strip_prefix("inbox:").ok_or(())?;
                user.parse().map(UserId).map(Self::Inbox).map_err(|_| ())
            }
        }
    }
}

/// One server's place on the bus.
pub struct Bus {
    /// A connection to listen on and one to speak on.
    pool: PgPool,
    /// Stands in front of what this server says, so that it does not hear itself.
    node: String,
    pending: Mutex<HashSet<Wake>>,
    has_pending: Notify,
}

/// What becomes of the listening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listening {
    Heard(Wake),
    /// The connection is lost, or could not be made: the poll is all there is.
    Lost,
    /// It is there (again).
    Connected,
}

impl Store {
    /// A place on the bus for the server with this node id; `None` on SQLite, which is one server's alone.
    pub fn bus(&self, node: &str) -> Option<Bus> {
        match &*self.inner.db {
            Db::Sqlite(_) => None,
            Db::Postgres(db) => Some(Bus {
                pool: db.bus.clone(),
                node: node.to_owned(),
                pending: Mutex::default(),
                has_pending: Notify::new(),
            }),
        }
    }
}

impl Bus {
    /// Has the other servers woken, soon. Never waits.
    pub fn tell(&self, wake: Wake) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.len() >= MAX_PENDING {
            pending.clear();
            pending.insert(Wake::Everything);
        }
        if !pending.contains(&Wake::Everything) {
            pending.insert(wake);
        }
        self.has_pending.notify_one();
    }

    /// Says what is to be told, until `stop`.
    pub async fn speak(&self, stop: CancellationToken) {
        let work = async {
            loop {
                timeout(KEEPALIVE, self.has_pending.notified()).await.ok();
                for payload in self.payloads() {
                    if let Err(error) = self.say(&payload).await {
                        // What is lost here, the others find by themselves.
                        tracing::debug!(error = %error, "the bus was not spoken on");
                    }
                }
                sleep(GATHERS_FOR).await;
            }
        };
        stop.run_until_cancelled(work).await;
    }

    /// Listens until `stop`, and connects again and again. After each gap it hears [`Wake::Everything`].
    pub async fn listen(&self, mut on: impl FnMut(Listening) + Send, stop: CancellationToken) {
        let work = async {
            let mut pause = RETRY_FIRST;
            loop {
                match self.connect().await {
                    Ok(mut listener) => {
                        pause = RETRY_FIRST;
                        on(Listening::Connected);
                        on(Listening::Heard(Wake::Everything));
                        self.hear(&mut listener, &mut on).await;
                    }
                    Err(error) => tracing::debug!(error = %error, "the bus was not joined"),
                }
                on(Listening::Lost);
                sleep(pause).await;
                pause = (pause * 2).min(RETRY_MOST);
            }
        };
        stop.run_until_cancelled(work).await;
    }

    async fn connect(&self) -> Result<PgListener, StoreError> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(listener)
    }

    /// Until the connection is lost.
    async fn hear(&self, listener: &mut PgListener, on: &mut (impl FnMut(Listening) + Send)) {
        while let Ok(Ok(Some(heard))) = timeout(SILENCE, listener.try_recv()).await {
            let Some((node, wakes)) = heard.payload().split_once('\n') else {
                continue;
            };
            if node == self.node {
                continue;
            }
            // What a newer version says is a newer version's to hear.
            for wake in wakes.split(' ').filter_map(|wake| wake.parse().ok()) {
                on(Listening::Heard(wake));
            }
        }
    }

    async fn say(&self, payload: &str) -> Result<(), StoreError> {
        sqlx::query("SELECT pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(payload)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// What waits, in as many messages as it takes; one without anything if nothing does.
    fn payloads(&self) -> Vec<String> {
        let pending =
            std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        let mut payloads = vec![format!("{}\n", self.node)];
        for wake in pending {
            match payloads.last_mut() {
                Some(last) if last.len() < MAX_PAYLOAD_BYTES => last.push_str(&format!("{wake} ")),
                _ => payloads.push(format!("{}\n{wake} ", self.node)),
            }
        }
        payloads
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wake_is_read_as_it_was_written() {
        let user = Wake::Inbox(UserId(27));
        for wake in [Wake::Published, Wake::Changed, user, Wake::Everything] {
            assert_eq!(wake.to_string().parse(), Ok(wake));
        }
        for text in ["", "inbox:", "inbox:x", "another"] {
            assert_eq!(text.parse::<Wake>(), Err(()));
        }
    }
}
