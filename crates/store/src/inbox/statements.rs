//! The statements of the inbox: what is listed, what is counted, what is marked.
//!
//! Each list is made of ranges of indexes, one page of each at most, and what else is asked of an item is looked up by
//! its key in a subquery. No planner turns those into joins: it would take a join for cheap as long as it thinks that few
//! items are wanted, and then read and sort whole tables.

use std::sync::OnceLock;

use super::reader::MAX_TARGETS;
use crate::{
    Engine,
    changes::changes_head,
    db::Sql,
    publish::{head, notification_columns},
    topics::subscriptions,
};

/// An order of ids, and which way the engine must be told to look for what has passed.
#[derive(Clone, Copy)]
struct Shape {
    order: &'static str,
    engine: Engine,
    /// How many targets the reader has; on PostgreSQL it does not matter.
    targets: usize,
}

/// A statement that reads an inbox. On PostgreSQL the targets are two arrays, and for each its range is read `LATERAL`. SQLite
/// cannot do that: there the text has a part for each target, and is made once for each number of them.
pub(super) struct Reading {
    text: fn(Shape) -> String,
    order: &'static str,
    made: [[OnceLock<String>; MAX_TARGETS + 1]; 2],
}

impl Reading {
    const fn new(text: fn(Shape) -> String, order: &'static str) -> Self {
        Self {
            text,
            order,
            made: [const { [const { OnceLock::new() }; MAX_TARGETS + 1] }; 2],
        }
    }

    pub(super) fn on(&'static self, engine: Engine, targets: usize) -> &'static str {
        let order = self.order;
        let targets = match engine {
            Engine::Sqlite => targets,
            Engine::Postgres => 0,
        };
        self.made[engine as usize][targets].get_or_init(|| {
            (self.text)(Shape {
                order,
                engine,
                targets,
            })
        })
    }
}

/// Where the targets of a statement that reads begin: after `$1` user, `$2` before (where the ranges of the index end),
/// `$3` now, `$4` read up to, `$5` `$6` `$7` unread, read, archived wanted, `$8` limit, `$9` before, `$10` after. Each is two
/// values: its key, and after what; on PostgreSQL they are two arrays.
const FIRST_TARGET: usize = 11;

/// Whether a notification has not passed: not expired by `$3`, and not replaced before the user had read or archived
/// it. Few ever do, and there is an index of those; SQLite must be told, or it prefers to look at the notification.
fn lasts(id: &str, engine: Engine) -> String {
    let index = match engine {
        Engine::Sqlite => "INDEXED BY notifications_passing",
        Engine::Postgres => "",
    };
    format!(
        "COALESCE((SELECT COALESCE(n.expires_at > $3, TRUE) AND (n.replaced_at IS NULL \
             OR EXISTS (SELECT 1 FROM notification_states AS own WHERE own.user_id = $1 \
                 AND own.notification_id = n.id AND COALESCE(own.read_at, own.archived_at, own.acknowledged_at) IS NOT NULL) \
             OR COALESCE((SELECT m.read_at FROM inbox_marks AS m WHERE m.user_id = $1 \
                 AND m.read_up_to >= n.id ORDER BY m.read_up_to LIMIT 1) <= n.replaced_at, FALSE)) \
         FROM notifications AS n {index} WHERE n.id = {id} \
         AND (n.expires_at IS NOT NULL OR n.replaced_at IS NOT NULL)), TRUE)"
    )
}

/// One of a user's targets: a range of its index, as many as the page needs, with the wanted states; none of them
/// archived.
fn one_target(shape: Shape, key: &str, after: &str) -> String {
    let lasts = lasts("t.notification_id", shape.engine);
    let order = shape.order;
    format!(
        "SELECT t.notification_id FROM notification_targets AS t \
         WHERE ($5 OR $6) AND t.target = {key} AND t.notification_id > {after} \
         AND t.notification_id < $2 AND {lasts} \
         AND COALESCE((SELECT s.archived_at IS NULL AND (($5 AND s.read_at IS NULL AND s.notification_id > $4) \
                 OR ($6 AND (s.read_at IS NOT NULL OR s.notification_id <= $4))) \
             FROM notification_states AS s WHERE s.user_id = $1 AND s.notification_id = t.notification_id), \
             ($5 AND t.notification_id > $4) OR ($6 AND t.notification_id <= $4)) \
         ORDER BY t.notification_id {order} LIMIT $8"
    )
}

/// What is under any of the targets.
fn reachable(shape: Shape) -> String {
    if shape.engine == Engine::Postgres {
        let range = one_target(shape, "mine.target", "mine.after");
        let mine = targets_as_rows(FIRST_TARGET);
        return format!(
            "SELECT DISTINCT found.notification_id FROM {mine} CROSS JOIN LATERAL ({range}) AS found"
        );
    }
    let one = |target| {
        let first = FIRST_TARGET + 2 * target;
        let range = one_target(shape, &format!("${first}"), &format!("${}", first + 1));
        format!("SELECT * FROM ({range}) AS one_target")
    };
    let targets: Vec<String> = (0..shape.targets).map(one).collect();
    targets.join(" UNION ")
}

/// The two arrays that are bound from there on, behind a `SELECT`: so their length changes nothing in the plan, and it is made
/// once. Making it for each read would cost more than the read.
fn targets_as_rows(first: usize) -> String {
    let after = first + 1;
    format!(
        "unnest((SELECT CAST(${first} AS text[])), (SELECT CAST(${after} AS bigint[]))) AS mine(target, after)"
    )
}

/// Whether a target's row is one of the reader's, whose values begin there.
fn is_mine(shape: Shape, first: usize) -> String {
    if shape.engine == Engine::Postgres {
        let mine = targets_as_rows(first);
        return format!(
            "EXISTS (SELECT FROM {mine} WHERE mine.target = t.target AND mine.after < t.notification_id)"
        );
    }
    let one = |target| {
        let (key, after) = (first + 2 * target, first + 2 * target + 1);
        format!("(t.target = ${key} AND t.notification_id > ${after})")
    };
    let targets: Vec<String> = (0..shape.targets).map(one).collect();
    format!("({})", targets.join(" OR "))
}

/// Whether any of a notification's targets is the reader's.
fn is_reached(shape: Shape, id: &str) -> String {
    let is_mine = is_mine(shape, FIRST_TARGET);
    format!(
        "(SELECT t.notification_id FROM notification_targets AS t \
          WHERE t.notification_id = {id} AND {is_mine} LIMIT 1) IS NOT NULL"
    )
}

/// What the user touched one by one: a range of the states. The way to what is rare among all that was published, to
/// what is archived and, where nothing unread is wanted, to what is read above the mark.
fn touched(shape: Shape, wanted: &str) -> String {
    let lasts = lasts("s.notification_id", shape.engine);
    let reached = is_reached(shape, "s.notification_id");
    let order = shape.order;
    format!(
        "SELECT * FROM (SELECT s.notification_id FROM notification_states AS s \
         WHERE {wanted} AND s.user_id = $1 AND s.notification_id > $10 AND s.notification_id < $9 \
         AND {lasts} AND {reached} ORDER BY s.notification_id {order} LIMIT $8) AS touched"
    )
}

/// The earliest mark that covers an item says when it was read.
fn items_of(listed: &str, order: &str) -> String {
    let columns = notification_columns!();
    format!(
        "SELECT {columns}, s.archived_at, s.acknowledged_at, \
         COALESCE(s.read_at, (SELECT m.read_at FROM inbox_marks AS m WHERE m.user_id = $1 \
                              AND m.read_up_to >= n.id ORDER BY m.read_up_to LIMIT 1)) AS read_at \
         FROM ({listed}) AS listed \
         JOIN notifications AS n ON n.id = listed.notification_id \
         LEFT JOIN notification_states AS s ON s.user_id = $1 AND s.notification_id = n.id \
         LEFT JOIN users AS p ON p.id = n.publisher_id \
         ORDER BY n.id {order} LIMIT $8"
    )
}

fn items(shape: Shape) -> String {
    let listed = [
        reachable(shape),
        touched(shape, "$7 AND s.archived_at IS NOT NULL"),
        touched(
            shape,
            "$6 AND NOT $5 AND s.archived_at IS NULL AND s.read_at IS NOT NULL AND s.notification_id > $4",
        ),
    ];
    // Each has a page at most, and there may be fifty: what is looked up of an item is looked up for one page.
    let (listed, order) = (listed.join(" UNION "), shape.order);
    let page = format!(
        "SELECT notification_id FROM ({listed}) AS found ORDER BY notification_id {order} LIMIT $8"
    );
    items_of(&page, order)
}

fn ids(shape: Shape) -> String {
    let (reachable, order) = (reachable(shape), shape.order);
    format!(
        "SELECT notification_id FROM ({reachable}) AS reachable ORDER BY notification_id {order} LIMIT $8"
    )
}

/// What nobody has acknowledged yet, among all that is to be.
fn awaited(shape: Shape) -> String {
    let lasts = lasts("a.id", shape.engine);
    let reached = is_reached(shape, "a.id");
    let order = shape.order;
    let listed = format!(
        "SELECT a.id AS notification_id FROM notifications AS a WHERE a.requires_ack AND a.acknowledged_at IS NULL \
         AND a.id < $2 AND ($5 OR $6 OR $7) AND $4 >= 0 AND $9 >= 0 AND $10 >= 0 AND {lasts} AND {reached} \
         ORDER BY a.id {order} LIMIT $8"
    );
    items_of(&listed, order)
}

pub(super) const READER: &str = concat!(
    "SELECT LOWER(CAST(role AS TEXT)) AS role, CAST(COALESCE(role_since_position, 0) AS BIGINT) AS role_since, \
            CAST(COALESCE(joined_position, 0) AS BIGINT) AS joined, \
            (SELECT COALESCE(MAX(read_up_to), 0) FROM inbox_marks WHERE user_id = $1) AS read_up_to, ",
    subscriptions!("users", ""),
    " AS subscriptions FROM users WHERE id = $1"
);

/// With the version and the reader, all as of one moment.
fn count(shape: Shape) -> String {
    let reachable = reachable(shape);
    let (head, changes, reader) = (head!(), changes_head!(), READER);
    format!(
        "SELECT unread, position, position + changes + touches AS version, role, role_since, joined, read_up_to, subscriptions \
         FROM (SELECT (SELECT COUNT(*) FROM ({reachable}) AS reachable) AS unread, ({head}) AS position, ({changes}) AS changes, \
             COALESCE((SELECT v.version FROM inbox_versions AS v WHERE v.user_id = $1), 0) AS touches) AS counted, \
             ({reader}) AS reader"
    )
}

pub(super) static OLDEST_FIRST: Reading = Reading::new(items, "ASC");
pub(super) static NEWEST_FIRST: Reading = Reading::new(items, "DESC");
pub(super) static IDS: Reading = Reading::new(ids, "DESC");
pub(super) static COUNT: Reading = Reading::new(count, "DESC");
pub(super) static AWAITED: Reading = Reading::new(awaited, "DESC");

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

/// Sets one of the times of what is chosen, where it is not set: `$1` user, `$2` after, `$3` now, `$4` ids, then the targets.
fn touch(shape: Shape, column: &str) -> String {
    let chosen = match shape.engine {
        Engine::Sqlite => "IN (SELECT value FROM json_each($4))",
        Engine::Postgres => "= ANY($4)",
    };
    let is_mine = is_mine(shape, 5);
    format!(
        "INSERT INTO notification_states (user_id, notification_id, {column}) \
         SELECT DISTINCT $1, t.notification_id, $3 FROM notification_targets AS t \
         WHERE t.notification_id {chosen} AND t.notification_id > $2 AND {is_mine} \
         ON CONFLICT (user_id, notification_id) DO UPDATE SET {column} = excluded.{column} \
         WHERE notification_states.{column} IS NULL RETURNING notification_id"
    )
}

pub(super) static MARK_IDS: Reading = Reading::new(|shape| touch(shape, "read_at"), "");
pub(super) static ARCHIVE_IDS: Reading = Reading::new(|shape| touch(shape, "archived_at"), "");
pub(super) static ACKNOWLEDGE_IDS: Reading =
    Reading::new(|shape| touch(shape, "acknowledged_at"), "");

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
pub(super) const TOUCHED: &str = "INSERT INTO inbox_versions (user_id, version) VALUES ($1, 1) \
     ON CONFLICT (user_id) DO UPDATE SET version = inbox_versions.version + 1";

pub(super) const MARK_UP_TO: &str = "INSERT INTO inbox_marks (user_id, read_up_to, read_at) VALUES ($1, $2, $3) \
     ON CONFLICT (user_id, read_up_to) DO NOTHING";
