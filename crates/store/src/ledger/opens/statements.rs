//! The statements that judge the opens of a batch and write their rows.
//!
//! What is the same for the whole batch is asked once for it: which nodes run, and the newest notifications of the
//! audiences that many share. Of each user a few rows are looked up, each by one step into an index.

use crate::{changes::changes_head, publish::head, topics::subscriptions};

/// The newest notification of one target: one step into its index.
macro_rules! newest_of {
    ($target:literal) => {
        concat!(
            "COALESCE((SELECT t.notification_id FROM notification_targets AS t WHERE t.target = ",
            $target,
            " ORDER BY t.notification_id DESC LIMIT 1), 0)"
        )
    };
}

/// The nodes that run among `$asked`, and the heads of what many read.
macro_rules! for_the_batch {
    ($asked:literal, $lock:literal) => {
        concat!(
            "running AS MATERIALIZED (SELECT id FROM nodes WHERE stopped_at IS NULL AND id ",
            $asked,
            $lock,
            "), newest AS MATERIALIZED (SELECT (",
            head!(),
            ") AS head, (",
            changes_head!(),
            ") AS changes, COALESCE((SELECT pruned_up_to FROM retention WHERE id = 1), 0) AS pruned_up_to, ",
            newest_of!("'all'"),
            " AS to_all, ",
            newest_of!("'role:admin'"),
            " AS to_admins, ",
            newest_of!("'role:operator'"),
            " AS to_operators, ",
            newest_of!("'role:user'"),
            " AS to_users)"
        )
    };
}

/// The last connection that had the id which `a` asks to continue. Of a user's sessions the newest thousand are looked
/// through: one that is further back is not continued.
macro_rules! predecessor {
    ($columns:literal) => {
        concat!(
            "(SELECT ", $columns, " FROM (SELECT s.* FROM user_sessions AS s \
                 WHERE s.user_id = a.user_id AND a.recovers IS NOT NULL ORDER BY s.id DESC LIMIT 1000) AS r \
             WHERE r.recovery_id = a.recovers ORDER BY r.id DESC LIMIT 1)"
        )
    };
}

/// Not where the client left or was sent away.
macro_rules! is_recovered {
    () => {
        "(p.is_active = TRUE OR (p.disconnected_at >= a.ended_after \
             AND COALESCE(p.disconnect_reason, '') NOT IN ('client_disconnect', 'revoked')))"
    };
}

/// The verdict on each row of `$asked`, which are named `a`; `$joined` leads to the row of its user (`u`) and to its
/// predecessor (`p`), `$marks` to the last of the user's marks; `$unique` is whether a socket id may stand in the table
/// once at most. What is continued does not count beside its successor. A role that only another program knows counts as `user`, as everywhere.
macro_rules! judged {
    ($asked:expr, $joined:expr, $marks:literal, $unique:literal) => {
        concat!(
            "SELECT a.*, u.id IS NOT NULL AS is_known, COALESCE(u.disabled, FALSE) AS is_disabled, \
             LOWER(CAST(u.role AS TEXT)) AS role, running.id IS NOT NULL AS is_held, \
             CASE WHEN a.max_active IS NULL THEN 0 ELSE (SELECT COUNT(*) FROM user_sessions AS s \
                 WHERE s.user_id = a.user_id AND s.is_active = TRUE) - CASE WHEN p.is_active = TRUE THEN 1 ELSE 0 END \
             END AS active, \
             head, changes, pruned_up_to, head + changes + COALESCE((SELECT v.version FROM inbox_versions AS v \
                 WHERE v.user_id = a.user_id), 0) AS version, COALESCE(",
            $marks,
            ", 0) AS read_up_to, ",
            newest_of!("'user:' || a.user_id"),
            " AS to_user, to_all, COALESCE(u.joined_position, 0) AS joined, \
             CASE LOWER(CAST(u.role AS TEXT)) WHEN 'admin' THEN to_admins WHEN 'operator' THEN to_operators \
                 ELSE to_users END AS to_role, COALESCE(u.role_since_position, 0) AS role_since, ",
            subscriptions!("u", concat!(" || ',' || ", newest_of!("'topic:' || p.name"))),
            " AS subscriptions, CASE WHEN ",
            is_recovered!(),
            " THEN p.id END AS recovered_from, CASE WHEN NOT ", $unique, " AND ",
            is_recovered!(),
            " THEN p.socket_id END AS recovered_socket_id \
             FROM ",
            $asked,
            " CROSS JOIN newest ",
            $joined,
            " LEFT JOIN running ON running.id = a.node"
        )
    };
}

/// Those of the same batch count too, so that a burst of one user's clients does not pass its bound.
macro_rules! is_admitted {
    () => {
        "is_known AND NOT is_disabled AND is_held AND (max_active IS NULL OR active + nth <= max_active)"
    };
}

/// `$maximum` is the engine's function for the greatest of several values.
macro_rules! verdict {
    ($maximum:literal) => {
        concat!(
            "is_known, is_disabled, is_held, CAST(active AS BIGINT) AS active, role, CAST(role_since AS BIGINT) AS role_since, \
             CAST(recovered_from AS BIGINT) AS recovered_from, recovered_socket_id, subscriptions, head, changes, version, pruned_up_to, read_up_to, ",
            $maximum,
            "(to_user, CASE WHEN to_all > joined THEN to_all ELSE 0 END, \
             CASE WHEN to_role > role_since THEN to_role ELSE 0 END) AS newest, "
        )
    };
}

macro_rules! columns {
    () => {
        "(id, user_id, socket_id, connected_at, is_active, last_seen_at, ip_address, user_agent, transport, node, \
          recovered_from, recovery_id)"
    };
}

/// Judges and writes; the verdicts in the order of the rows. The row of the node is locked, so that a reaper waits
/// for this transaction and then sees its rows. The user is looked up row by row, whatever the planner thinks of
/// the table's size. The parameters are those of [`super::Columns`] in order, then the nodes, and
/// whether a socket id stands in the table once at most.
pub(in crate::ledger) const OPEN_ON_POSTGRES: &str = concat!(
    "WITH ",
    for_the_batch!("= ANY($14)", " FOR SHARE"),
    ", judged AS MATERIALIZED (",
    judged!(
        "unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) WITH ORDINALITY AS a( \
             id, user_id, socket_id, connected_at, ip_address, user_agent, transport, node, recovery_id, \
             recovers, ended_after, max_active, nth, place)",
        concat!(
            "LEFT JOIN LATERAL (SELECT * FROM users WHERE users.id = a.user_id LIMIT 1) AS u ON TRUE \
             LEFT JOIN LATERAL (SELECT read_up_to FROM inbox_marks WHERE inbox_marks.user_id = a.user_id \
                 ORDER BY read_up_to DESC LIMIT 1) AS m ON TRUE \
             LEFT JOIN LATERAL ",
            predecessor!("r.*"),
            " AS p ON TRUE"
        ),
        "m.read_up_to",
        "$15"
    ),
    "), \
     opened AS (INSERT INTO user_sessions ",
    columns!(),
    " OVERRIDING SYSTEM VALUE \
         SELECT id, user_id, COALESCE(recovered_socket_id, socket_id), connected_at, TRUE, connected_at, ip_address, \
                user_agent, transport, node, recovered_from, \
                CASE WHEN recovered_from IS NULL THEN recovery_id ELSE recovers END \
         FROM judged WHERE ",
    is_admitted!(),
    " RETURNING id) \
     SELECT ",
    verdict!("GREATEST"),
    "opened.id IS NOT NULL AS is_written \
     FROM judged LEFT JOIN opened ON opened.id = judged.id ORDER BY place"
);

/// Judges, inside the transaction of the one writer; the verdicts in the order of the rows. The parameters are the rows
/// as JSON, the nodes, and whether a socket id stands in the table once at most.
pub(in crate::ledger) const JUDGE_ON_SQLITE: &str = concat!(
    "WITH ",
    for_the_batch!("IN (SELECT value FROM json_each($2))", ""),
    ", judged AS (",
    judged!(
        "(SELECT key AS place, value->>'user_id' AS user_id, value->>'node' AS node, \
                 value->>'recovers' AS recovers, value->>'ended_after' AS ended_after, \
                 value->>'max_active' AS max_active, value->>'nth' AS nth FROM json_each($1)) AS a",
        concat!(
            "LEFT JOIN users AS u ON u.id = a.user_id LEFT JOIN user_sessions AS p ON p.id = ",
            predecessor!("r.id")
        ),
        "(SELECT MAX(read_up_to) FROM inbox_marks AS m WHERE m.user_id = a.user_id)",
        "$3"
    ),
    ") SELECT ",
    verdict!("MAX"),
    "FALSE AS is_written FROM judged ORDER BY place"
);

/// On SQLite the one writer holds the lock, so that the ids after the last are its own.
pub(in crate::ledger) const LAST_ID_ON_SQLITE: &str = "SELECT MAX(COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'user_sessions'), 0), \
                COALESCE((SELECT MAX(id) FROM user_sessions), 0))";

pub(in crate::ledger) const INSERT_ON_SQLITE: &str = concat!(
    "INSERT INTO user_sessions ",
    columns!(),
    " \
     SELECT value->>'id', value->>'user_id', value->>'socket_id', value->>'connected_at', TRUE, \
            value->>'connected_at', value->>'ip_address', value->>'user_agent', value->>'transport', \
            value->>'node', value->>'recovered_from', value->>'recovery_id' \
     FROM json_each($1)"
);
