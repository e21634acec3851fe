//! The task that commits publishes: whoever waits while one transaction runs shares the next.

use std::{sync::Arc, time::Duration};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{
    Targets, batch, fingerprint,
    headcount::{self, Headcount},
    keys::Key,
    tail::Tail,
};
use crate::{
    db::Db,
    error::{PublishError, StoreError},
    group_commit::{Asked, Committer, enqueue},
    model::{NewNotification, Published, ScheduledId, Timestamp, UserId},
};

/// One publish, with its waiter.
pub(crate) struct Request {
    pub(crate) new: NewNotification,
    pub(crate) targets: Targets,
    pub(crate) now: Timestamp,
    pub(super) key: Option<Key>,
    /// Those of which the newest replaces the others.
    pub(super) collapse_group: Option<String>,
    /// What was scheduled, and is published now: once, whoever tries to.
    pub(super) scheduled: Option<ScheduledId>,
    reply: oneshot::Sender<Result<Published, PublishError>>,
}

/// What became of a publish whose transaction was committed.
pub(crate) enum Outcome {
    Published(Published),
    UnknownUsers(Vec<UserId>),
    NotAllowed,
    KeyReused,
    /// It was scheduled, and is so no more.
    Gone,
}

/// The way to the writer, shared by all clones of the store.
pub(crate) struct Queue {
    /// Many send, the writer's task receives; bounded by `MAX_WAITING`, senders wait up to their patience.
    requests: mpsc::Sender<Request>,
    patience: Duration,
    headcount: Arc<Headcount>,
    tail: Arc<Tail>,
}

impl Queue {
    pub(crate) fn new(requests: mpsc::Sender<Request>, patience: Duration) -> Self {
        Self {
            requests,
            patience,
            headcount: Arc::default(),
            tail: Arc::default(),
        }
    }

    /// The other end, to be run as a task.
    pub(crate) fn writer(&self, db: Arc<Db>) -> Writer {
        Writer {
            db,
            headcount: Arc::clone(&self.headcount),
            tail: Arc::clone(&self.tail),
        }
    }

    /// To be run as a task, beside the writer.
    pub(crate) fn keep_counting(
        &self,
        db: Arc<Db>,
        stop: CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<> {
        headcount::keep(Arc::clone(&self.headcount), db, stop)
    }

    /// To be told after each change to the accounts.
    pub(crate) fn users_changed(&self) {
        self.headcount.users_changed();
    }

    pub(super) fn tail(&self) -> &Tail {
        &self.tail
    }

    pub(crate) async fn begin(
        &self,
        new: NewNotification,
        targets: Targets,
        now: Timestamp,
        scheduled: Option<ScheduledId>,
    ) -> Result<Publishing, PublishError> {
        let key = Key::of(&new, &targets, None);
        let collapse_key = new.collapse_key.as_deref();
        let collapse_group =
            collapse_key.map(|key| fingerprint::group(new.publisher, key, &targets));
        let asked = enqueue(&self.requests, self.patience, |reply| Request {
            new,
            targets,
            now,
            key,
            collapse_group,
            scheduled,
            reply,
        });
        Ok(Publishing(asked.await?))
    }
}

/// A publish that has its place among the others, and is not yet known to be committed. Who drops it gives it up,
/// unless its transaction is under way.
pub struct Publishing(Asked<Result<Published, PublishError>>);

impl Publishing {
    /// As [`Store::publish`](crate::Store::publish).
    pub async fn committed(self) -> Result<Published, PublishError> {
        self.0.answer().await?
    }
}

/// Commits what the queue hands it.
pub(crate) struct Writer {
    db: Arc<Db>,
    headcount: Arc<Headcount>,
    tail: Arc<Tail>,
}

impl Request {
    /// Whether nothing but the notification is to be written.
    pub(super) fn is_plain(&self) -> bool {
        self.key.is_none() && self.collapse_group.is_none() && self.scheduled.is_none()
    }
}

impl Committer for Writer {
    type Request = Request;
    type Outcome = Outcome;

    /// Somebody waits for each answer, and each is followed by a delivery.
    const GATHERS_FOR: Duration = Duration::ZERO;

    fn is_wanted(&self, request: &Request) -> bool {
        !request.reply.is_closed()
    }

    async fn commit(&mut self, requests: &[Request]) -> Result<Vec<Outcome>, StoreError> {
        batch::commit(&self.db, &self.headcount, &self.tail, requests).await
    }

    fn answer(&mut self, request: Request, outcome: Result<Outcome, StoreError>) {
        let result = match outcome {
            Ok(Outcome::Published(published)) => Ok(published),
            Ok(Outcome::UnknownUsers(users)) => Err(PublishError::UnknownUsers(users)),
            Ok(Outcome::NotAllowed) => Err(PublishError::NotAllowed),
            Ok(Outcome::KeyReused) => Err(PublishError::KeyReused),
            Ok(Outcome::Gone) => Err(PublishError::Gone),
            Err(error) => Err(error.into()),
        };
        // Who left finds the notification in the inbox.
        request.reply.send(result).ok();
    }

    fn add_owed(&mut self, _batch: &mut Vec<Request>, _is_last: bool) {}

    async fn owed_is_due(&self) {
        std::future::pending().await
    }
}
