//! One transaction of the ledger: at most one statement of each kind, whatever the batch's size. What opening
//! takes stands in `opens`.

use std::{borrow::Cow, collections::HashSet};

use serde::Serialize;
use tokio::time::Instant;

use super::{
    ids::{self, Reserve},
    opens::{self, Opens, Verdict},
    writer::{Outcome, Request},
};
use crate::{
    Engine,
    bind::{clipped, json},
    db::{self, Db, Sql, on},
    error::StoreError,
    model::{Closed, NewRefusal, SessionId, Timestamp},
};

const MAX_TEXT_CHARS: usize = 255;

/// How far a commit came, for the one who must clean up if its outcome is unknown.
#[derive(Default)]
pub(crate) struct Progress {
    /// The index of each open in the batch, with its row's id.
    pub(crate) opened: Vec<(usize, SessionId)>,
    /// From here on the rows may have become visible.
    pub(crate) committing: bool,
}

/// Conditional, and its rows are counted: who closes a row first, closes it (law L3).
const CLOSE_SESSIONS: Sql = Sql {
    sqlite: "UPDATE user_sessions SET is_active = FALSE, \
                 disconnected_at = MAX(c.value->>'at', connected_at), \
                 disconnect_reason = c.value->>'reason', \
                 last_seen_at = MAX(c.value->>'last_seen_at', COALESCE(last_seen_at, connected_at)) \
             FROM json_each($1) AS c \
             WHERE user_sessions.id = c.value->>'id' AND is_active = TRUE \
                 AND (c.value->>'socket_id' IS NULL \
                      OR (connected_at = c.value->>'at' \
                          AND (socket_id = c.value->>'socket_id' OR recovery_id = c.value->>'recovers'))) \
             RETURNING CAST(user_sessions.id AS BIGINT)",
    postgres: "UPDATE user_sessions AS s SET is_active = FALSE, \
                   disconnected_at = GREATEST(c.at, s.connected_at), \
                   disconnect_reason = c.reason, \
                   last_seen_at = GREATEST(c.last_seen_at, s.last_seen_at, s.connected_at) \
               FROM json_to_recordset(CAST($1 AS json)) AS c( \
                   id bigint, socket_id text, recovers text, reason text, at timestamp, last_seen_at timestamp) \
               WHERE s.id = c.id AND s.is_active = TRUE \
                   AND (c.socket_id IS NULL OR (s.connected_at = c.at \
                       AND (s.socket_id = c.socket_id OR s.recovery_id = c.recovers))) \
               RETURNING CAST(s.id AS BIGINT)",
};

const INSERT_REFUSALS: Sql = Sql {
    sqlite: "INSERT INTO refused_connections (refused_at, code, detail, ip_address, user_agent, origin, \
                                              namespace, user_id, node, transport) \
             SELECT value->>'refused_at', value->>'code', value->>'detail', value->>'ip_address', \
                    value->>'user_agent', value->>'origin', value->>'namespace', value->>'user_id', \
                    value->>'node', value->>'transport' \
             FROM json_each($1)",
    postgres: "INSERT INTO refused_connections (refused_at, code, detail, ip_address, user_agent, origin, \
                                                namespace, user_id, node, transport) \
               SELECT r.* FROM json_to_recordset(CAST($1 AS json)) AS r( \
                   refused_at timestamp, code text, detail text, ip_address text, user_agent text, origin text, \
                   namespace text, user_id bigint, node text, transport text)",
};

#[derive(Serialize)]
struct SessionClose<'a> {
    id: i64,
    socket_id: Option<&'a str>,
    recovers: Option<&'a str>,
    reason: Option<&'a str>,
    at: Timestamp,
    last_seen_at: Timestamp,
}

#[derive(Serialize)]
struct RefusalInsert<'a> {
    refused_at: Timestamp,
    code: &'a str,
    detail: Option<Cow<'a, str>>,
    ip_address: Option<&'a str>,
    user_agent: Option<Cow<'a, str>>,
    origin: Option<Cow<'a, str>>,
    namespace: Option<Cow<'a, str>>,
    user_id: Option<i64>,
    node: &'a str,
    transport: &'a str,
}

macro_rules! open_on_postgres {
    ($connection:expr, $opens:expr, $socket_ids_are_unique:expr) => {{
        let opens: &Opens = &$opens;
        let columns = opens.columns();
        sqlx::query_as(opens::OPEN_ON_POSTGRES)
            .bind(columns.id)
            .bind(columns.user_id)
            .bind(columns.socket_id)
            .bind(columns.connected_at)
            .bind(columns.ip_address)
            .bind(columns.user_agent)
            .bind(columns.transport)
            .bind(columns.node)
            .bind(columns.recovery_id)
            .bind(columns.recovers)
            .bind(columns.ended_after)
            .bind(columns.max_active)
            .bind(columns.nth)
            .bind(opens.nodes())
            .bind($socket_ids_are_unique)
            .fetch_all(&mut *$connection)
            .await
    }};
}

/// Connects, and has the statement of a storm planned, before the first client comes: after a deploy all come at once.
pub(crate) async fn warm_up(db: &Db) -> Result<(), StoreError> {
    on!(db, ledger, |connection, engine| {
        if engine == Engine::Postgres {
            let _: Vec<Verdict> = open_on_postgres!(connection, Opens::of(&[]), false)?;
        }
        Ok(())
    })
}

/// Commits a batch; one outcome for each request, in order. A connection that continues another keeps its socket id,
/// unless those `socket_ids_are_unique` in the table, as in an adopted one.
///
/// On PostgreSQL a batch of one kind is one statement, which is a transaction by itself.
pub(crate) async fn commit(
    db: &Db,
    requests: &[Request],
    socket_ids_are_unique: bool,
    reserve: &mut Reserve,
    progress: &mut Progress,
) -> Result<Vec<Outcome>, StoreError> {
    let mut opens = Opens::of(requests);
    let closes = Closes::of(requests).rows();
    let refusals = refusals(requests);
    let has_opens = opens.len() > 0;
    let kinds = [has_opens, closes.is_some(), refusals.is_some()];
    let is_one_kind = kinds.into_iter().filter(|is_there| *is_there).count() == 1;
    on!(db, ledger, |connection, engine| {
        if has_opens && engine == Engine::Postgres {
            let missing = reserve.missing(opens.len(), Instant::now());
            if missing > 0 {
                let drawn = sqlx::query_scalar(ids::DRAW)
                    .bind(missing as i64)
                    .fetch_all(&mut *connection)
                    .await?;
                reserve.put(drawn, Instant::now());
            }
            opens.number(reserve.take(opens.len()));
            progress.opened = opens.places();
        }
        let mut transaction = None;
        let connection = if engine == Engine::Postgres && is_one_kind {
            progress.committing = true;
            connection
        } else {
            &mut **transaction.insert(db::begin(connection, engine).await?)
        };
        let mut verdicts: Vec<Verdict> = Vec::new();
        if has_opens && engine == Engine::Postgres {
            verdicts = open_on_postgres!(connection, opens, socket_ids_are_unique)?;
        } else if has_opens {
            verdicts = sqlx::query_as(opens::JUDGE_ON_SQLITE)
                .bind(opens.json())
                .bind(opens.nodes())
                .bind(socket_ids_are_unique)
                .fetch_all(&mut *connection)
                .await?;
            let last_id = sqlx::query_scalar(opens::LAST_ID_ON_SQLITE)
                .fetch_one(&mut *connection)
                .await?;
            opens.number_admitted(&mut verdicts, last_id);
            progress.opened = opens.places();
            sqlx::query(opens::INSERT_ON_SQLITE)
                .bind(opens.numbered_json())
                .execute(&mut *connection)
                .await?;
        }
        let mut closed: Vec<i64> = Vec::new();
        if let Some(rows) = &closes {
            closed = sqlx::query_scalar(CLOSE_SESSIONS.on(engine))
                .bind(rows.as_str())
                .fetch_all(&mut *connection)
                .await?;
        }
        if let Some(rows) = &refusals {
            sqlx::query(INSERT_REFUSALS.on(engine))
                .bind(rows.as_str())
                .execute(&mut *connection)
                .await?;
        }
        if let Some(transaction) = transaction {
            progress.committing = true;
            transaction.commit().await?;
        }
        Ok(outcomes(requests, opens.outcomes(verdicts), closed))
    })
}

fn outcomes(requests: &[Request], opened: Vec<(usize, Outcome)>, closed: Vec<i64>) -> Vec<Outcome> {
    let mut opened = opened.into_iter().peekable();
    // The first of two closes of the same row is the one that closed it.
    let mut closed: HashSet<i64> = closed.into_iter().collect();
    let outcome = |(place, request): (usize, &Request)| match request {
        Request::Open { .. } => opened
            .next_if(|(of, _)| *of == place)
            .map_or(Outcome::NotWritten, |(_, outcome)| outcome),
        Request::Close { close, .. } if closed.remove(&close.id.0) => Outcome::Closed(Closed::Now),
        Request::Close { .. } => Outcome::Closed(Closed::Already),
        Request::Refuse(_) => Outcome::Refused,
    };
    requests.iter().enumerate().map(outcome).collect()
}

/// The closes of a batch, each row once.
struct Closes<'a>(Vec<SessionClose<'a>>);

impl<'a> Closes<'a> {
    fn of(requests: &'a [Request]) -> Self {
        let mut seen = HashSet::new();
        let closes = requests.iter().filter_map(|request| match request {
            Request::Close { close, .. } if seen.insert(close.id) => Some(SessionClose {
                id: close.id.0,
                socket_id: close.opened.as_ref().map(|it| it.socket_id.as_str()),
                recovers: close.opened.as_ref().and_then(|it| it.recovers.as_deref()),
                reason: close.told_reason(),
                at: close.at,
                last_seen_at: close.last_seen_at,
            }),
            _ => None,
        });
        Self(closes.collect())
    }

    fn rows(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| json(&self.0))
    }
}

fn refusals(requests: &[Request]) -> Option<String> {
    let rows: Vec<_> = requests
        .iter()
        .filter_map(|request| match request {
            Request::Refuse(refusal) => Some(refusal_row(refusal)),
            _ => None,
        })
        .collect();
    (!rows.is_empty()).then(|| json(&rows))
}

fn refusal_row(refusal: &NewRefusal) -> RefusalInsert<'_> {
    let text = |text: &'_ Option<String>| {
        text.as_deref()
            .map(|text| clipped(text, MAX_TEXT_CHARS).into_owned().into())
    };
    RefusalInsert {
        refused_at: refusal.at,
        code: refusal.code,
        detail: text(&refusal.detail),
        ip_address: refusal.ip_address.as_deref(),
        user_agent: text(&refusal.user_agent),
        origin: text(&refusal.origin),
        namespace: text(&refusal.namespace),
        user_id: refusal.user_id.map(|id| id.0),
        node: &refusal.node,
        transport: refusal.transport,
    }
}
