//! The stream of what was published, as a node's fan-out follows it.
//!
//! A page is bounded in bytes too, and the lengths are known without reading the texts, on both engines. A
//! notification for a thousand users is read once, not a thousand times: its targets are one text beside it.

use super::notification_columns;
use crate::{
    Store,
    db::{Sql, mapped, on},
    error::StoreError,
    model::{Notification, Outgoing, Outgoings, Position, Target},
    page,
};

/// How much content a page holds before it ends; its last notification may go over. A hundred of the
/// largest that a publisher may well send, and little for a process with thousands of sockets.
const MAX_PAGE_BYTES: usize = 4 * 1024 * 1024;

macro_rules! bytes {
    () => {
        "OCTET_LENGTH(title) + COALESCE(OCTET_LENGTH(body), 0) + COALESCE(OCTET_LENGTH(data), 0)"
    };
}

/// A page's columns beside the notification's own: its number, and the bytes of those before it.
macro_rules! counted {
    ($bytes:expr) => {
        concat!(
            "ROW_NUMBER() OVER (ORDER BY id) AS nth, COALESCE(SUM(",
            $bytes,
            ") OVER (ORDER BY id \
                 ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes_before"
        )
    };
}

macro_rules! newer {
    ($page:expr, $publisher:literal) => {
        concat!(
            "SELECT ",
            notification_columns!(),
            ", \
                 (SELECT STRING_AGG(t.target, ' ') FROM notification_targets AS t \
                  WHERE t.notification_id = n.id) AS targets \
             FROM ",
            $page,
            " LEFT JOIN ",
            $publisher,
            " WHERE nth <= $2 AND bytes_before < $3 ORDER BY n.id"
        )
    };
}

/// On PostgreSQL the position is bound behind a `SELECT`, the bound on the rows (`MAX_PAGE`) is written out, and each
/// publisher is looked up alone: so what is bound changes nothing in the plan, and it is made once. Making it for
/// each read would cost more than the read.
const NEWER: Sql = Sql {
    sqlite: newer!(
        concat!(
            "(SELECT id AS page_id, ",
            counted!("bytes"),
            " FROM (SELECT id, ",
            bytes!(),
            " AS bytes FROM notifications WHERE id > $1 ORDER BY id LIMIT $2)) AS page \
             JOIN notifications AS n ON n.id = page_id"
        ),
        "users AS p ON p.id = n.publisher_id"
    ),
    postgres: newer!(
        concat!(
            "(SELECT notifications.*, ",
            counted!(bytes!()),
            " FROM notifications WHERE id > (SELECT CAST($1 AS bigint)) ORDER BY id LIMIT 500) AS n"
        ),
        "LATERAL (SELECT id, username FROM users WHERE users.id = n.publisher_id LIMIT 1) AS p ON TRUE"
    ),
};

mapped!(Outgoing, |row| {
    let targets: Option<&str> = row.try_get("targets")?;
    Ok(Outgoing {
        notification: Notification::from_row(row)?,
        // A target that a newer version wrote is a newer version's to deliver.
        targets: targets
            .unwrap_or_default()
            .split(' ')
            .filter_map(|target| target.parse::<Target>().ok())
            .collect(),
    })
});

/// The newest position, as of the statement.
macro_rules! head {
    () => {
        "SELECT COALESCE(MAX(id), 0) FROM notifications"
    };
}
pub(crate) use head;

pub(crate) const HEAD: &str = head!();

impl Store {
    /// The newest committed position.
    pub async fn head(&self) -> Result<Position, StoreError> {
        on!(&self.inner.db, readers, |connection, _engine| {
            let query = sqlx::query_scalar(HEAD);
            Ok(Position(query.fetch_one(connection).await?))
        })
    }

    /// What was published after a position, ascending, with its targets, expired ones included: what a node's
    /// fan-out reads. At most `limit` of them, and about four megabytes of content: whether there may be
    /// more is said in the answer.
    ///
    /// What this store has itself committed directly after the position is told from memory.
    pub async fn published_after(
        &self,
        after: Position,
        limit: u32,
    ) -> Result<Outgoings, StoreError> {
        let limit = page::limit(limit);
        if let Some(own) = self.inner.publisher.tail().after(after, limit) {
            return Ok(own);
        }
        let items: Vec<Outgoing> = on!(&self.inner.db, readers, |connection, engine| {
            Ok(sqlx::query_as(NEWER.on(engine))
                .bind(after.0)
                .bind(limit)
                .bind(MAX_PAGE_BYTES as i64)
                .fetch_all(connection)
                .await?)
        })?;
        let bytes: usize = items
            .iter()
            .map(|item| content_bytes(&item.notification))
            .sum();
        let is_short = i64::try_from(items.len()).is_ok_and(|count| count < limit);
        Ok(Outgoings {
            items,
            is_complete: is_short && bytes < MAX_PAGE_BYTES,
        })
    }
}

/// What a page counts of a notification. The other texts are short.
pub(super) fn content_bytes(notification: &Notification) -> usize {
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    notification.title.len() + length(&notification.body) + length(&notification.data)
}
