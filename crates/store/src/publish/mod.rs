//! Publishing, and the stream of what was published.
//!
//! A notification is one row and one target for each address of its audience, whatever the number of its
//! readers. Positions never skip: publishers assign ids one after the other and hold their turn until the commit
//! (on PostgreSQL by an advisory lock, on SQLite as the one writer), so who has read up to a position has missed
//! nothing below it. `writer` is the task that group-commits them, `batch` its statements.

mod batch;
mod writer;

use std::collections::BTreeSet;

pub(crate) use writer::Queue;

use crate::{
    MAX_NAMED_USERS, Store,
    db::{mapped, on},
    error::{PublishError, StoreError},
    model::{
        Audience, NewNotification, Notification, NotificationId, Outgoing, Position, Published,
        Publisher, Role, Severity, Target, Timestamp, UserId,
    },
    page,
};

/// The columns of a [`Notification`], from `notifications AS n` and its publisher, `users AS p`.
macro_rules! notification_columns {
    () => {
        "n.id, n.title, n.body, n.severity, n.kind, n.event, n.link, n.data, n.created_at, n.expires_at, \
         n.requires_ack, n.publisher_id, COALESCE(p.username, CAST(p.id AS TEXT)) AS publisher_name"
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
        publisher: publisher_id
            .zip(publisher_name)
            .map(|(id, username)| Publisher {
                id: UserId(id),
                username,
            }),
    })
});

/// A notification beside one of its targets.
struct Addressed {
    notification: Notification,
    target: String,
}

mapped!(Addressed, |row| {
    Ok(Addressed {
        notification: Notification::from_row(row)?,
        target: row.try_get("target")?,
    })
});

const PUBLISHED_AFTER: &str = concat!(
    "SELECT t.target, ",
    notification_columns!(),
    " FROM (SELECT * FROM notifications WHERE id > $1 ORDER BY id LIMIT $2) AS n \
     JOIN notification_targets AS t ON t.notification_id = n.id \
     LEFT JOIN users AS p ON p.id = n.publisher_id ORDER BY n.id, t.target"
);

impl Store {
    /// Commits a notification for its audience. Group-committed: when it returns `Ok`, the notification is in
    /// each recipient's inbox. After [`StoreError::Unavailable`] it may be or not.
    pub async fn publish(
        &self,
        new: NewNotification,
        now: Timestamp,
    ) -> Result<Published, PublishError> {
        let targets = targets(&new.to)?;
        self.inner.publisher.publish(new, targets, now).await
    }

    /// The newest committed position.
    pub async fn head(&self) -> Result<Position, StoreError> {
        on!(&self.inner.db, readers, |connection, _engine| {
            let query = sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM notifications");
            Ok(Position(query.fetch_one(connection).await?))
        })
    }

    /// What was published after a position, ascending, with its targets, expired ones included: what a node's
    /// fan-out reads.
    pub async fn published_after(
        &self,
        after: Position,
        limit: u32,
    ) -> Result<Vec<Outgoing>, StoreError> {
        let limit = page::limit(limit);
        let rows: Vec<Addressed> = on!(&self.inner.db, readers, |connection, _engine| {
            let query = sqlx::query_as(PUBLISHED_AFTER).bind(after.0).bind(limit);
            Ok(query.fetch_all(connection).await?)
        })?;
        let mut published: Vec<Outgoing> = Vec::new();
        for row in rows {
            // A target that a newer version wrote is a newer version's to deliver.
            let target: Option<Target> = row.target.parse().ok();
            match published
                .last_mut()
                .filter(|last| last.notification.id == row.notification.id)
            {
                Some(last) => last.targets.extend(target),
                None => published.push(Outgoing {
                    notification: row.notification,
                    targets: target.into_iter().collect(),
                }),
            }
        }
        Ok(published)
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
    if users.is_empty() && roles.is_empty() && !audience.all {
        return Err(PublishError::EmptyAudience);
    }
    Ok(Targets {
        users,
        roles,
        all: audience.all,
    })
}

/// A checked audience.
pub(crate) struct Targets {
    users: BTreeSet<UserId>,
    roles: Vec<Role>,
    all: bool,
}

impl Targets {
    fn keys(&self) -> impl Iterator<Item = Target> {
        let users = self.users.iter().copied().map(Target::User);
        let roles = self.roles.iter().copied().map(Target::Role);
        users.chain(roles).chain(self.all.then_some(Target::All))
    }
}
