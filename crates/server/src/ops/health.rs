//! Whether the database answers, asked at most once a second, and whether a stop has begun.

use std::{
    sync::{
        PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use atalaya_store::{Store, StoreError};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

/// How long an answer stays good: probes come from every balancer at once.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// How long the database may take. Less than the patience of the usual probe, which is two seconds or more.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// The server's readiness.
pub struct Health {
    store: Store,
    draining: AtomicBool,
    /// The last answer. Held while asking, so that whoever comes meanwhile shares the answer.
    last: Mutex<Option<(Instant, Result<(), String>)>>,
    /// What the ledger's last write came to: a disk can be full while the database answers every question.
    last_write: std::sync::Mutex<Result<(), String>>,
}

impl Health {
    /// Asks this store.
    pub fn new(store: Store) -> Self {
        Self {
            store,
            draining: AtomicBool::new(false),
            last: Mutex::new(None),
            last_write: std::sync::Mutex::new(Ok(())),
        }
    }

    /// A stop has begun: balancers should send nothing more. There is no way back.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    /// Whether a stop has begun.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    /// Whether the database answers, from memory if it was asked within the last second. The error is for
    /// an operator to read, and holds no address and no password.
    pub async fn database(&self) -> Result<(), String> {
        let mut last = self.last.lock().await;
        if let Some((asked_at, answer)) = &*last
            && asked_at.elapsed() < GOOD_FOR
        {
            return answer.clone();
        }
        let answer = self.ask().await.and_then(|()| self.last_write().clone());
        if let Some((_, before)) = &*last {
            log_change(before, &answer);
        }
        *last = Some((Instant::now(), answer.clone()));
        answer
    }

    /// Remembers what a write of the ledger came to, until the next one. Whether the database can be reached is
    /// asked anew each time.
    pub(crate) fn wrote(&self, outcome: Result<(), &StoreError>) {
        *self.last_write() = match outcome {
            Err(StoreError::Unavailable(_)) => return,
            Err(error) if error.concerns_the_database() => Err(describe(error)),
            _ => Ok(()),
        };
    }

    /// What the ledger's last write came to.
    pub(crate) fn ledger(&self) -> Result<(), String> {
        self.last_write().clone()
    }

    fn last_write(&self) -> std::sync::MutexGuard<'_, Result<(), String>> {
        self.last_write
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self) -> Result<(), String> {
        match timeout(PATIENCE, self.store.ping()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(describe(&error)),
            Err(_) => Err(format!(
                "unreachable: no answer within {} ms",
                PATIENCE.as_millis()
            )),
        }
    }
}

/// `/readyz` is public: it says what kind of failure it is, and the log says the rest.
fn describe(error: &atalaya_store::StoreError) -> String {
    use atalaya_store::StoreError::{Corrupt, Full, ReadOnly, Unavailable};
    tracing::debug!(error = %error, "the database is not ready");
    match error {
        Unavailable(_) => "unreachable",
        ReadOnly(_) => "read-only",
        Full(_) => "no space left",
        Corrupt(_) => "damaged",
        _ => "refuses our statements",
    }
    .to_owned()
}

fn log_change(before: &Result<(), String>, now: &Result<(), String>) {
    match (before, now) {
        (Ok(()), Err(why)) => {
            tracing::error!(database = %why, "not ready: the database is out of order")
        }
        (Err(_), Ok(())) => tracing::info!("ready again: the database answers"),
        _ => {}
    }
}
