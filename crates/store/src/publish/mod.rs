//! Publishing, and the stream of what was published.
//!
//! A notification is one row and one target for each address of its audience, whatever the number of its
//! readers. Positions never skip: publishers assign ids one after the other and hold their turn until the commit
//! (on PostgreSQL by an advisory lock, on SQLite as the one writer), so who has read up to a position has missed
//! nothing below it. `writer` is the task that group-commits them, `batch` decides on them and `transaction` writes
//! them: `rows`, the `keys` that know a repeated publish, and what one `collapse`s with; `headcount` knows how many users there are; `stream` reads what came of it, from `tail` what this store has just
//! written itself.

mod batch;
mod collapse;
mod fingerprint;
mod headcount;
mod keys;
mod rows;
mod scheduled;
mod stream;
mod tail;
mod transaction;
mod writer;

use std::collections::BTreeSet;

pub use keys::KEYS_LAST_MS;
pub(crate) use stream::{HEAD, head};
pub use writer::Publishing;
pub(crate) use writer::Queue;

use crate::{
    MAX_NAMED_USERS, Store,
    db::mapped,
    error::PublishError,
    model::{
        Audience, NewNotification, Notification, NotificationId, Published, Publisher, Role,
        Severity, Target, Timestamp, TopicName, UserId,
    },
};

/// Begins a transaction in the publishers' turn, inside a body of `on!`. SQLite's one writer has it anyway.
macro_rules! begin_in_turn {
    ($connection:expr, $engine:expr) => {{
        let mut transaction = $crate::db::begin($connection, $engine).await?;
        if $engine == $crate::Engine::Postgres {
            sqlx::query($crate::publish::TURN)
                .execute(&mut *transaction)
                .await?;
        }
        transaction
    }};
}
pub(crate) use begin_in_turn;
pub(crate) use rows::TURN;

/// The columns of a [`Notification`], from `notifications AS n` and its publisher, `users AS p`.
macro_rules! notification_columns {
    () => {
        "n.id, n.title, n.body, n.severity, n.kind, n.event, n.link, n.data, n.created_at, n.expires_at, \
         n.requires_ack, n.replaces, n.publisher_id, COALESCE(p.username, CAST(p.id AS TEXT)) AS publisher_name"
    };
}
pub(crate) use notification_columns;

mapped!(Notification, |row| {
    let publisher_id: Option<i64> = row.try_get("publisher_id")?;
    let publisher_name: Option<String> = row.try_get("publisher_name")?;
    Ok(Notification {
        id: NotificationId(row.try_get("id")?),
        title: row.try_get("title")?,
        body: row.try_get("body")?,
        severity: row
            .try_get::<&str, _>("severity")?
            .parse()
            .unwrap_or(Severity::Info),
        kind: row.try_get("kind")?,
        event: row.try_get("event")?,
        link: row.try_get("link")?,
        data: row.try_get("data")?,
        created_at: row.try_get("created_at")?,
        expires_at: row.try_get("expires_at")?,
        requires_ack: row.try_get("requires_ack")?,
        replaces: row
            .try_get::<Option<i64>, _>("replaces")?
            .map(NotificationId),
        publisher: publisher_id
            .zip(publisher_name)
            .map(|(id, username)| Publisher {
                id: UserId(id),
                username,
            }),
    })
});

impl Store {
    /// Commits a notification for its audience. Group-committed: when it returns `Ok`, the notification is in
    /// each recipient's inbox. After [`Unavailable`](crate::StoreError::Unavailable) it may be or not.
    pub async fn publish(
        &self,
        new: NewNotification,
        now: Timestamp,
    ) -> Result<Published, PublishError> {
        self.begin_publish(new, now).await?.committed().await
    }

    /// The first half of [`publish`](Self::publish): it has its place among the others when this returns, so that those
    /// begun one after the other get their ids in that order, and yet share a commit.
    pub async fn begin_publish(
        &self,
        new: NewNotification,
        now: Timestamp,
    ) -> Result<Publishing, PublishError> {
        let targets = targets(&new.to)?;
        self.inner.publisher.begin(new, targets, now, None).await
    }
}

/// The targets of an audience, each once. Whether the users exist is checked in the transaction.
fn targets(audience: &Audience) -> Result<Targets, PublishError> {
    let users: BTreeSet<UserId> = audience.users.iter().copied().collect();
    if users.len() > MAX_NAMED_USERS {
        return Err(PublishError::TooManyUsers {
            given: users.len(),
            max: MAX_NAMED_USERS,
        });
    }
    let mut roles: Vec<Role> = Vec::new();
    let mut unknown = Vec::new();
    for name in &audience.roles {
        match name.parse() {
            Ok(role) if roles.contains(&role) => {}
            Ok(role) => roles.push(role),
            Err(_) => unknown.push(name.clone()),
        }
    }
    if !unknown.is_empty() {
        return Err(PublishError::UnknownRoles(unknown));
    }
    if users.is_empty() && roles.is_empty() && audience.topic.is_none() && !audience.all {
        return Err(PublishError::EmptyAudience);
    }
    Ok(Targets {
        users,
        roles,
        topic: audience.topic.clone(),
        all: audience.all,
    })
}

/// A checked audience.
pub(crate) struct Targets {
    users: BTreeSet<UserId>,
    roles: Vec<Role>,
    topic: Option<TopicName>,
    all: bool,
}

impl Targets {
    fn is_for_a_group(&self) -> bool {
        self.all || !self.roles.is_empty()
    }

    fn keys(&self) -> impl Iterator<Item = Target> {
        let roles = self.roles.iter().copied().map(Target::Role);
        let topic = self.topic.clone().map(Target::Topic);
        let users = self.users.iter().copied().map(Target::User);
        self.all
            .then_some(Target::All)
            .into_iter()
            .chain(topic)
            .chain(roles)
            .chain(users)
    }
}
