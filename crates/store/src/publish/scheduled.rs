//! What is to be published later.
//!
//! A row waits until its time. It is taken away in the transaction that publishes it, so it is published once, on
//! whatever server, through any crash. It has no place in the stream before: who joins its audience meanwhile sees it.

use serde::{Deserialize, Serialize};

use super::{
    Targets,
    keys::{self, Asked, Kept, Key, Known},
    rows::{self, TURN},
    targets,
};
use crate::{
    Engine, Store,
    bind::{Array, json, storable},
    cursor::{Cursor, List},
    db::{self, Sql, mapped, on},
    error::{PublishError, RecallError, StoreError},
    model::{
        Audience, NewNotification, Page, Published, Publisher, Scheduled, ScheduledId,
        ScheduledItem, Severity, Timestamp, TopicName, UserId,
    },
    page,
};

/// Takes these away, `$1`; those that were there.
pub(super) const TAKE: Sql = Sql {
    sqlite: "DELETE FROM scheduled_notifications WHERE id IN (SELECT value FROM json_each($1)) RETURNING id",
    postgres: "DELETE FROM scheduled_notifications WHERE id = ANY($1) RETURNING id",
};

const INSERT: &str = "INSERT INTO scheduled_notifications (deliver_at, created_at, publisher_id, content) \
     VALUES ($1, $2, $3, $4) RETURNING id";

macro_rules! columns {
    () => {
        "SELECT s.id, s.deliver_at, s.created_at, s.publisher_id, s.content, \
                COALESCE(u.username, CAST(s.publisher_id AS TEXT)) AS publisher_name \
         FROM scheduled_notifications AS s LEFT JOIN users AS u ON u.id = s.publisher_id "
    };
}

const DUE: &str = concat!(
    columns!(),
    "WHERE s.deliver_at <= $1 ORDER BY s.deliver_at, s.id LIMIT $2"
);
const LIST: &str = concat!(columns!(), "WHERE s.id < $1 ORDER BY s.id DESC LIMIT $2");
const LIST_OWN: &str = concat!(
    columns!(),
    "WHERE s.id < $1 AND s.publisher_id = $3 ORDER BY s.id DESC LIMIT $2"
);
const NEXT: &str = "SELECT MIN(deliver_at) FROM scheduled_notifications";
const PUBLISHER: &str = "SELECT publisher_id FROM scheduled_notifications WHERE id = $1";
const CANCEL: &str = "DELETE FROM scheduled_notifications WHERE id = $1";

/// A notification as its row keeps it.
#[derive(Serialize, Deserialize)]
struct Content {
    users: Vec<i64>,
    roles: Vec<String>,
    #[serde(default)]
    topic: Option<String>,
    all: bool,
    title: String,
    body: Option<String>,
    severity: String,
    kind: Option<String>,
    event: Option<String>,
    link: Option<String>,
    data: Option<String>,
    /// Milliseconds since the epoch.
    expires_at: Option<i64>,
    requires_ack: bool,
    collapse_key: Option<String>,
}

impl Content {
    fn of(new: &NewNotification) -> Self {
        Self {
            users: new.to.users.iter().map(|user| user.0).collect(),
            roles: new.to.roles.clone(),
            topic: new.to.topic.as_ref().map(TopicName::to_string),
            all: new.to.all,
            title: new.title.clone(),
            body: new.body.clone(),
            severity: new.severity.as_str().to_owned(),
            kind: new.kind.clone(),
            event: new.event.clone(),
            link: new.link.clone(),
            data: new.data.clone(),
            expires_at: new.expires_at.map(|at| at.0),
            requires_ack: new.requires_ack,
            collapse_key: new.collapse_key.clone(),
        }
    }

    fn notification(self, publisher: Option<UserId>) -> NewNotification {
        NewNotification {
            to: Audience {
                users: self.users.into_iter().map(UserId).collect(),
                roles: self.roles,
                topic: self.topic.and_then(|topic| topic.parse().ok()),
                all: self.all,
            },
            title: self.title,
            body: self.body,
            severity: self.severity.parse().unwrap_or(Severity::Info),
            kind: self.kind,
            event: self.event,
            link: self.link,
            data: self.data,
            expires_at: self.expires_at.map(Timestamp),
            requires_ack: self.requires_ack,
            collapse_key: self.collapse_key,
            // The row itself is published once.
            idempotency_key: None,
            publisher,
            // It was asked when it was scheduled.
            only_by: None,
        }
    }
}

mapped!(ScheduledItem, |row| {
    let publisher: Option<i64> = row.try_get("publisher_id")?;
    let name: Option<String> = row.try_get("publisher_name")?;
    let content: &str = row.try_get("content")?;
    let content: Content =
        serde_json::from_str(content).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    Ok(ScheduledItem {
        id: ScheduledId(row.try_get("id")?),
        created_at: row.try_get("created_at")?,
        deliver_at: row.try_get("deliver_at")?,
        publisher: publisher.zip(name).map(|(id, username)| Publisher {
            id: UserId(id),
            username,
        }),
        notification: content.notification(publisher.map(UserId)),
    })
});

impl Store {
    /// Commits a notification to be published at a time. Whether its publisher may publish is the caller's to ask.
    pub async fn schedule(
        &self,
        new: NewNotification,
        deliver_at: Timestamp,
        now: Timestamp,
    ) -> Result<Scheduled, PublishError> {
        let targets = targets(&new.to)?;
        let key = Key::of(&new, &targets, Some(deliver_at));
        let content = json(&Content::of(&new));
        let named = named(&targets);
        let scheduled: Result<Scheduled, PublishError> =
            on!(&self.inner.db, writers, |connection, engine| {
                let mut transaction = db::begin(connection, engine).await?;
                if let Some(key) = &key {
                    if engine == Engine::Postgres {
                        sqlx::query(TURN).execute(&mut *transaction).await?;
                    }
                    let known: Option<Known> = sqlx::query_as(keys::KNOWN.on(engine))
                        .bind(json(&Asked::one(new.publisher, key)))
                        .bind(now.plus_ms(-keys::KEYS_LAST_MS))
                        .fetch_optional(&mut *transaction)
                        .await?;
                    if let Some(known) = known {
                        return Ok(repeated(&known, key, deliver_at));
                    }
                }
                if !named.is_empty() {
                    let unknown: Vec<i64> = rows::unknown_users!(&mut *transaction, engine, named);
                    if !unknown.is_empty() {
                        let unknown = unknown.into_iter().map(UserId).collect();
                        return Ok(Err(PublishError::UnknownUsers(unknown)));
                    }
                }
                let id: i64 = sqlx::query_scalar(INSERT)
                    .bind(deliver_at)
                    .bind(now)
                    .bind(new.publisher.map(|user| user.0))
                    .bind(storable(&content))
                    .fetch_one(&mut *transaction)
                    .await?;
                if let Some(key) = &key {
                    let kept = Kept::scheduled(new.publisher, key, ScheduledId(id), now);
                    sqlx::query(keys::KEEP.on(engine))
                        .bind(json(&kept))
                        .execute(&mut *transaction)
                        .await?;
                }
                transaction.commit().await?;
                Ok::<_, StoreError>(Ok(Scheduled {
                    id: ScheduledId(id),
                    created_at: now,
                    deliver_at,
                    is_repeat: false,
                }))
            })?;
        scheduled
    }

    /// What is to be published later, the last scheduled first: of one publisher, or of all.
    pub async fn list_scheduled(
        &self,
        publisher: Option<UserId>,
        before: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<ScheduledItem>, StoreError> {
        let before = page::key(before, List::Scheduled, i64::MAX)?;
        let limit = page::limit(limit);
        let items: Vec<ScheduledItem> = on!(&self.inner.db, readers, |connection, _engine| {
            let query = match publisher {
                Some(publisher) => sqlx::query_as(LIST_OWN)
                    .bind(before)
                    .bind(limit + 1)
                    .bind(publisher.0),
                None => sqlx::query_as(LIST).bind(before).bind(limit + 1),
            };
            Ok(query.fetch_all(connection).await?)
        })?;
        Ok(page::of(items, limit, List::Scheduled, |item| item.id.0))
    }

    /// Takes back what is not yet published: one's own, or anybody's with `None`.
    pub async fn cancel_scheduled(
        &self,
        id: ScheduledId,
        by: Option<UserId>,
    ) -> Result<(), RecallError> {
        let cancelled: Result<(), RecallError> =
            on!(&self.inner.db, writers, |connection, engine| {
                let mut transaction = db::begin(connection, engine).await?;
                let found: Option<Option<i64>> = sqlx::query_scalar(PUBLISHER)
                    .bind(id.0)
                    .fetch_optional(&mut *transaction)
                    .await?;
                let Some(publisher) = found else {
                    return Ok(Err(RecallError::NotFound));
                };
                if by.is_some_and(|by| publisher != Some(by.0)) {
                    return Ok(Err(RecallError::NotTheirs));
                }
                let cancelled = sqlx::query(CANCEL)
                    .bind(id.0)
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                // Somebody may have published it in this moment.
                match cancelled.rows_affected() {
                    0 => Ok(Err(RecallError::NotFound)),
                    _ => Ok::<_, StoreError>(Ok(())),
                }
            })?;
        cancelled
    }

    /// When the next is to be published, if there is any.
    pub async fn next_scheduled(&self) -> Result<Option<Timestamp>, StoreError> {
        on!(&self.inner.db, readers, |connection, _engine| {
            Ok(sqlx::query_scalar(NEXT).fetch_one(connection).await?)
        })
    }

    /// What is due, the longest due first.
    pub async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<ScheduledItem>, StoreError> {
        on!(&self.inner.db, readers, |connection, _engine| {
            let query = sqlx::query_as(DUE).bind(now).bind(page::limit(limit));
            Ok(query.fetch_all(connection).await?)
        })
    }

    /// Publishes what was scheduled, as of now; `None` if it is not scheduled any more. Users who are gone by now are left
    /// out, and what is for nobody else is cancelled.
    pub async fn publish_scheduled(
        &self,
        item: &ScheduledItem,
        now: Timestamp,
    ) -> Result<Option<Published>, PublishError> {
        let mut new = item.notification.clone();
        loop {
            let targets = match targets(&new.to) {
                Ok(targets) => targets,
                Err(PublishError::EmptyAudience) => {
                    tracing::warn!(
                        scheduled.id = item.id.0,
                        "whom it was for is gone: it is cancelled"
                    );
                    match self.cancel_scheduled(item.id, None).await {
                        Ok(()) | Err(RecallError::NotFound | RecallError::NotTheirs) => {}
                        Err(RecallError::Store(error)) => return Err(error.into()),
                    }
                    return Ok(None);
                }
                Err(error) => return Err(error),
            };
            let publisher = &self.inner.publisher;
            let begun = publisher.begin(new.clone(), targets, now, Some(item.id));
            match begun.await?.committed().await {
                Ok(published) => return Ok(Some(published)),
                Err(PublishError::Gone) => return Ok(None),
                Err(PublishError::UnknownUsers(unknown)) => {
                    new.to.users.retain(|user| !unknown.contains(user));
                }
                Err(error) => return Err(error),
            }
        }
    }
}

fn named(targets: &Targets) -> Array<i64> {
    targets.users.iter().map(|user| user.0).collect()
}

fn repeated(known: &Known, key: &Key, deliver_at: Timestamp) -> Result<Scheduled, PublishError> {
    let (id, created_at) = known.scheduled(key).ok_or(PublishError::KeyReused)?;
    Ok(Scheduled {
        id,
        created_at,
        deliver_at,
        is_repeat: true,
    })
}
