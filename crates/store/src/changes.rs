//! What becomes of notifications after they were published: a stream of its own, which servers follow as they follow
//! that of the publishes.
//!
//! Its ids are given out in the publishers' turn, so in the order of the commits, and who has read up to one has missed
//! nothing below it. A change says only that something happened; what is true now stands in the tables. An inbox's count carries
//! the head of this stream in its version.

use std::time::Duration;

use crate::{
    Store,
    bind::Array,
    db::{Sql, mapped, on},
    error::StoreError,
    model::{
        Change, ChangePosition, Moved, NotificationId, Publisher, Target, Timestamp, UserId, What,
    },
    publish::begin_in_turn,
};

/// The newest position, as of the statement.
macro_rules! changes_head {
    () => {
        "SELECT COALESCE(MAX(id), 0) FROM notification_changes"
    };
}
pub(crate) use changes_head;

pub(crate) const RECALLED: &str = "recalled";
pub(crate) const EXPIRED: &str = "expired";
pub(crate) const ACKNOWLEDGED: &str = "acknowledged";
const MEMBERSHIP: &str = "membership";

/// How many are told or taken away at a time.
const PAGE: i64 = 500;

/// For how long a change is kept: longer than any server is without the database and still holds its lease.
const KEPT: Duration = Duration::from_secs(60 * 60);

/// Adds a change of a kind (`$1`) to these notifications (`$2`), by a user (`$3`), at a time (`$4`). In the publishers' turn.
pub(crate) const ADD: Sql = Sql {
    sqlite: "INSERT INTO notification_changes (kind, notification_id, user_id, changed_at) \
             SELECT $1, value, $3, $4 FROM json_each($2)",
    postgres: "INSERT INTO notification_changes (kind, notification_id, user_id, changed_at) \
               SELECT $1, id, $3, $4 FROM unnest($2) AS changed(id) ORDER BY id",
};

/// Adds that what is a user's changed (`$1`, or NULL for anybody's), at a time (`$2`). In the publishers' turn, too.
pub(crate) const ADD_MEMBERSHIP: &str = "INSERT INTO notification_changes (kind, notification_id, user_id, changed_at) \
     VALUES ('membership', 0, $1, $2)";

/// An address that was taken back begins with a dash.
const AFTER: &str = "SELECT c.id, c.kind, c.notification_id, c.user_id, c.changed_at, \
         COALESCE(u.username, CAST(c.user_id AS TEXT)) AS username, \
         (SELECT STRING_AGG(t.target, ' ') FROM notification_targets AS t \
          WHERE t.notification_id = c.notification_id) AS targets \
     FROM notification_changes AS c LEFT JOIN users AS u ON u.id = c.user_id \
     WHERE c.id > $1 ORDER BY c.id LIMIT $2";

/// What has expired by `$1` and was not told, at most `$2`.
const END_EXPIRED: &str = "UPDATE notifications SET ended_at = $1 WHERE id IN \
     (SELECT id FROM notifications WHERE expires_at <= $1 AND expires_at IS NOT NULL AND ended_at IS NULL \
      ORDER BY expires_at LIMIT $2) RETURNING id";

const IS_ANY_EXPIRED: &str = "SELECT EXISTS (SELECT 1 FROM notifications \
     WHERE expires_at <= $1 AND expires_at IS NOT NULL AND ended_at IS NULL)";

/// Not the newest, which holds the place in the stream.
const FORGET: &str = "DELETE FROM notification_changes WHERE id IN \
     (SELECT id FROM notification_changes WHERE changed_at < $1 ORDER BY id LIMIT $2) \
     AND id < (SELECT MAX(id) FROM notification_changes)";

/// As the table has it. A kind that a newer version wrote is a newer version's to tell.
struct Row {
    id: i64,
    /// Whose membership, or anybody's, where that is what changed.
    moved: Option<Option<UserId>>,
    notification_id: i64,
    what: Option<What>,
    at: Timestamp,
    targets: Vec<Target>,
}

mapped!(Row, |row| {
    let targets: Option<&str> = row.try_get("targets")?;
    let user: Option<i64> = row.try_get("user_id")?;
    let username: Option<String> = row.try_get("username")?;
    let kind: &str = row.try_get("kind")?;
    Ok(Row {
        id: row.try_get("id")?,
        moved: (kind == MEMBERSHIP).then_some(user.map(UserId)),
        notification_id: row.try_get("notification_id")?,
        what: what(kind, user.zip(username)),
        at: row.try_get("changed_at")?,
        targets: targets
            .unwrap_or_default()
            .split(' ')
            .filter_map(|target| target.trim_start_matches('-').parse().ok())
            .collect(),
    })
});

fn what(kind: &str, by: Option<(i64, String)>) -> Option<What> {
    match (kind, by) {
        (RECALLED, _) => Some(What::Recalled),
        (EXPIRED, _) => Some(What::Expired),
        (ACKNOWLEDGED, Some((id, username))) => Some(What::Acknowledged {
            by: Publisher {
                id: UserId(id),
                username,
            },
        }),
        _ => None,
    }
}

impl Row {
    fn change(self) -> Option<Change> {
        Some(Change {
            id: ChangePosition(self.id),
            notification: NotificationId(self.notification_id),
            what: self.what?,
            at: self.at,
            targets: self.targets,
        })
    }
}

/// A part of the stream of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// Of notifications, ascending.
    pub items: Vec<Change>,
    /// Whose audiences changed. To be taken into account before what was published after it is sent.
    pub moved: Moved,
    /// Up to where it was read: ask again after this.
    pub up_to: ChangePosition,
    /// Whether nothing newer was there.
    pub is_complete: bool,
}

impl Store {
    /// The newest committed position of the stream of changes.
    pub async fn changes_head(&self) -> Result<ChangePosition, StoreError> {
        on!(&self.inner.db, readers, |connection, _engine| {
            let query = sqlx::query_scalar(changes_head!());
            Ok(ChangePosition(query.fetch_one(connection).await?))
        })
    }

    /// What has changed after a position, ascending.
    pub async fn changes_after(&self, after: ChangePosition) -> Result<Changes, StoreError> {
        let rows: Vec<Row> = on!(&self.inner.db, readers, |connection, _engine| {
            Ok(sqlx::query_as(AFTER)
                .bind(after.0)
                .bind(PAGE)
                .fetch_all(connection)
                .await?)
        })?;
        Ok(Changes {
            up_to: rows.last().map_or(after, |row| ChangePosition(row.id)),
            is_complete: (rows.len() as i64) < PAGE,
            moved: Moved {
                users: rows.iter().filter_map(|row| row.moved.flatten()).collect(),
                anybody: rows.iter().any(|row| row.moved == Some(None)),
            },
            items: rows.into_iter().filter_map(Row::change).collect(),
        })
    }

    /// Makes a change of everything that has expired and was not told yet, some hundreds at a time, and takes
    /// old changes away. Returns how many have expired. With nothing to do it costs two looks into an index.
    pub async fn end_expired(&self, now: Timestamp) -> Result<usize, StoreError> {
        let is_any: bool = on!(&self.inner.db, readers, |connection, _engine| {
            let query = sqlx::query_scalar(IS_ANY_EXPIRED).bind(now);
            Ok(query.fetch_one(connection).await?)
        })?;
        if !is_any {
            return Ok(0);
        }
        on!(&self.inner.db, writers, |connection, engine| {
            let mut transaction = begin_in_turn!(connection, engine);
            let ended: Vec<i64> = sqlx::query_scalar(END_EXPIRED)
                .bind(now)
                .bind(PAGE)
                .fetch_all(&mut *transaction)
                .await?;
            let ids: Array<i64> = ended.iter().copied().collect();
            sqlx::query(ADD.on(engine))
                .bind(EXPIRED)
                .bind(ids)
                .bind(None::<i64>)
                .bind(now)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(ended.len())
        })
    }

    /// Takes away changes that every server has seen, some hundreds at a time.
    pub async fn forget_changes(&self, now: Timestamp) -> Result<u64, StoreError> {
        let before = now.plus_ms(-(KEPT.as_millis() as i64));
        on!(&self.inner.db, writers, |connection, _engine| {
            let query = sqlx::query(FORGET).bind(before).bind(PAGE);
            Ok(query.execute(connection).await?.rows_affected())
        })
    }
}
