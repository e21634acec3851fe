//! The opens of a batch: whether each may be, and its row.
//!
//! A connect storm is the heaviest load that the ledger knows, so all that a connection needs to be told of the
//! database is asked together, for the whole batch: whether its node runs, who the user is, how many
//! sessions they hold, and where their inbox stands. On PostgreSQL the same statement writes the rows, and is
//! a transaction by itself: one round trip for a batch of connections.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap, HashSet},
};

use serde::Serialize;

use super::writer::{Outcome, Request};
use crate::{
    accounts::role_of,
    bind::{Texts, clipped, json},
    db::mapped,
    model::{NewSession, Opened, Position, SessionId, Standing, UserId},
};

/// What a browser's user agent is cut to: the width of Prisma's and MySQL's usual columns.
const MAX_USER_AGENT_CHARS: usize = 255;

/// The newest notification of one target, after the point from which it counts: one step into its index.
macro_rules! newest {
    ($target:literal, $after:literal) => {
        concat!(
            "COALESCE((SELECT t.notification_id FROM notification_targets AS t WHERE t.target = ",
            $target,
            " AND t.notification_id > ",
            $after,
            " ORDER BY t.notification_id DESC LIMIT 1), 0)"
        )
    };
}

/// The verdict on each row of `$asked`, as `a`. `$maximum` is the engine's function for the greatest of several values.
macro_rules! judged {
    ($asked:expr, $maximum:literal, $users:literal) => {
        concat!(
            "SELECT a.*, u.id IS NOT NULL AS is_known, COALESCE(u.disabled, FALSE) AS is_disabled, \
             LOWER(CAST(u.role AS TEXT)) AS role, running.id IS NOT NULL AS is_held, \
             CASE WHEN a.max_active IS NULL THEN 0 ELSE (SELECT COUNT(*) FROM user_sessions AS s \
                 WHERE s.user_id = a.user_id AND s.is_active = TRUE) END AS active, \
             (SELECT COALESCE(MAX(id), 0) FROM notifications) AS head, \
             (SELECT COALESCE(MAX(read_up_to), 0) FROM inbox_marks AS m WHERE m.user_id = a.user_id) AS read_up_to, ",
            $maximum, "(", newest!("'user:' || a.user_id", "0"), ", ",
            // A role that only another program knows counts as `user`, as everywhere.
            newest!(
                "CASE LOWER(CAST(u.role AS TEXT)) WHEN 'admin' THEN 'role:admin' \
                 WHEN 'operator' THEN 'role:operator' ELSE 'role:user' END",
                "COALESCE(u.role_since_position, 0)"
            ), ", ",
            newest!("'all'", "COALESCE(u.joined_position, 0)"), ") AS newest \
             FROM ", $asked, " ", $users, " LEFT JOIN running ON running.id = a.node"
        )
    };
}

/// Those of the same batch count too, so that a burst of one user's clients does not pass its bound.
macro_rules! is_admitted {
    () => {
        "is_known AND NOT is_disabled AND is_held AND (max_active IS NULL OR active + nth <= max_active)"
    };
}

macro_rules! verdict {
    () => {
        "place, is_known, is_disabled, role, is_held, CAST(active AS BIGINT) AS active, nth, max_active, head, \
         read_up_to, newest, "
    };
}

macro_rules! columns {
    () => {
        "(id, user_id, socket_id, connected_at, is_active, last_seen_at, ip_address, user_agent, transport, node, \
          recovered_from)"
    };
}

/// Judges and writes. The row of the node is locked, so that a reaper waits for this transaction and then sees
/// its rows. The user is looked up row by row, whatever the planner thinks of the table's size.
pub(super) const OPEN_ON_POSTGRES: &str = concat!(
    "WITH running AS MATERIALIZED ( \
         SELECT id FROM nodes WHERE stopped_at IS NULL AND id = ANY($2) FOR SHARE), \
     judged AS MATERIALIZED (",
    judged!(
        "json_to_recordset(CAST($1 AS json)) AS a( \
             place bigint, id bigint, user_id bigint, socket_id text, connected_at timestamp, ip_address text, \
             user_agent text, transport text, node text, recovered_from bigint, max_active bigint, nth bigint)",
        "GREATEST",
        "LEFT JOIN LATERAL (SELECT * FROM users WHERE users.id = a.user_id LIMIT 1) AS u ON TRUE"
    ),
    "), \
     opened AS (INSERT INTO user_sessions ",
    columns!(),
    " OVERRIDING SYSTEM VALUE \
         SELECT id, user_id, socket_id, connected_at, TRUE, connected_at, ip_address, user_agent, transport, node, \
                recovered_from \
         FROM judged WHERE ",
    is_admitted!(),
    " RETURNING id) \
     SELECT ",
    verdict!(),
    "opened.id IS NOT NULL AS is_written \
     FROM judged LEFT JOIN opened ON opened.id = judged.id ORDER BY place"
);

/// Judges, inside the transaction of the one writer, and tells the first id that is free.
pub(super) const JUDGE_ON_SQLITE: &str = concat!(
    "WITH running AS MATERIALIZED (SELECT id FROM nodes WHERE stopped_at IS NULL \
                                   AND id IN (SELECT value FROM json_each($2))), \
     judged AS (",
    judged!(
        "(SELECT value->>'place' AS place, value->>'user_id' AS user_id, value->>'node' AS node, \
                 value->>'max_active' AS max_active, value->>'nth' AS nth FROM json_each($1)) AS a",
        "MAX",
        "LEFT JOIN users AS u ON u.id = a.user_id"
    ),
    ") SELECT ",
    verdict!(),
    "FALSE AS is_written FROM judged ORDER BY place"
);

/// On SQLite the one writer holds the lock, so that the ids after the last are its own.
pub(super) const LAST_ID_ON_SQLITE: &str = "SELECT MAX(COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'user_sessions'), 0), \
                COALESCE((SELECT MAX(id) FROM user_sessions), 0))";

pub(super) const INSERT_ON_SQLITE: &str = concat!(
    "INSERT INTO user_sessions ",
    columns!(),
    " \
     SELECT value->>'id', value->>'user_id', value->>'socket_id', value->>'connected_at', TRUE, \
            value->>'connected_at', value->>'ip_address', value->>'user_agent', value->>'transport', \
            value->>'node', value->>'recovered_from' \
     FROM json_each($1)"
);

/// What the database says of one open.
pub(super) struct Verdict {
    /// Its place in the batch.
    place: usize,
    is_known: bool,
    is_disabled: bool,
    is_held: bool,
    /// How many sessions the user holds, and which of the batch's opens for this user it is, from 1.
    active: u64,
    nth: u64,
    max_active: Option<u64>,
    role: Option<String>,
    inbox: Standing,
    is_written: bool,
}

mapped!(Verdict, |row| {
    Ok(Verdict {
        place: unsigned(row.try_get("place")?) as usize,
        is_known: row.try_get("is_known")?,
        is_disabled: row.try_get("is_disabled")?,
        is_held: row.try_get("is_held")?,
        active: unsigned(row.try_get("active")?),
        nth: unsigned(row.try_get("nth")?),
        max_active: row.try_get::<Option<i64>, _>("max_active")?.map(unsigned),
        role: row.try_get("role")?,
        inbox: Standing {
            head: Position(row.try_get("head")?),
            newest: Position(row.try_get("newest")?),
            read_up_to: Position(row.try_get("read_up_to")?),
        },
        is_written: row.try_get("is_written")?,
    })
});

fn unsigned(number: i64) -> u64 {
    number.unsigned_abs()
}

impl Verdict {
    fn has_room(&self) -> bool {
        self.max_active
            .is_none_or(|max| self.active + self.nth <= max)
    }

    /// The same decision as `is_admitted!`.
    fn is_admitted(&self) -> bool {
        self.is_known && !self.is_disabled && self.is_held && self.has_room()
    }

    /// All that were admitted have been written.
    pub(super) fn note_written(&mut self) {
        self.is_written = self.is_admitted();
    }

    fn outcome(self, id: SessionId) -> Outcome {
        if self.is_written {
            return Outcome::Opened(Opened {
                id,
                role: role_of(self.role.as_deref()),
                inbox: self.inbox,
            });
        }
        match self.max_active {
            _ if !self.is_known => Outcome::UnknownUser,
            _ if self.is_disabled => Outcome::DisabledUser,
            _ if !self.is_held => Outcome::NoLease,
            Some(max) if !self.has_room() => Outcome::TooMany {
                active: self.active.max(max.min(self.active + self.nth - 1)),
                max,
            },
            // A trigger of an adopted table may swallow a row without a word.
            _ => Outcome::NotWritten,
        }
    }
}

/// The opens of a batch, with the places that they have in it and the ids that their rows get.
pub(super) struct Opens<'a> {
    rows: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    place: usize,
    id: i64,
    user_id: i64,
    socket_id: &'a str,
    connected_at: String,
    ip_address: Option<&'a str>,
    user_agent: Option<Cow<'a, str>>,
    transport: &'a str,
    node: &'a str,
    recovered_from: Option<i64>,
    max_active: Option<u32>,
    /// Which of the batch's opens for this user it is, from 1.
    nth: u32,
}

impl<'a> Opens<'a> {
    pub(super) fn of(requests: &'a [Request]) -> Self {
        let mut per_user: HashMap<UserId, u32> = HashMap::new();
        let rows = requests
            .iter()
            .enumerate()
            .filter_map(|(place, request)| match request {
                Request::Open { new, .. } => {
                    let nth = per_user.entry(new.user_id).or_default();
                    *nth += 1;
                    Some(Row::new(place, new, *nth))
                }
                _ => None,
            });
        Self {
            rows: rows.collect(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Gives each its id, in order.
    pub(super) fn number(&mut self, ids: impl IntoIterator<Item = i64>) {
        for (row, id) in self.rows.iter_mut().zip(ids) {
            row.id = id;
        }
    }

    /// The places in the batch, with the ids of the rows.
    pub(super) fn places(&self) -> Vec<(usize, SessionId)> {
        self.rows
            .iter()
            .map(|row| (row.place, SessionId(row.id)))
            .collect()
    }

    /// The nodes that they ask for: one, but for tests.
    pub(super) fn nodes(&self) -> Texts {
        let nodes: BTreeSet<&str> = self.rows.iter().map(|row| row.node).collect();
        Texts(nodes.into_iter().map(str::to_owned).collect())
    }

    pub(super) fn json(&self) -> String {
        json(&self.rows)
    }

    /// Keeps those that were admitted and numbers them after `last_id`.
    pub(super) fn keep_admitted(&mut self, verdicts: &[Verdict], last_id: i64) {
        let admitted: HashSet<usize> = verdicts
            .iter()
            .filter(|it| it.is_admitted())
            .map(|it| it.place)
            .collect();
        self.rows.retain(|row| admitted.contains(&row.place));
        self.number(last_id + 1..);
    }

    /// By place in the batch.
    pub(super) fn outcomes(&self, verdicts: Vec<Verdict>) -> HashMap<usize, Outcome> {
        let ids: HashMap<usize, SessionId> = self.places().into_iter().collect();
        let outcomes = verdicts.into_iter().map(|verdict| {
            let id = ids.get(&verdict.place).copied().unwrap_or(SessionId(0));
            (verdict.place, verdict.outcome(id))
        });
        outcomes.collect()
    }
}

impl<'a> Row<'a> {
    fn new(place: usize, new: &'a NewSession, nth: u32) -> Self {
        let user_agent = new.user_agent.as_deref();
        Self {
            place,
            id: 0,
            user_id: new.user_id.0,
            socket_id: &new.socket_id,
            connected_at: new.connected_at.to_text(),
            ip_address: new.ip_address.as_deref(),
            user_agent: user_agent.map(|text| clipped(text, MAX_USER_AGENT_CHARS)),
            transport: new.transport,
            node: &new.node,
            recovered_from: new.recovered_from.map(|id| id.0),
            max_active: new.max_active,
            nth,
        }
    }
}
