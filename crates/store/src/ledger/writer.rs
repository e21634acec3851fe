//! The task that commits the ledger: opens, closes and refusals share its transactions.
//!
//! A caller may leave at any moment, in the middle of a commit too. What is opened for it travels back as an
//! [`Unclaimed`] row, which closes itself if nobody takes it: so a row without a socket does not stay active
//! (law L2), however the caller went.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use super::{
    batch::{self, Progress},
    ids::Reserve,
    owed::{ADMISSION_FAILED, AsOpened, Close, Owed, looks_within},
};
use crate::{
    Engine,
    db::Db,
    error::{OpenError, StoreError},
    group_commit::{Committer, MAX_BATCH, ask},
    model::{Closed, NewRefusal, NewSession, Opened, SessionId, Timestamp},
};

/// How many refusals may wait. A flood of refused clients must not keep the accepted ones waiting.
const MAX_REFUSALS_WAITING: usize = 256;

/// What the ledger's writer is asked.
pub(crate) enum Request {
    Open {
        new: NewSession,
        /// The waiter; the row is its own once it takes it.
        reply: oneshot::Sender<Result<Unclaimed, OpenError>>,
    },
    Close {
        close: Close,
        /// The waiter, unless nobody waits.
        reply: Option<oneshot::Sender<Result<Closed, StoreError>>>,
    },
    Refuse(NewRefusal),
}

/// What became of a request that was committed.
pub(crate) enum Outcome {
    Opened(Opened),
    UnknownUser,
    DisabledUser,
    TooMany { active: u64, max: u64 },
    NoLease,
    NotWritten,
    Closed(Closed),
    Refused,
}

/// A committed row on its way to the caller that asked for it.
pub(crate) struct Unclaimed {
    opened: Opened,
    /// How it is closed if nobody takes it.
    undo: Option<Close>,
    owed: Arc<Owed>,
}

impl Unclaimed {
    fn claim(mut self) -> Opened {
        self.undo = None;
        self.opened.clone()
    }
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        if let Some(close) = self.undo.take() {
            self.owed.add(close);
        }
    }
}

/// The close of a row that its client never heard of. Nothing was heard on it: the time is that of the connection.
fn undo(new: &NewSession, id: SessionId) -> Close {
    Close {
        id,
        opened: Some(AsOpened {
            socket_id: new.socket_id.clone(),
            recovers: new.recovers.as_ref().map(|it| it.recovery_id.clone()),
        }),
        reason: ADMISSION_FAILED,
        at: new.connected_at,
        last_seen_at: new.connected_at,
        refusals: 0,
        looks: 0,
    }
}

/// The way to the writer, shared by all clones of the store.
pub(crate) struct Queue {
    /// Many send, the writer's task receives; bounded by `MAX_WAITING`, senders wait up to their patience.
    requests: mpsc::Sender<Request>,
    owed: Arc<Owed>,
    refusals: Arc<Refusals>,
    socket_ids_are_unique: Arc<AtomicBool>,
    patience: Duration,
}

#[derive(Default)]
struct Refusals {
    waiting: AtomicUsize,
    dropped: AtomicU64,
}

impl Queue {
    pub(crate) fn new(requests: mpsc::Sender<Request>, patience: Duration) -> Self {
        Self {
            requests,
            owed: Arc::default(),
            refusals: Arc::default(),
            socket_ids_are_unique: Arc::default(),
            patience,
        }
    }

    /// Says whether the table takes each socket id once at most: then a connection that continues another gets one of
    /// its own.
    pub(crate) fn set_socket_ids_are_unique(&self, are_unique: bool) {
        self.socket_ids_are_unique
            .store(are_unique, Ordering::Relaxed);
    }

    /// The other end, to be run as a task.
    pub(crate) fn writer(&self, db: Arc<Db>) -> Writer {
        Writer {
            db,
            reserve: Reserve::default(),
            owed: Arc::clone(&self.owed),
            refusals: Arc::clone(&self.refusals),
            socket_ids_are_unique: Arc::clone(&self.socket_ids_are_unique),
            looks: looks_within(2 * self.patience),
        }
    }

    pub(crate) async fn open(&self, new: NewSession) -> Result<Opened, OpenError> {
        let row = ask(&self.requests, self.patience, |reply| Request::Open {
            new,
            reply,
        })
        .await??;
        Ok(row.claim())
    }

    pub(crate) async fn close(
        &self,
        id: SessionId,
        reason: &'static str,
        at: Timestamp,
        last_seen_at: Timestamp,
    ) -> Result<Closed, StoreError> {
        let close = Close {
            id,
            opened: None,
            reason,
            at,
            last_seen_at,
            refusals: 0,
            looks: 0,
        };
        let deadline = Instant::now() + self.patience;
        // While the queue is full, or once the request is dropped unread, it is owed like any other.
        let unsent = Unsent(Some((close.clone(), Arc::clone(&self.owed))));
        let send = tokio::time::timeout_at(deadline, self.requests.reserve());
        let Ok(Ok(place)) = send.await else {
            return Err(StoreError::unavailable(
                "the queue of the ledger is full; the close is remembered",
            ));
        };
        unsent.sent();
        let (reply, answer) = oneshot::channel();
        place.send(Request::Close {
            close,
            reply: Some(reply),
        });
        match tokio::time::timeout_at(deadline, answer).await {
            Ok(Ok(result)) => result,
            _ => Err(StoreError::unavailable(
                "it did not commit in time; the close goes on",
            )),
        }
    }

    pub(crate) fn refuse(&self, refusal: NewRefusal) {
        let waiting = self.refusals.waiting.fetch_add(1, Ordering::Relaxed);
        let taken = waiting < MAX_REFUSALS_WAITING
            && self.requests.try_send(Request::Refuse(refusal)).is_ok();
        if !taken {
            self.refusals.waiting.fetch_sub(1, Ordering::Relaxed);
            self.refusals.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn refusals_dropped(&self) -> u64 {
        self.refusals.dropped.load(Ordering::Relaxed)
    }
}

/// A close that is not in the queue yet; dropped there (its caller left), it becomes owed.
struct Unsent(Option<(Close, Arc<Owed>)>);

impl Unsent {
    fn sent(mut self) {
        self.0 = None;
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        if let Some((close, owed)) = self.0.take() {
            owed.add(close);
        }
    }
}

/// Commits what the queue hands it.
pub(crate) struct Writer {
    db: Arc<Db>,
    reserve: Reserve,
    owed: Arc<Owed>,
    refusals: Arc<Refusals>,
    socket_ids_are_unique: Arc<AtomicBool>,
    /// How often a row is looked for whose commit ended without an answer. The database may work on that commit
    /// for a while after its client is gone, and until it ends the row is not to be found.
    looks: u32,
}

impl Committer for Writer {
    type Request = Request;
    type Outcome = Outcome;

    const GATHERS_FOR: Duration = Duration::from_millis(1);

    fn is_wanted(&self, request: &Request) -> bool {
        !matches!(request, Request::Open { reply, .. } if reply.is_closed())
    }

    async fn commit(&mut self, requests: &[Request]) -> Result<Vec<Outcome>, StoreError> {
        let mut progress = Progress::default();
        let are_unique = self.socket_ids_are_unique.load(Ordering::Relaxed);
        let reserve = &mut self.reserve;
        let outcome = batch::commit(&self.db, requests, are_unique, reserve, &mut progress).await;
        if let Err(error) = &outcome
            && progress.committing
            && self.may_have_committed(error)
        {
            // The rows may be there or not. They were promised to nobody.
            self.undo_all(requests, &progress.opened);
        }
        outcome
    }

    fn answer(&mut self, request: Request, outcome: Result<Outcome, StoreError>) {
        match request {
            Request::Open { new, reply } => {
                // A reply that nobody receives comes back and is dropped: an unclaimed row then closes itself.
                reply.send(self.opened(&new, outcome)).ok();
            }
            Request::Close { close, reply } => {
                let result = outcome.map(|outcome| match outcome {
                    Outcome::Closed(closed) => closed,
                    _ => Closed::Already,
                });
                match &result {
                    Ok(Closed::Now) => {}
                    Ok(Closed::Already) => self.owed.not_found(close),
                    Err(error) if error.concerns_the_database() => self.owed.retry(close),
                    Err(error) => self.owed.refused(close, error),
                }
                if let Some(reply) = reply {
                    reply.send(result).ok();
                }
            }
            Request::Refuse(_) => {
                self.refusals.waiting.fetch_sub(1, Ordering::Relaxed);
                if outcome.is_err() {
                    self.refusals.dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    fn add_owed(&mut self, batch: &mut Vec<Request>, is_last: bool) {
        let closes = if is_last {
            self.owed.take_all(MAX_BATCH)
        } else {
            self.owed.take_due(MAX_BATCH)
        };
        batch.extend(
            closes
                .into_iter()
                .map(|close| Request::Close { close, reply: None }),
        );
    }

    async fn owed_is_due(&self) {
        self.owed.due().await;
    }
}

impl Writer {
    /// SQLite's own refusal of a commit is certain, and so is any row's fault; no answer, or PostgreSQL's last
    /// word before it goes down, is not.
    fn may_have_committed(&self, error: &StoreError) -> bool {
        match error {
            StoreError::Unavailable(cause) => {
                self.db.engine() == Engine::Postgres || !cause.is_answer()
            }
            _ => false,
        }
    }

    fn opened(
        &self,
        new: &NewSession,
        outcome: Result<Outcome, StoreError>,
    ) -> Result<Unclaimed, OpenError> {
        match outcome? {
            Outcome::Opened(opened) => Ok(Unclaimed {
                undo: Some(undo(new, opened.id)),
                opened,
                owed: Arc::clone(&self.owed),
            }),
            Outcome::UnknownUser => Err(OpenError::UnknownUser),
            Outcome::DisabledUser => Err(OpenError::DisabledUser),
            Outcome::TooMany { active, max } => Err(OpenError::TooManySessions { active, max }),
            Outcome::NoLease => Err(OpenError::NoLease),
            _ => Err(StoreError::unavailable("the table did not take the row").into()),
        }
    }

    fn undo_all(&self, requests: &[Request], opened: &[(usize, SessionId)]) {
        for (index, id) in opened {
            if let Some(Request::Open { new, .. }) = requests.get(*index) {
                self.owed.add(Close {
                    looks: self.looks,
                    ..undo(new, *id)
                });
            }
        }
    }
}
