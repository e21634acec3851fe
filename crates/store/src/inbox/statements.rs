//! The statements of the inbox: what is listed, what is counted, what is marked.
//!
//! Each list is made of ranges of indexes, one page of each at most, and what else is asked of an item is looked up by
//! its key in a subquery. No planner turns those into joins: it would take a join for cheap as long as it thinks that few
//! items are wanted, and then read and sort whole tables.

use crate::{
    changes::changes_head,
    db::Sql,
    publish::{head, notification_columns},
};

/// Whether a notification has not passed: not expired by `$9`, and not replaced before the user had read or archived
/// it. Few ever do, and there is an index of those; SQLite must be told, or it prefers to look at the notification.
macro_rules! lasts {
    ($id:literal, $index:literal) => {
        concat!(
            "COALESCE((SELECT COALESCE(n.expires_at > $9, TRUE) AND (n.replaced_at IS NULL \
                 OR EXISTS (SELECT 1 FROM notification_states AS own WHERE own.user_id = $1 \
                     AND own.notification_id = n.id AND COALESCE(own.read_at, own.archived_at, own.acknowledged_at) IS NOT NULL) \
                 OR COALESCE((SELECT m.read_at FROM inbox_marks AS m WHERE m.user_id = $1 \
                     AND m.read_up_to >= n.id ORDER BY m.read_up_to LIMIT 1) <= n.replaced_at, FALSE)) \
             FROM notifications AS n ",
            $index,
            " WHERE n.id = ",
            $id,
            " AND (n.expires_at IS NOT NULL OR n.replaced_at IS NOT NULL)), TRUE)"
        )
    };
}

/// One of a user's targets: a range of its index, as many as the page needs, with the wanted states; none of them
/// archived. `$1` user, `$8` before, `$9` now, `$10` read up to, `$11` `$12` unread, read wanted, `$14` limit.
macro_rules! target {
    ($target:literal, $after:literal, $order:literal, $index:literal) => {
        concat!(
            "SELECT * FROM (SELECT t.notification_id FROM notification_targets AS t \
             WHERE ($11 OR $12) AND t.target = ", $target, " AND t.notification_id > ", $after, " \
             AND t.notification_id < $8 AND ", lasts!("t.notification_id", $index), " \
             AND COALESCE((SELECT s.archived_at IS NULL AND (($11 AND s.read_at IS NULL AND s.notification_id > $10) \
                     OR ($12 AND (s.read_at IS NOT NULL OR s.notification_id <= $10))) \
                 FROM notification_states AS s WHERE s.user_id = $1 AND s.notification_id = t.notification_id), \
                 ($11 AND t.notification_id > $10) OR ($12 AND t.notification_id <= $10)) \
             ORDER BY t.notification_id ", $order, " LIMIT $14) AS one_target"
        )
    };
}

/// What the user touched one by one: a range of the states. The way to what is rare among all that was published, to
/// what is archived (`$13`) and, where nothing unread is wanted, to what is read above the mark. `$15` before.
macro_rules! touched {
    ($wanted:literal, $order:literal, $index:literal) => {
        concat!(
            "SELECT * FROM (SELECT s.notification_id FROM notification_states AS s \
             WHERE ", $wanted, " AND s.user_id = $1 AND s.notification_id > $5 AND s.notification_id < $15 \
             AND ", lasts!("s.notification_id", $index), " \
             AND (SELECT t.notification_id FROM notification_targets AS t \
                  WHERE t.notification_id = s.notification_id AND ((t.target = $2 AND t.notification_id > $5) \
                      OR (t.target = $3 AND t.notification_id > $6) \
                      OR (t.target = $4 AND t.notification_id > $7)) LIMIT 1) IS NOT NULL \
             ORDER BY s.notification_id ", $order, " LIMIT $14) AS touched"
        )
    };
}

macro_rules! reachable {
    ($order:literal, $index:literal) => {
        concat!(
            target!("$2", "$5", $order, $index),
            " UNION ",
            target!("$3", "$6", $order, $index),
            " UNION ",
            target!("$4", "$7", $order, $index)
        )
    };
}

macro_rules! listed {
    ($order:literal, $index:literal) => {
        concat!(
            reachable!($order, $index),
            " UNION ",
            touched!("$13 AND s.archived_at IS NOT NULL", $order, $index),
            " UNION ",
            touched!(
                "$12 AND NOT $11 AND s.archived_at IS NULL AND s.read_at IS NOT NULL AND s.notification_id > $10",
                $order,
                $index
            )
        )
    };
}

/// The earliest mark that covers an item says when it was read.
macro_rules! items_of {
    ($listed:expr, $order:literal) => {
        concat!(
            "SELECT ", notification_columns!(), ", s.archived_at, s.acknowledged_at, \
             COALESCE(s.read_at, (SELECT m.read_at FROM inbox_marks AS m WHERE m.user_id = $1 \
                                  AND m.read_up_to >= n.id ORDER BY m.read_up_to LIMIT 1)) AS read_at \
             FROM (", $listed, ") AS listed \
             JOIN notifications AS n ON n.id = listed.notification_id \
             LEFT JOIN notification_states AS s ON s.user_id = $1 AND s.notification_id = n.id \
             LEFT JOIN users AS p ON p.id = n.publisher_id \
             ORDER BY n.id ", $order, " LIMIT $14"
        )
    };
}

macro_rules! items {
    ($order:literal, $index:literal) => {
        items_of!(listed!($order, $index), $order)
    };
}

macro_rules! ids {
    ($order:literal, $index:literal) => {
        concat!(
            "SELECT notification_id FROM (",
            reachable!($order, $index),
            ") AS reachable ORDER BY notification_id ",
            $order,
            " LIMIT $14"
        )
    };
}

macro_rules! reader {
    () => {
        "SELECT LOWER(CAST(role AS TEXT)) AS role, CAST(COALESCE(role_since_position, 0) AS BIGINT) AS role_since, \
                CAST(COALESCE(joined_position, 0) AS BIGINT) AS joined, \
                (SELECT COALESCE(MAX(read_up_to), 0) FROM inbox_marks WHERE user_id = $1) AS read_up_to \
         FROM users WHERE id = $1"
    };
}

/// With the version and the reader, all as of one moment.
macro_rules! count {
    ($order:literal, $index:literal) => {
        concat!(
            "SELECT unread, position, position + changes + touches AS version, role, role_since, joined, read_up_to \
             FROM (SELECT (SELECT COUNT(*) FROM (",
            reachable!($order, $index),
            ") AS reachable) AS unread, (",
            head!(),
            ") AS position, (",
            changes_head!(),
            ") AS changes, COALESCE((SELECT v.version FROM inbox_versions AS v WHERE v.user_id = $1), 0) AS touches) \
             AS counted, (",
            reader!(),
            ") AS reader"
        )
    };
}

/// What nobody has acknowledged yet, among all that is to be.
macro_rules! awaited {
    ($order:literal, $index:literal) => {
        items_of!(
            concat!(
                "SELECT a.id AS notification_id FROM notifications AS a WHERE a.requires_ack AND a.acknowledged_at IS NULL \
                 AND a.id < $8 AND ($11 OR $12 OR $13) AND $10 >= 0 AND $15 >= 0 AND ",
                lasts!("a.id", $index),
                " AND (SELECT t.notification_id FROM notification_targets AS t \
                       WHERE t.notification_id = a.id AND ((t.target = $2 AND t.notification_id > $5) \
                           OR (t.target = $3 AND t.notification_id > $6) \
                           OR (t.target = $4 AND t.notification_id > $7)) LIMIT 1) IS NOT NULL \
                 ORDER BY a.id ",
                $order,
                " LIMIT $14"
            ),
            $order
        )
    };
}

macro_rules! on_both {
    ($statement:ident!($order:literal)) => {
        Sql {
            sqlite: $statement!($order, "INDEXED BY notifications_passing"),
            postgres: $statement!($order, ""),
        }
    };
}

pub(super) const OLDEST_FIRST: Sql = on_both!(items!("ASC"));
pub(super) const NEWEST_FIRST: Sql = on_both!(items!("DESC"));
pub(super) const IDS: Sql = on_both!(ids!("DESC"));
pub(super) const COUNT: Sql = on_both!(count!("DESC"));
pub(super) const AWAITED: Sql = on_both!(awaited!("DESC"));

pub(super) const READER: &str = reader!();

macro_rules! acknowledgements {
    ($chosen:literal) => {
        concat!(
            "SELECT s.notification_id, s.acknowledged_at, s.user_id, COALESCE(u.username, CAST(s.user_id AS TEXT)) AS username \
             FROM notification_states AS s LEFT JOIN users AS u ON u.id = s.user_id \
             WHERE s.acknowledged_at IS NOT NULL AND s.notification_id ",
            $chosen,
            " ORDER BY s.notification_id, s.acknowledged_at, s.user_id LIMIT $2"
        )
    };
}

/// Sets one of the times of what is chosen (`$10`), where it is not set: `$8` after, `$9` now.
macro_rules! touch_ids {
    ($column:literal, $chosen:literal) => {
        concat!(
            "INSERT INTO notification_states (user_id, notification_id, ", $column, ") \
             SELECT DISTINCT $1, t.notification_id, $9 FROM notification_targets AS t \
             WHERE t.notification_id ", $chosen, " AND t.notification_id > $8 AND ( \
                 (t.target = $2 AND t.notification_id > $5) OR (t.target = $3 AND t.notification_id > $6) \
                 OR (t.target = $4 AND t.notification_id > $7)) \
             ON CONFLICT (user_id, notification_id) DO UPDATE SET ", $column, " = excluded.", $column, " \
             WHERE notification_states.", $column, " IS NULL RETURNING notification_id"
        )
    };
}
pub(super) const MARK_IDS: Sql = Sql {
    sqlite: touch_ids!("read_at", "IN (SELECT value FROM json_each($10))"),
    postgres: touch_ids!("read_at", "= ANY($10)"),
};
pub(super) const ARCHIVE_IDS: Sql = Sql {
    sqlite: touch_ids!("archived_at", "IN (SELECT value FROM json_each($10))"),
    postgres: touch_ids!("archived_at", "= ANY($10)"),
};
pub(super) const ACKNOWLEDGE_IDS: Sql = Sql {
    sqlite: touch_ids!("acknowledged_at", "IN (SELECT value FROM json_each($10))"),
    postgres: touch_ids!("acknowledged_at", "= ANY($10)"),
};
pub(super) const FIRST_ACKNOWLEDGED: Sql = Sql {
    sqlite: "UPDATE notifications SET acknowledged_at = $2 \
             WHERE id IN (SELECT value FROM json_each($1)) AND acknowledged_at IS NULL",
    postgres: "UPDATE notifications SET acknowledged_at = $2 WHERE id = ANY($1) AND acknowledged_at IS NULL",
};

/// Who has acknowledged these, `$1`; at most `$2` rows.
pub(super) const ACKNOWLEDGEMENTS: Sql = Sql {
    sqlite: acknowledgements!("IN (SELECT value FROM json_each($1))"),
    postgres: acknowledgements!("= ANY($1)"),
};

/// One more change by the reader.
pub(crate) const TOUCHED: &str = "INSERT INTO inbox_versions (user_id, version) VALUES ($1, 1) \
     ON CONFLICT (user_id) DO UPDATE SET version = inbox_versions.version + 1";

pub(super) const MARK_UP_TO: &str = "INSERT INTO inbox_marks (user_id, read_up_to, read_at) VALUES ($1, $2, $3) \
     ON CONFLICT (user_id, read_up_to) DO NOTHING";
