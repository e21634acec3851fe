//! The statements of one transaction of the ledger: at most one of each kind, whatever the batch's size.
//!
//! Ids are drawn before the rows are written, so that which row is whose is certain, and so that the rows
//! of a commit whose outcome is unknown can be named afterwards.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap, HashSet},
};

use serde::Serialize;

use super::writer::{Outcome, Request};
use crate::{
    bind::{Ids, clipped, json},
    db::{self, Db, Sql, on},
    error::StoreError,
    model::{Closed, NewRefusal, NewSession, SessionId},
};

/// What a browser's user agent is cut to: the width of Prisma's and MySQL's usual columns.
const MAX_USER_AGENT_CHARS: usize = 255;
const MAX_TEXT_CHARS: usize = 255;

/// How far a commit came, for the one who must clean up if its outcome is unknown.
#[derive(Default)]
pub(crate) struct Progress {
    /// The index of each open in the batch, with its row's id.
    pub(crate) opened: Vec<(usize, SessionId)>,
    /// From here on the rows may have become visible.
    pub(crate) committing: bool,
}

/// A locked row, so that a reaper waits for this transaction and then sees its rows.
const RUNNING_NODES: Sql = Sql {
    sqlite: "SELECT id FROM nodes WHERE stopped_at IS NULL AND id IN (SELECT value FROM json_each($1))",
    postgres: "SELECT id FROM nodes WHERE stopped_at IS NULL \
               AND id IN (SELECT json_array_elements_text(CAST($1 AS json))) FOR SHARE",
};

const ACTIVE_PER_USER: Sql = Sql {
    sqlite: "SELECT CAST(user_id AS BIGINT), COUNT(*) FROM user_sessions \
             WHERE is_active = TRUE AND user_id IN (SELECT value FROM json_each($1)) GROUP BY user_id",
    postgres: "SELECT CAST(user_id AS BIGINT), COUNT(*) FROM user_sessions \
               WHERE is_active = TRUE AND user_id = ANY($1) GROUP BY user_id",
};

/// On SQLite the one writer holds the lock, so that the ids after the last are its own.
const DRAW_IDS: Sql = Sql {
    sqlite: "WITH RECURSIVE drawn(id, remaining) AS ( \
                 SELECT 1 + MAX(COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'user_sessions'), 0), \
                                COALESCE((SELECT MAX(id) FROM user_sessions), 0)), $1 \
                 UNION ALL SELECT id + 1, remaining - 1 FROM drawn WHERE remaining > 1) \
             SELECT id FROM drawn",
    postgres: "SELECT nextval(CAST((SELECT pg_get_serial_sequence('user_sessions', 'id')) AS regclass)) \
               FROM generate_series(1, $1)",
};

const INSERT_SESSIONS: Sql = Sql {
    sqlite: "INSERT INTO user_sessions (id, user_id, socket_id, connected_at, is_active, last_seen_at, \
                                        ip_address, user_agent, transport, node, recovered_from) \
             SELECT value->>'id', value->>'user_id', value->>'socket_id', value->>'connected_at', TRUE, \
                    value->>'connected_at', value->>'ip_address', value->>'user_agent', value->>'transport', \
                    value->>'node', value->>'recovered_from' \
             FROM json_each($1)",
    postgres: "INSERT INTO user_sessions (id, user_id, socket_id, connected_at, is_active, last_seen_at, \
                                          ip_address, user_agent, transport, node, recovered_from) \
               OVERRIDING SYSTEM VALUE \
               SELECT r.id, r.user_id, r.socket_id, r.connected_at, TRUE, r.connected_at, \
                      r.ip_address, r.user_agent, r.transport, r.node, r.recovered_from \
               FROM json_to_recordset(CAST($1 AS json)) AS r( \
                   id bigint, user_id bigint, socket_id text, connected_at timestamp, ip_address text, \
                   user_agent text, transport text, node text, recovered_from bigint)",
};

/// Conditional, and its rows are counted: who closes a row first, closes it (law L3).
const CLOSE_SESSIONS: Sql = Sql {
    sqlite: "UPDATE user_sessions SET is_active = FALSE, \
                 disconnected_at = MAX(c.value->>'at', connected_at), \
                 disconnect_reason = c.value->>'reason', \
                 last_seen_at = MAX(c.value->>'last_seen_at', COALESCE(last_seen_at, connected_at)) \
             FROM json_each($1) AS c \
             WHERE user_sessions.id = c.value->>'id' AND is_active = TRUE \
                 AND (c.value->>'socket_id' IS NULL \
                      OR (socket_id = c.value->>'socket_id' AND connected_at = c.value->>'at')) \
             RETURNING CAST(user_sessions.id AS BIGINT)",
    postgres: "UPDATE user_sessions AS s SET is_active = FALSE, \
                   disconnected_at = GREATEST(c.at, s.connected_at), \
                   disconnect_reason = c.reason, \
                   last_seen_at = GREATEST(c.last_seen_at, s.last_seen_at, s.connected_at) \
               FROM json_to_recordset(CAST($1 AS json)) AS c( \
                   id bigint, socket_id text, reason text, at timestamp, last_seen_at timestamp) \
               WHERE s.id = c.id AND s.is_active = TRUE \
                   AND (c.socket_id IS NULL OR (s.socket_id = c.socket_id AND s.connected_at = c.at)) \
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
struct SessionInsert<'a> {
    id: i64,
    user_id: i64,
    socket_id: &'a str,
    connected_at: String,
    ip_address: Option<&'a str>,
    user_agent: Option<Cow<'a, str>>,
    transport: &'a str,
    node: &'a str,
    recovered_from: Option<i64>,
}

#[derive(Serialize)]
struct SessionClose<'a> {
    id: i64,
    socket_id: Option<&'a str>,
    reason: Option<&'a str>,
    at: String,
    last_seen_at: String,
}

#[derive(Serialize)]
struct RefusalInsert<'a> {
    refused_at: String,
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

/// Commits a batch; one outcome for each request, in order.
pub(crate) async fn commit(
    db: &Db,
    requests: &[Request],
    progress: &mut Progress,
) -> Result<Vec<Outcome>, StoreError> {
    let opens = Opens::of(requests);
    let closes = Closes::of(requests);
    let refusals = refusals(requests);
    on!(db, writers, |connection, engine| {
        let mut transaction = db::begin(connection, engine).await?;
        let mut admitted = Admitted::default();
        if !opens.0.is_empty() {
            let nodes = sqlx::query_scalar(RUNNING_NODES.on(engine))
                .bind(opens.nodes())
                .fetch_all(&mut *transaction)
                .await?;
            let bounded = opens.bounded_users();
            let active = if bounded.0.is_empty() {
                Vec::new()
            } else {
                sqlx::query_as(ACTIVE_PER_USER.on(engine))
                    .bind(bounded)
                    .fetch_all(&mut *transaction)
                    .await?
            };
            admitted = opens.admit(nodes, active);
        }
        if admitted.count > 0 {
            let ids = sqlx::query_scalar(DRAW_IDS.on(engine))
                .bind(admitted.count)
                .fetch_all(&mut *transaction)
                .await?;
            progress.opened = admitted.assign(ids);
            sqlx::query(INSERT_SESSIONS.on(engine))
                .bind(insert(requests, &progress.opened))
                .execute(&mut *transaction)
                .await?;
        }
        let mut closed: Vec<i64> = Vec::new();
        if let Some(rows) = closes.rows() {
            closed = sqlx::query_scalar(CLOSE_SESSIONS.on(engine))
                .bind(rows)
                .fetch_all(&mut *transaction)
                .await?;
        }
        if let Some(rows) = &refusals {
            sqlx::query(INSERT_REFUSALS.on(engine))
                .bind(rows.as_str())
                .execute(&mut *transaction)
                .await?;
        }
        progress.committing = true;
        transaction.commit().await?;
        Ok(outcomes(requests, admitted, closed))
    })
}

fn outcomes(requests: &[Request], mut admitted: Admitted, closed: Vec<i64>) -> Vec<Outcome> {
    // The first of two closes of the same row is the one that closed it.
    let mut closed: HashSet<i64> = closed.into_iter().collect();
    requests
        .iter()
        .enumerate()
        .map(|(index, request)| match request {
            Request::Open { .. } => admitted.verdicts.remove(&index).unwrap_or(Outcome::NoLease),
            Request::Close { close, .. } if closed.remove(&close.id.0) => {
                Outcome::Closed(Closed::Now)
            }
            Request::Close { .. } => Outcome::Closed(Closed::Already),
            Request::Refuse(_) => Outcome::Refused,
        })
        .collect()
}

/// The opens of a batch, with their places in it.
struct Opens<'a>(Vec<(usize, &'a NewSession)>);

/// What was decided on the opens of a batch.
#[derive(Default)]
struct Admitted {
    verdicts: HashMap<usize, Outcome>,
    /// Those that get a row, in order.
    places: Vec<usize>,
    count: i64,
}

impl<'a> Opens<'a> {
    fn of(requests: &'a [Request]) -> Self {
        let opens = requests
            .iter()
            .enumerate()
            .filter_map(|(index, request)| match request {
                Request::Open { new, .. } => Some((index, new)),
                _ => None,
            });
        Self(opens.collect())
    }

    fn nodes(&self) -> String {
        let nodes: BTreeSet<&str> = self.0.iter().map(|(_, new)| new.node.as_str()).collect();
        json(&nodes)
    }

    fn bounded_users(&self) -> Ids {
        let users: BTreeSet<i64> = self
            .0
            .iter()
            .filter(|(_, new)| new.max_active.is_some())
            .map(|(_, new)| new.user_id.0)
            .collect();
        Ids(users.into_iter().collect())
    }

    /// Counts those of the same batch too, so that a burst of one user's clients does not pass its bound.
    fn admit(&self, nodes: Vec<String>, active: Vec<(i64, i64)>) -> Admitted {
        let mut active: HashMap<i64, u64> = active
            .into_iter()
            .map(|(user, count)| (user, count.unsigned_abs()))
            .collect();
        let mut admitted = Admitted::default();
        for (index, new) in &self.0 {
            let held = active.entry(new.user_id.0).or_default();
            let refusal = match new.max_active {
                _ if !nodes.contains(&new.node) => Some(Outcome::NoLease),
                Some(max) if *held >= u64::from(max) => {
                    Some(Outcome::TooMany { active: *held, max })
                }
                _ => None,
            };
            if let Some(refusal) = refusal {
                admitted.verdicts.insert(*index, refusal);
            } else {
                *held += 1;
                admitted.places.push(*index);
                admitted.count += 1;
            }
        }
        admitted
    }
}

impl Admitted {
    fn assign(&mut self, ids: Vec<i64>) -> Vec<(usize, SessionId)> {
        let opened: Vec<_> = self
            .places
            .iter()
            .copied()
            .zip(ids.into_iter().map(SessionId))
            .collect();
        self.verdicts.extend(
            opened
                .iter()
                .map(|(index, id)| (*index, Outcome::Opened(*id))),
        );
        opened
    }
}

fn insert(requests: &[Request], opened: &[(usize, SessionId)]) -> String {
    let rows: Vec<_> = opened
        .iter()
        .filter_map(|(index, id)| match requests.get(*index) {
            Some(Request::Open { new, .. }) => Some(SessionInsert {
                id: id.0,
                user_id: new.user_id.0,
                socket_id: &new.socket_id,
                connected_at: new.connected_at.to_text(),
                ip_address: new.ip_address.as_deref(),
                user_agent: new
                    .user_agent
                    .as_deref()
                    .map(|text| clipped(text, MAX_USER_AGENT_CHARS)),
                transport: new.transport,
                node: &new.node,
                recovered_from: new.recovered_from.map(|id| id.0),
            }),
            _ => None,
        })
        .collect();
    json(&rows)
}

/// The closes of a batch, each row once.
struct Closes<'a>(Vec<SessionClose<'a>>);

impl<'a> Closes<'a> {
    fn of(requests: &'a [Request]) -> Self {
        let mut seen = HashSet::new();
        let closes = requests.iter().filter_map(|request| match request {
            Request::Close { close, .. } if seen.insert(close.id) => Some(SessionClose {
                id: close.id.0,
                socket_id: close.socket_id.as_deref(),
                reason: close.told_reason(),
                at: close.at.to_text(),
                last_seen_at: close.last_seen_at.to_text(),
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
        refused_at: refusal.at.to_text(),
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
