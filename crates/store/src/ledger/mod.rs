//! The ledger: a row for each connection, committed before the client hears of it (law L1) and closed
//! exactly once (law L3).
//!
//! Here are the verbs. `writer` is the task that group-commits them, `batch` one such transaction, `opens` what
//! opening takes in it and `ids` the ids of the rows, and `owed` the closes that the store still owes after an
//! outage or a refusal.

mod batch;
mod ids;
mod opens;
mod owed;
mod writer;

use serde::Serialize;

pub(crate) use writer::Queue;

use crate::{
    Store,
    bind::json,
    cursor::{Cursor, List},
    db::{Sql, mapped, on},
    error::{OpenError, StoreError},
    model::{
        Closed, NewSession, Opened, Page, SessionFilter, SessionId, SessionRow, Timestamp, UserId,
    },
    page,
};

macro_rules! rows {
    ($($where:literal),*) => {
        concat!(
            "SELECT CAST(s.id AS BIGINT) AS id, CAST(s.user_id AS BIGINT) AS user_id, u.username, s.socket_id, \
             s.connected_at, s.is_active, s.disconnected_at, s.disconnect_reason, s.last_seen_at, s.ip_address, \
             s.user_agent, s.transport, s.node, CAST(s.recovered_from AS BIGINT) AS recovered_from \
             FROM user_sessions AS s LEFT JOIN users AS u ON u.id = s.user_id WHERE ",
            $($where),*
        )
    };
}

macro_rules! newest_first {
    ($where:literal) => {
        rows!($where, " s.id < $1 ORDER BY s.id DESC LIMIT $2")
    };
}

/// One text for each filter rather than one with optional conditions, so that each has its index
/// (`user_sessions_active` and the like) whatever the planner knows about the parameters.
pub(crate) fn list_statement(filter: SessionFilter) -> &'static str {
    match (filter.active, filter.user_id.is_some()) {
        (None, false) => newest_first!(""),
        (Some(true), false) => newest_first!("s.is_active = TRUE AND"),
        (Some(false), false) => newest_first!("s.is_active = FALSE AND"),
        (None, true) => newest_first!("s.user_id = $3 AND"),
        (Some(true), true) => newest_first!("s.user_id = $3 AND s.is_active = TRUE AND"),
        (Some(false), true) => newest_first!("s.user_id = $3 AND s.is_active = FALSE AND"),
    }
}

mapped!(SessionRow, |row| {
    let connected_at = row.try_get("connected_at")?;
    Ok(SessionRow {
        id: SessionId(row.try_get("id")?),
        user_id: UserId(row.try_get("user_id")?),
        username: row.try_get("username")?,
        socket_id: row.try_get("socket_id")?,
        connected_at,
        is_active: row.try_get("is_active")?,
        disconnected_at: row.try_get("disconnected_at")?,
        disconnect_reason: row.try_get("disconnect_reason")?,
        last_seen_at: row
            .try_get::<Option<_>, _>("last_seen_at")?
            .unwrap_or(connected_at),
        ip_address: row.try_get("ip_address")?,
        user_agent: row.try_get("user_agent")?,
        transport: row
            .try_get::<Option<_>, _>("transport")?
            .unwrap_or_default(),
        node: row.try_get::<Option<_>, _>("node")?.unwrap_or_default(),
        recovered_from: row
            .try_get::<Option<_>, _>("recovered_from")?
            .map(SessionId),
    })
});

#[derive(Serialize)]
struct Seen {
    id: i64,
    at: Timestamp,
}

/// How many rows one statement touches.
const TOUCH_CHUNK: usize = 1_000;

const TOUCH: Sql = Sql {
    sqlite: "UPDATE user_sessions SET last_seen_at = seen.value->>'at' FROM json_each($1) AS seen \
             WHERE user_sessions.id = seen.value->>'id' AND is_active = TRUE \
             AND (last_seen_at IS NULL OR last_seen_at < seen.value->>'at')",
    postgres: "UPDATE user_sessions AS s SET last_seen_at = seen.at \
               FROM json_to_recordset(CAST($1 AS json)) AS seen(id bigint, at timestamp) \
               WHERE s.id = seen.id AND s.is_active = TRUE AND (s.last_seen_at IS NULL OR s.last_seen_at < seen.at)",
};

const IS_SOCKET_ACTIVE: &str = "SELECT is_active FROM \
     (SELECT id, socket_id, is_active FROM user_sessions ORDER BY id DESC LIMIT 10000) AS newest \
     WHERE socket_id = $1 ORDER BY id DESC LIMIT 1";

impl Store {
    /// Makes ready for connections, once the tables are there: the first of them need not wait for a connection to the
    /// database and for its plans.
    pub async fn warm_up(&self) -> Result<(), StoreError> {
        batch::warm_up(&self.inner.db).await
    }

    /// Commits the row of a connection (law L1), if its user exists and is not disabled, and tells where the user's
    /// inbox stands. Group-committed. The node must be registered.
    ///
    /// When it returns `Ok`, the row is on the disk. If the caller stops waiting, or the outcome of the
    /// commit stays unknown, the store itself closes the row (`admission_failed`) as soon as it can.
    /// [`StoreError::Conflict`] when an adopted table forbids the socket id: take another one.
    pub async fn open_session(&self, new: NewSession) -> Result<Opened, OpenError> {
        self.inner.ledger.open(new).await
    }

    /// Closes a row once (law L3). Group-committed. `disconnected_at` is never before `connected_at`.
    ///
    /// On an error, and when the caller stops waiting, the store remembers the close and goes on trying: the
    /// caller need not. It tries until the database takes it; one that the table itself refuses
    /// ([`StoreError::Conflict`], [`StoreError::Bug`]: a rule of an adopted table, a schema changed under it) is
    /// tried six times within a quarter of a minute, from the fourth on without the reason, and then left to the
    /// node's stop or to the end of its lease.
    pub async fn close_session(
        &self,
        id: SessionId,
        reason: &'static str,
        at: Timestamp,
        last_seen_at: Timestamp,
    ) -> Result<Closed, StoreError> {
        self.inner.ledger.close(id, reason, at, last_seen_at).await
    }

    /// Moves `last_seen_at` forward on those of these rows that are active. One statement, with a patience of its
    /// own, for each thousand.
    pub async fn touch_sessions(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), StoreError> {
        for chunk in seen.chunks(TOUCH_CHUNK) {
            let rows: Vec<_> = chunk
                .iter()
                .map(|(id, at)| Seen { id: id.0, at: *at })
                .collect();
            let rows = json(&rows);
            on!(&self.inner.db, writers, |connection, engine| {
                sqlx::query(TOUCH.on(engine))
                    .bind(rows)
                    .execute(connection)
                    .await?;
                Ok(())
            })?;
        }
        Ok(())
    }

    /// The ledger, newest first.
    pub async fn list_sessions(
        &self,
        filter: SessionFilter,
        before: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<SessionRow>, StoreError> {
        let before = page::key(before, List::Sessions, i64::MAX)?;
        let limit = page::limit(limit);
        let rows: Vec<SessionRow> = on!(&self.inner.db, readers, |connection, _engine| {
            let mut query = sqlx::query_as(list_statement(filter))
                .bind(before)
                .bind(limit + 1);
            if let Some(user_id) = filter.user_id {
                query = query.bind(user_id.0);
            }
            Ok(query.fetch_all(connection).await?)
        })?;
        Ok(page::of(rows, limit, List::Sessions, |row| row.id.0))
    }

    /// How many rows are active, of one user or of all.
    pub async fn count_active(&self, user_id: Option<UserId>) -> Result<u64, StoreError> {
        let count: i64 = on!(&self.inner.db, readers, |connection, _engine| {
            let query = match user_id {
                None => {
                    sqlx::query_scalar("SELECT COUNT(*) FROM user_sessions WHERE is_active = TRUE")
                }
                Some(user_id) => sqlx::query_scalar(
                    "SELECT COUNT(*) FROM user_sessions WHERE user_id = $1 AND is_active = TRUE",
                )
                .bind(user_id.0),
            };
            Ok(query.fetch_one(connection).await?)
        })?;
        Ok(count.unsigned_abs())
    }

    /// Whether the newest row of a socket is active; `None` if there is none among the newest thousands of rows. It needs no
    /// column that another program's table might not have.
    pub async fn is_socket_active(&self, socket_id: &str) -> Result<Option<bool>, StoreError> {
        on!(&self.inner.db, readers, |connection, _engine| {
            let query = sqlx::query_scalar(IS_SOCKET_ACTIVE).bind(socket_id);
            Ok(query.fetch_optional(connection).await?)
        })
    }

    /// One row.
    pub async fn session(&self, id: SessionId) -> Result<Option<SessionRow>, StoreError> {
        on!(&self.inner.db, readers, |connection, _engine| {
            let query = sqlx::query_as(rows!("s.id = $1")).bind(id.0);
            Ok(query.fetch_optional(connection).await?)
        })
    }
}
