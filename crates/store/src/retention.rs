//! Taking away what nobody needs any more, a little at a time.
//!
//! A notification is done with when it was recalled, replaced or has expired, or when everybody it is for has read or
//! archived it. For users that are named this is known; whether all of a role have read something would cost as much as
//! there are users, so what is for a role or for all is done with when it is old enough. What asks for an acknowledgement
//! and got none is never done with before it expires.
//!
//! The table is walked by id. Each step looks at some hundred rows and takes away as many at most, in a transaction of its
//! own, so that nobody waits. The newest notification always stays, because the head of the stream is counted by it.

use crate::{
    Engine, Store,
    bind::Array,
    db::{self, Sql, on},
    error::StoreError,
    model::{Position, Timestamp},
};

/// How many notifications a step looks at, and how many rows it takes away of each table at most.
const STEP: i64 = 200;

/// The same on every server ("atalayaR"): one at a time prunes.
const TURN: &str = "SELECT pg_try_advisory_xact_lock(7022344802737087826)";

pub(crate) const PRUNED_UP_TO: &str = "SELECT pruned_up_to FROM retention WHERE id = 1";

/// Up to what age things are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// What is done with is kept if it ended, or was published, at or after this.
    pub since: Timestamp,
    /// What is for a role or for all counts as read by everyone if it was published before this.
    pub groups_since: Option<Timestamp>,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pruned {
    /// How many notifications are gone.
    pub notifications: u64,
    /// Where the next step begins; `None` when the walk is at its end.
    pub next: Option<Position>,
}

/// A user's id in the address `user:27`.
macro_rules! reader {
    () => {
        "CAST(SUBSTR(t.target, 6) AS BIGINT)"
    };
}

/// The notifications after `$1` that were published before `$2`, at most `$4` of them, and whether each is done with;
/// `$3` is since when groups are kept.
const LOOK: &str = concat!(
    "SELECT n.id, COALESCE(n.recalled_at < $2, FALSE) OR COALESCE(n.expires_at < $2, FALSE) \
         OR COALESCE(n.replaced_at < $2, FALSE) \
         OR (NOT (n.requires_ack AND n.acknowledged_at IS NULL) AND NOT EXISTS ( \
             SELECT 1 FROM notification_targets AS t WHERE t.notification_id = n.id AND NOT ( \
                 CASE WHEN t.target LIKE 'user:%' THEN \
                     NOT EXISTS (SELECT 1 FROM users AS u WHERE u.id = ",
    reader!(),
    ") OR EXISTS (SELECT 1 FROM notification_states AS s WHERE s.user_id = ",
    reader!(),
    " AND s.notification_id = n.id AND COALESCE(s.read_at, s.archived_at) IS NOT NULL) \
                     OR EXISTS (SELECT 1 FROM inbox_marks AS m WHERE m.user_id = ",
    reader!(),
    " AND m.read_up_to >= n.id) \
                 ELSE COALESCE(n.created_at < $3, FALSE) END))) AS is_done \
     FROM notifications AS n WHERE n.id > $1 AND n.created_at < $2 AND n.id < (SELECT MAX(id) FROM notifications) \
     ORDER BY n.id LIMIT $4"
);

/// Some of the states of these notifications, `$1`.
const DELETE_STATES: Sql = Sql {
    sqlite: "DELETE FROM notification_states WHERE (user_id, notification_id) IN \
             (SELECT user_id, notification_id FROM notification_states \
              WHERE notification_id IN (SELECT value FROM json_each($1)) LIMIT $2)",
    postgres: "DELETE FROM notification_states WHERE (user_id, notification_id) IN \
               (SELECT user_id, notification_id FROM notification_states WHERE notification_id = ANY($1) LIMIT $2)",
};

/// Some of their targets: one may have a thousand.
const DELETE_TARGETS: Sql = Sql {
    sqlite: "DELETE FROM notification_targets WHERE (target, notification_id) IN \
             (SELECT target, notification_id FROM notification_targets \
              WHERE notification_id IN (SELECT value FROM json_each($1)) LIMIT $2)",
    postgres: "DELETE FROM notification_targets WHERE (target, notification_id) IN \
               (SELECT target, notification_id FROM notification_targets WHERE notification_id = ANY($1) LIMIT $2)",
};

const DELETE: Sql = Sql {
    sqlite: "DELETE FROM notifications WHERE id IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM notifications WHERE id = ANY($1)",
};

const NOTE: &str = "UPDATE retention SET pruned_up_to = $1 WHERE id = 1 AND pruned_up_to < $1";

impl Store {
    /// Up to where something was taken away.
    pub async fn pruned_up_to(&self) -> Result<Position, StoreError> {
        on!(&self.inner.db, readers, |connection, _engine| {
            let query = sqlx::query_scalar(PRUNED_UP_TO);
            Ok(Position(query.fetch_one(connection).await?))
        })
    }

    /// One step of the walk, after a position. Another server that prunes at the moment ends the walk.
    pub async fn prune(&self, after: Position, keep: Keep) -> Result<Pruned, StoreError> {
        let looked_at: Vec<(i64, bool)> = on!(&self.inner.db, readers, |connection, _engine| {
            Ok(sqlx::query_as(LOOK)
                .bind(after.0)
                .bind(keep.since)
                .bind(keep.groups_since)
                .bind(STEP)
                .fetch_all(connection)
                .await?)
        })?;
        let done: Vec<i64> = looked_at
            .iter()
            .filter_map(|(id, is_done)| is_done.then_some(*id))
            .collect();
        let at_end = (looked_at.len() as i64) < STEP;
        let last = looked_at.last().map(|(id, _)| Position(*id));
        let beyond = last.filter(|_| !at_end);
        if done.is_empty() {
            return Ok(Pruned {
                notifications: 0,
                next: beyond,
            });
        }
        match self.take_away(&done).await? {
            Taken::All(notifications) => Ok(Pruned {
                notifications,
                next: beyond,
            }),
            // Once more from here: they have many rows.
            Taken::Part => Ok(Pruned {
                notifications: 0,
                next: Some(after),
            }),
            Taken::Nothing => Ok(Pruned {
                notifications: 0,
                next: None,
            }),
        }
    }

    async fn take_away(&self, done: &[i64]) -> Result<Taken, StoreError> {
        let ids: Array<i64> = done.iter().copied().collect();
        let newest = done.last().copied().unwrap_or(0);
        on!(&self.inner.db, writers, |connection, engine| {
            let mut transaction = db::begin(connection, engine).await?;
            if engine == Engine::Postgres {
                let is_ours: bool = sqlx::query_scalar(TURN)
                    .fetch_one(&mut *transaction)
                    .await?;
                if !is_ours {
                    return Ok(Taken::Nothing);
                }
            }
            // With the first row that goes: who comes back must not find a gap and hear that there is none.
            sqlx::query(NOTE)
                .bind(newest)
                .execute(&mut *transaction)
                .await?;
            // The targets first: the states of those that are left still say that they are done with.
            for rows in [DELETE_TARGETS, DELETE_STATES] {
                let gone = sqlx::query(rows.on(engine))
                    .bind(ids.clone())
                    .bind(STEP)
                    .execute(&mut *transaction)
                    .await?;
                if gone.rows_affected() >= STEP.unsigned_abs() {
                    transaction.commit().await?;
                    return Ok(Taken::Part);
                }
            }
            let gone = sqlx::query(DELETE.on(engine))
                .bind(ids)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(Taken::All(gone.rows_affected()))
        })
    }
}

enum Taken {
    /// So many notifications with everything of theirs.
    All(u64),
    /// As many rows of theirs as a step may.
    Part,
    /// Another server is at it.
    Nothing,
}
