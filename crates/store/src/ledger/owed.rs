//! Closes that the store owes: of rows whose open failed after it may have been committed, and of sessions
//! that ended while the database was away. They are tried again until they succeed (law L2); a crash of the
//! process forgets them, and then its lease runs out.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use crate::model::{SessionId, Timestamp};

/// One close to be made.
#[derive(Clone, Debug)]
pub(crate) struct Close {
    pub(crate) id: SessionId,
    /// Set when it is not certain that the row exists, and then `at` is when it was opened: SQLite gives the id
    /// of a row that was rolled back to another, which must not be closed in its place.
    pub(crate) socket_id: Option<String>,
    pub(crate) reason: &'static str,
    pub(crate) at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
}

/// The reason of a row whose client never heard of it.
pub(crate) const ADMISSION_FAILED: &str = "admission_failed";

/// Twice the connections that a process holds by default. Past that, the lease has to do.
const MAX_OWED: usize = 100_000;
/// How soon a close is tried again after it failed: some tries within the time in which a lease is renewed.
const RETRY: Duration = Duration::from_millis(500);

/// The closes that are owed. Waiters, their guards and the writer put in; the writer alone takes out.
#[derive(Default)]
pub(crate) struct Owed {
    closes: Mutex<VecDeque<Close>>,
    /// Wakes the writer when the first is put in.
    added: Notify,
}

impl Owed {
    pub(crate) fn add(&self, close: Close) {
        let mut closes = self.lock();
        if closes.len() >= MAX_OWED {
            tracing::error!(
                session.id = close.id.0,
                "too many sessions wait to be closed; the lease must close this one"
            );
            return;
        }
        closes.push_back(close);
        drop(closes);
        self.added.notify_one();
    }

    pub(crate) fn take(&self, at_most: usize) -> Vec<Close> {
        let mut closes = self.lock();
        let count = closes.len().min(at_most);
        closes.drain(..count).collect()
    }

    /// Resolves when there is something to try.
    pub(crate) async fn due(&self) {
        if self.lock().is_empty() {
            self.added.notified().await;
        } else {
            tokio::time::sleep(RETRY).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Close>> {
        // A queue of plain values is whole whatever panicked while it was held.
        self.closes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
