//! The stream of what was published, as a node's fan-out follows it.
//!
//! A page is bounded in bytes too. The targets are read apart from the notifications: a notification for a
//! thousand users is read once, not a thousand times. Both reads need no common snapshot, because targets are
//! committed with their notification and never change.

use super::notification_columns;
use crate::{
    Store,
    db::{mapped, on},
    error::StoreError,
    model::{Notification, NotificationId, Outgoing, Outgoings, Position, Target},
    page,
};

/// How much content a page holds before it ends; its last notification may go over. A hundred of the
/// largest that a publisher may well send, and little for a process with thousands of sockets.
const MAX_PAGE_BYTES: i64 = 4 * 1024 * 1024;

/// The lengths are known without reading the texts, on both engines.
const NEWER: &str = concat!(
    "SELECT page.total_bytes, ",
    notification_columns!(),
    " FROM (SELECT id, bytes, CAST(SUM(bytes) OVER (ORDER BY id) AS BIGINT) AS total_bytes FROM ( \
         SELECT id, OCTET_LENGTH(title) + COALESCE(OCTET_LENGTH(body), 0) + COALESCE(OCTET_LENGTH(data), 0) AS bytes \
         FROM notifications WHERE id > $1 ORDER BY id LIMIT $2) AS newer) AS page \
     JOIN notifications AS n ON n.id = page.id \
     LEFT JOIN users AS p ON p.id = n.publisher_id \
     WHERE page.total_bytes - page.bytes < $3 ORDER BY n.id"
);

/// Through `notification_targets_notification`.
const TARGETS_BETWEEN: &str = "SELECT notification_id, target FROM notification_targets \
     WHERE notification_id BETWEEN $1 AND $2 ORDER BY notification_id, target";

/// A notification, and how much content the page holds up to it.
struct Newer {
    notification: Notification,
    total_bytes: i64,
}

mapped!(Newer, |row| {
    Ok(Newer {
        notification: Notification::from_row(row)?,
        total_bytes: row.try_get("total_bytes")?,
    })
});

struct Addressed {
    notification_id: NotificationId,
    /// `None` for a target that a newer version wrote: it is a newer version's to deliver.
    target: Option<Target>,
}

mapped!(Addressed, |row| {
    Ok(Addressed {
        notification_id: NotificationId(row.try_get("notification_id")?),
        target: row.try_get::<&str, _>("target")?.parse().ok(),
    })
});

impl Store {
    /// The newest committed position.
    pub async fn head(&self) -> Result<Position, StoreError> {
        on!(&self.inner.db, readers, |connection, _engine| {
            let query = sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM notifications");
            Ok(Position(query.fetch_one(connection).await?))
        })
    }

    /// What was published after a position, ascending, with its targets, expired ones included: what a node's
    /// fan-out reads. At most `limit` of them, and about four megabytes of content: whether there may be
    /// more is said in the answer.
    pub async fn published_after(
        &self,
        after: Position,
        limit: u32,
    ) -> Result<Outgoings, StoreError> {
        let limit = page::limit(limit);
        on!(&self.inner.db, readers, |connection, _engine| {
            let newer: Vec<Newer> = sqlx::query_as(NEWER)
                .bind(after.0)
                .bind(limit)
                .bind(MAX_PAGE_BYTES)
                .fetch_all(&mut *connection)
                .await?;
            let (Some(first), Some(last)) = (newer.first(), newer.last()) else {
                return Ok(Outgoings {
                    items: Vec::new(),
                    is_complete: true,
                });
            };
            let targets = sqlx::query_as(TARGETS_BETWEEN)
                .bind(first.notification.id.0)
                .bind(last.notification.id.0)
                .fetch_all(connection)
                .await?;
            Ok(together(newer, targets, limit))
        })
    }
}

/// Gives each notification its targets; both ascend.
fn together(newer: Vec<Newer>, targets: Vec<Addressed>, limit: i64) -> Outgoings {
    let is_short = i64::try_from(newer.len()).is_ok_and(|count| count < limit);
    let is_light = newer
        .last()
        .is_none_or(|last| last.total_bytes < MAX_PAGE_BYTES);
    let mut targets = targets.into_iter().peekable();
    let items = newer.into_iter().map(|Newer { notification, .. }| {
        let mut own = Vec::new();
        while let Some(next) = targets.next_if(|next| next.notification_id <= notification.id) {
            if next.notification_id == notification.id {
                own.extend(next.target);
            }
        }
        Outgoing {
            notification,
            targets: own,
        }
    });
    Outgoings {
        items: items.collect(),
        is_complete: is_short && is_light,
    }
}
