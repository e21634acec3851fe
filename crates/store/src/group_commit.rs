//! Group commit: whoever waits while one transaction runs shares the next.
//!
//! One task per queue takes what has gathered, up to a bound, commits it in one transaction and answers each
//! waiter. If the batch fails because of a row, it is halved until the bad row stands alone, so that it harms
//! nobody else; if it fails because of the database, everyone in it hears so at once. Waiters wait for a bounded
//! time; what becomes of a request whose waiter left is the committer's business.

use std::{future::Future, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

use crate::error::StoreError;

/// How many requests share a transaction: past some hundreds a commit's fixed cost no longer shows, and
/// the first in the batch would wait for the last.
pub(crate) const MAX_BATCH: usize = 512;
/// How many requests may wait. Eight batches: over that the database is too slow for the load, and the
/// senders themselves are made to wait, each up to the store's patience.
pub(crate) const MAX_WAITING: usize = 8 * MAX_BATCH;

/// From so many in one transaction on, the next one waits for company.
const BUSY: usize = 4;

/// What one queue commits, and how.
pub(crate) trait Committer: Send + 'static {
    type Request: Send + Sync + 'static;
    type Outcome: Send + 'static;

    /// How long a transaction waits for company where one follows on the other. Each commit has a cost of its own,
    /// some ten times that of one request in it; a lone request never waits.
    const GATHERS_FOR: Duration;

    /// Whether a request is still worth committing: a waiter may have left.
    fn is_wanted(&self, request: &Self::Request) -> bool;

    /// Commits all of them in one transaction; one outcome for each, in order.
    fn commit(
        &mut self,
        requests: &[Self::Request],
    ) -> impl Future<Output = Result<Vec<Self::Outcome>, StoreError>> + Send;

    /// Tells the waiter.
    fn answer(&mut self, request: Self::Request, outcome: Result<Self::Outcome, StoreError>);

    /// Adds work that nobody waits for: what is due, and to the last batch what is not yet due, too.
    fn add_owed(&mut self, batch: &mut Vec<Self::Request>, is_last: bool);

    /// Resolves when such work is due.
    fn owed_is_due(&self) -> impl Future<Output = ()> + Send;
}

/// Runs until `stop`, then commits what still waits.
pub(crate) async fn run<C: Committer>(
    mut committer: C,
    mut waiting: mpsc::Receiver<C::Request>,
    stop: CancellationToken,
) {
    let mut batch = Vec::with_capacity(MAX_BATCH);
    let mut is_busy = false;
    loop {
        let stopping = waiting.is_closed();
        tokio::select! {
            biased;
            () = stop.cancelled(), if !stopping => {
                waiting.close();
                continue;
            }
            taken = waiting.recv_many(&mut batch, MAX_BATCH) => {
                if taken == 0 {
                    break;
                }
            }
            () = committer.owed_is_due(), if !stopping => {}
        }
        if is_busy && !stopping && batch.len() < MAX_BATCH {
            tokio::time::sleep(C::GATHERS_FOR).await;
            while batch.len() < MAX_BATCH
                && let Ok(request) = waiting.try_recv()
            {
                batch.push(request);
            }
        }
        committer.add_owed(&mut batch, false);
        is_busy = batch.len() >= BUSY && !C::GATHERS_FOR.is_zero();
        commit_and_answer(&mut committer, std::mem::take(&mut batch)).await;
    }
    committer.add_owed(&mut batch, true);
    commit_and_answer(&mut committer, batch).await;
}

async fn commit_and_answer<C: Committer>(committer: &mut C, mut batch: Vec<C::Request>) {
    batch.retain(|request| committer.is_wanted(request));
    // Halving takes at most two parts for each request, so the stack is bounded by the batch.
    let mut parts = vec![batch];
    while let Some(mut part) = parts.pop() {
        if part.is_empty() {
            continue;
        }
        match commit_patiently(committer, &part).await {
            Ok(outcomes) => {
                for (request, outcome) in part.into_iter().zip(outcomes) {
                    committer.answer(request, Ok(outcome));
                }
            }
            Err(error) if part.len() > 1 && !error.concerns_the_database() => {
                tracing::warn!(error = %error, batch.requests = part.len(), "a batch has a bad row; halving it");
                let second = part.split_off(part.len() / 2);
                parts.push(second);
                parts.push(part);
            }
            Err(error) => {
                for request in part {
                    committer.answer(request, Err(error.clone()));
                }
            }
        }
    }
}

/// Tries again when the transaction only lost against another one (a deadlock, a serialization failure).
async fn commit_patiently<C: Committer>(
    committer: &mut C,
    requests: &[C::Request],
) -> Result<Vec<C::Outcome>, StoreError> {
    const TRIES: usize = 3;
    let mut result = committer.commit(requests).await;
    for _ in 1..TRIES {
        match &result {
            Err(error) if error.is_lost_race() => result = committer.commit(requests).await,
            _ => break,
        }
    }
    result
}

/// A bounded wait for a place in a queue and for the answer; both can fail only by the store's being closed.
pub(crate) async fn ask<R, T>(
    queue: &mpsc::Sender<R>,
    patience: Duration,
    request: impl FnOnce(oneshot::Sender<T>) -> R,
) -> Result<T, StoreError> {
    enqueue(queue, patience, request).await?.answer().await
}

/// The first half of [`ask`]: the request has its place in the queue when this returns.
pub(crate) async fn enqueue<R, T>(
    queue: &mpsc::Sender<R>,
    patience: Duration,
    request: impl FnOnce(oneshot::Sender<T>) -> R,
) -> Result<Asked<T>, StoreError> {
    let deadline = Instant::now() + patience;
    let (reply, answer) = oneshot::channel();
    match timeout_at(deadline, queue.send(request(reply))).await {
        Ok(Ok(())) => Ok(Asked { answer, deadline }),
        Ok(Err(_)) => Err(closed()),
        Err(_) => Err(too_late()),
    }
}

/// A request that has its place in a queue. Dropped, it is not committed unless it is under way already.
pub(crate) struct Asked<T> {
    answer: oneshot::Receiver<T>,
    deadline: Instant,
}

impl<T> Asked<T> {
    pub(crate) async fn answer(self) -> Result<T, StoreError> {
        timeout_at(self.deadline, self.answer)
            .await
            .map_err(|_| too_late())?
            .map_err(|_| closed())
    }
}

fn too_late() -> StoreError {
    StoreError::unavailable("it did not commit in time")
}

fn closed() -> StoreError {
    StoreError::unavailable("the store is closed")
}
