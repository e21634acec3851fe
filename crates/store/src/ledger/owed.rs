//! Closes that the store owes, each with the time of its next try (law L2).
//!
//! Of rows whose open failed after it may have been committed, and of sessions that ended while the database was
//! away: they are tried until they succeed. Of sessions whose close the table itself refused: they are tried
//! some times, with growing pauses, the later ones without the reason. A crash of the process forgets all of
//! them, and then its lease runs out.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use crate::{
    error::StoreError,
    model::{SessionId, Timestamp},
};

/// What a row is known by if nothing was heard of its commit.
#[derive(Clone, Debug)]
pub(crate) struct AsOpened {
    pub(crate) socket_id: String,
    /// The recovery id that it has instead of its own, and with it another socket id, if it continues a connection.
    pub(crate) recovers: Option<String>,
}

/// One close to be made.
#[derive(Clone, Debug)]
pub(crate) struct Close {
    pub(crate) id: SessionId,
    /// Set when it is not certain that the row exists, and then `at` is when it was opened: SQLite gives the id
    /// of a row that was rolled back to another, which must not be closed in its place.
    pub(crate) opened: Option<AsOpened>,
    pub(crate) reason: &'static str,
    pub(crate) at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
    /// How often the table refused it.
    pub(crate) refusals: u32,
    /// How often to look again when no such row is found: one whose commit lost its client may appear later.
    pub(crate) looks: u32,
}

impl Close {
    /// What is written as the reason. Where the table's own rules refuse it, a row that ended for a reason
    /// that is not told is nearer to the truth than one that seems connected, or than half a reason.
    pub(crate) fn told_reason(&self) -> Option<&'static str> {
        (self.refusals < TRIES_WITH_REASON).then_some(self.reason)
    }
}

/// The reason of a row whose client never heard of it.
pub(crate) const ADMISSION_FAILED: &str = "admission_failed";

/// Twice the connections that a process holds by default. Past that, the lease has to do.
const MAX_OWED: usize = 100_000;
/// How soon a close is tried again after it failed: some tries within the time in which a lease is renewed.
const RETRY: Duration = Duration::from_millis(500);
/// How often a close is tried that the table refuses. The pause doubles, so that the last try is a quarter of
/// a minute after the first: long enough for a schema that is being changed, and each costs a transaction.
const MAX_TRIES: u32 = 6;
const TRIES_WITH_REASON: u32 = 3;

/// The closes that are owed. Waiters, their guards and the writer put in; the writer alone takes out.
#[derive(Default)]
pub(crate) struct Owed {
    closes: Mutex<Closes>,
    /// Wakes the writer when one is put in.
    added: Notify,
}

#[derive(Default)]
struct Closes {
    /// By the time of the next try, and in order of arrival where that is the same.
    by_due: BTreeMap<(Instant, u64), Close>,
    arrivals: u64,
}

impl Owed {
    /// To be made as soon as possible.
    pub(crate) fn add(&self, close: Close) {
        self.put(close, Duration::ZERO);
    }

    /// The database did not take it.
    pub(crate) fn retry(&self, close: Close) {
        self.put(close, RETRY);
    }

    /// The table refused it.
    pub(crate) fn refused(&self, mut close: Close, error: &StoreError) {
        let pause = RETRY * 2_u32.saturating_pow(close.refusals);
        close.refusals += 1;
        if close.refusals < MAX_TRIES {
            self.put(close, pause);
            return;
        }
        tracing::error!(
            session.id = close.id.0,
            close.reason = close.reason,
            error = %error,
            "the table refuses to close a session; it is shown as active until the stop of this server, or the \
             end of its lease, closes it"
        );
    }

    /// There was no such active row.
    pub(crate) fn not_found(&self, mut close: Close) {
        if close.looks > 0 {
            close.looks -= 1;
            self.put(close, RETRY);
        }
    }

    /// Those that are due.
    pub(crate) fn take_due(&self, at_most: usize) -> Vec<Close> {
        self.take(at_most, Some(Instant::now()))
    }

    /// Also those whose next try would be later, for a last try.
    pub(crate) fn take_all(&self, at_most: usize) -> Vec<Close> {
        self.take(at_most, None)
    }

    /// Resolves when there is something to try.
    pub(crate) async fn due(&self) {
        loop {
            let first = self.lock().by_due.keys().next().map(|(due, _)| *due);
            match first {
                None => self.added.notified().await,
                Some(due) if due <= Instant::now() => return,
                // What is added meanwhile may be due earlier.
                Some(due) => {
                    tokio::time::timeout_at(due, self.added.notified())
                        .await
                        .ok();
                }
            }
        }
    }

    fn put(&self, close: Close, pause: Duration) {
        let mut closes = self.lock();
        if closes.by_due.len() >= MAX_OWED {
            tracing::error!(
                session.id = close.id.0,
                "too many sessions wait to be closed; the lease must close this one"
            );
            return;
        }
        closes.arrivals += 1;
        let key = (Instant::now() + pause, closes.arrivals);
        closes.by_due.insert(key, close);
        drop(closes);
        self.added.notify_one();
    }

    fn take(&self, at_most: usize, due_by: Option<Instant>) -> Vec<Close> {
        let mut closes = self.lock();
        let mut taken = Vec::new();
        while taken.len() < at_most
            && let Some(first) = closes.by_due.first_entry()
            && due_by.is_none_or(|due_by| first.key().0 <= due_by)
        {
            taken.push(first.remove());
        }
        taken
    }

    fn lock(&self) -> MutexGuard<'_, Closes> {
        // A map of plain values is whole whatever panicked while it was held.
        self.closes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many looks for a row cover a time.
pub(crate) fn looks_within(time: Duration) -> u32 {
    u32::try_from(time.as_millis().div_ceil(RETRY.as_millis())).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(id: i64) -> Close {
        Close {
            id: SessionId(id),
            opened: None,
            reason: "transport_close",
            at: Timestamp(0),
            last_seen_at: Timestamp(0),
            refusals: 0,
            looks: 0,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_close_is_tried_with_growing_pauses_and_then_given_up() {
        let owed = Owed::default();
        let started = Instant::now();
        let mut tries = Vec::new();
        let mut next = Some(close(1));
        while let Some(close) = next {
            tries.push((started.elapsed().as_millis(), close.told_reason().is_some()));
            owed.refused(close, &StoreError::NotFound("row"));
            tokio::time::timeout(Duration::from_secs(60), owed.due())
                .await
                .ok();
            next = owed.take_due(10).pop();
        }
        let (told, untold) = (true, false);
        assert_eq!(
            tries,
            [
                (0, told),
                (500, told),
                (1_500, told),
                (3_500, untold),
                (7_500, untold),
                (15_500, untold)
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_row_that_may_still_appear_is_looked_for_until_its_time_is_over() {
        let owed = Owed::default();
        let started = Instant::now();
        owed.add(Close {
            looks: looks_within(Duration::from_millis(1_700)),
            ..close(1)
        });
        let mut looked = 0;
        while let Ok(()) = tokio::time::timeout(Duration::from_secs(5), owed.due()).await {
            looked += 1;
            owed.not_found(owed.take_due(10).remove(0));
        }
        assert_eq!(looked, 1 + 4);
        let last_look = started.elapsed() - Duration::from_secs(5);
        assert!(last_look >= Duration::from_millis(1_700), "{last_look:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_due_does_not_wait_for_what_is_not() {
        let owed = Owed::default();
        owed.retry(close(1));
        owed.add(close(2));
        let waited = tokio::time::timeout(Duration::from_millis(1), owed.due());
        assert!(waited.await.is_ok());
        let taken = owed.take_due(10);
        assert_eq!(
            taken.iter().map(|close| close.id.0).collect::<Vec<_>>(),
            [2]
        );
        assert_eq!(owed.take_all(10).len(), 1, "the last try takes it early");
    }
}
