//! How many users there are of each role: what a publisher is told of the size of an audience.
//!
//! Counting costs as much as there are users, so publishes do not count. The first that is for a role or for all has
//! them counted, and so has the first after this store has changed an account; from then on `keep` counts again from time
//! to time, so seldom that it takes less than a thousandth of the time, but at least once a minute. So the number lags behind
//! what other programs do to the table by a minute at most.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    accounts::role_of,
    db::{Db, on},
    error::StoreError,
    model::Role,
};

/// Between two counts lies at least this many times what the last one took, within these bounds.
const REST: u32 = 1_000;
const SHORTEST_REST: Duration = Duration::from_secs(10);
const LONGEST_REST: Duration = Duration::from_secs(60);

/// Grouped as the column has them, so that only the few groups need their case mended.
const COUNT: &str = "SELECT CAST(role AS TEXT), COUNT(*) FROM users WHERE COALESCE(disabled, FALSE) = FALSE \
     GROUP BY role";

/// Enabled users of each role; a role may stand there more than once.
pub(crate) type PerRole = Vec<(Role, u64)>;

/// Shared by the publishes, the verbs that change accounts, and the task that counts.
#[derive(Default)]
pub(crate) struct Headcount {
    last: Mutex<Option<Count>>,
    /// Changes to accounts by this store.
    changes: AtomicU64,
    /// Told when the first count was asked for; `keep` waits for it.
    begun: Notify,
}

#[derive(Clone)]
struct Count {
    per_role: Arc<PerRole>,
    /// The changes that were made before it.
    changes: u64,
    took: Duration,
}

impl Headcount {
    /// The last count, unless this store has changed an account since.
    pub(crate) async fn get(&self, db: &Db) -> Result<Arc<PerRole>, StoreError> {
        let last = self.last();
        let changes = self.changes.load(Ordering::Acquire);
        match last {
            Some(count) if count.changes == changes => Ok(count.per_role),
            // Better an old number than no publish.
            Some(count) => Ok(self.count(db).await.unwrap_or(count.per_role)),
            None => self.count(db).await,
        }
    }

    /// To be told after each change to the accounts.
    pub(crate) fn users_changed(&self) {
        self.changes.fetch_add(1, Ordering::Release);
    }

    async fn count(&self, db: &Db) -> Result<Arc<PerRole>, StoreError> {
        let changes = self.changes.load(Ordering::Acquire);
        let began = Instant::now();
        let counted: Vec<(Option<String>, i64)> = on!(db, readers, |connection, _engine| {
            Ok(sqlx::query_as(COUNT).fetch_all(connection).await?)
        })?;
        let per_role = counted.into_iter().map(|(role, count)| {
            let role = role.map(|role| role.to_ascii_lowercase());
            (role_of(role.as_deref()), count.unsigned_abs())
        });
        let per_role = Arc::new(per_role.collect());
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Count {
            per_role: Arc::clone(&per_role),
            changes,
            took: began.elapsed(),
        });
        self.begun.notify_one();
        Ok(per_role)
    }

    fn last(&self) -> Option<Count> {
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn rest(&self) -> Duration {
        let took = self.last().map_or(Duration::ZERO, |count| count.took);
        (took * REST).clamp(SHORTEST_REST, LONGEST_REST)
    }
}

/// Counts again and again once it was asked for, until `stop`.
pub(crate) async fn keep(headcount: Arc<Headcount>, db: Arc<Db>, stop: CancellationToken) {
    let work = async {
        headcount.begun.notified().await;
        loop {
            tokio::time::sleep(headcount.rest()).await;
            if let Err(error) = headcount.count(&db).await {
                tracing::debug!(error = %error, "the users could not be counted");
            }
        }
    };
    stop.run_until_cancelled(work).await;
}
