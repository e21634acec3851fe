//! Replacing: a notification with a collapse key takes the place of the one before it.
//!
//! The predecessor is the newest of the same group (one publisher, one key, one audience). It is not removed: whoever
//! had read or archived it before keeps it, and for everyone else it has passed, as if it had expired. Which of the two it is, is
//! decided at reading, so that replacing a broadcast costs the same however many users there are.

use crate::db::{Sql, mapped};

macro_rules! predecessor {
    ($chosen:literal) => {
        concat!(
            "UPDATE notifications SET replaces = (SELECT MAX(before.id) FROM notifications AS before \
                 WHERE before.collapse_group = notifications.collapse_group AND before.id < notifications.id) \
             WHERE id ",
            $chosen,
            " RETURNING id, replaces"
        )
    };
}

/// Links each of the new ones, `$1`, to its predecessor.
pub(super) const LINK: Sql = Sql {
    sqlite: predecessor!("IN (SELECT value FROM json_each($1))"),
    postgres: predecessor!("= ANY($1)"),
};

/// Ends what the new ones, `$1`, replace, as of `$2`.
pub(super) const REPLACE: Sql = Sql {
    sqlite: "UPDATE notifications SET replaced_at = $2 WHERE replaced_at IS NULL AND id IN \
             (SELECT new.replaces FROM notifications AS new WHERE new.id IN (SELECT value FROM json_each($1)))",
    postgres: "UPDATE notifications SET replaced_at = $2 WHERE replaced_at IS NULL AND id IN \
               (SELECT new.replaces FROM notifications AS new WHERE new.id = ANY($1))",
};

/// A new notification, and the one that it replaces.
pub(super) struct Link {
    pub(super) id: i64,
    pub(super) replaces: Option<i64>,
}

mapped!(Link, |row| {
    Ok(Link {
        id: row.try_get("id")?,
        replaces: row.try_get("replaces")?,
    })
});
