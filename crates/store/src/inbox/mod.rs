//! An inbox: reading it; in `marks` and `acknowledge` what reading changes.
//!
//! A user sees a notification when one of its targets is theirs and it is newer than the point at which they
//! got that target. Each query reads, for each of the user's targets, a bounded range of the index on
//! `notification_targets`, so its cost depends on the page and not on the number of users or notifications.
//! What was read is told by a row of states for single items, and by marks for whole ranges. The statements stand in
//! `statements`.

mod acknowledge;
mod marks;
mod reader;
mod statements;

use std::collections::HashMap;

use crate::{
    MAX_SELECTION, Store,
    bind::Array,
    cursor::{Cursor, List},
    db::{mapped, on},
    error::StoreError,
    model::{
        Acknowledgement, InboxItem, Notification, NotificationId, Page, Position, Publisher,
        Statuses, Timestamp, Unread, UserId,
    },
    page, plans,
};
use reader::{Range, UNREAD, bind_range, reader, unread};
use statements::{ACKNOWLEDGEMENTS, AWAITED, NEWEST_FIRST, OLDEST_FIRST, Reading};

mapped!(InboxItem, |row| {
    Ok(InboxItem {
        notification: Notification::from_row(row)?,
        read_at: row.try_get("read_at")?,
        archived_at: row.try_get("archived_at")?,
        acknowledged_at: row.try_get("acknowledged_at")?,
        acknowledgements: Vec::new(),
    })
});

/// Of which notification, and the acknowledgement.
struct Acknowledged(i64, Acknowledgement);

mapped!(Acknowledged, |row| {
    Ok(Acknowledged(
        row.try_get("notification_id")?,
        Acknowledgement {
            user: Publisher {
                id: UserId(row.try_get("user_id")?),
                username: row.try_get("username")?,
            },
            at: row.try_get("acknowledged_at")?,
        },
    ))
});

impl Store {
    /// A user's items after a position, ascending, expired and archived ones left out: what a socket catches
    /// up with. Like every verb of the inbox, [`StoreError::NotFound`] if there is no such user.
    pub async fn inbox_after(
        &self,
        user: UserId,
        after: Position,
        unread_only: bool,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<InboxItem>, StoreError> {
        let statuses = Statuses {
            read: !unread_only,
            ..UNREAD
        };
        let range = Range {
            after: after.0,
            before: i64::MAX,
            statuses,
            limit: page::limit(limit),
            now,
        };
        self.items(user, &OLDEST_FIRST, range).await
    }

    /// A user's inbox, newest first, expired ones left out.
    pub async fn list_inbox(
        &self,
        user: UserId,
        statuses: Statuses,
        before: Option<Cursor>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Page<InboxItem>, StoreError> {
        let before = page::key(before, List::Inbox, i64::MAX)?;
        let limit = page::limit(limit);
        let range = Range {
            after: 0,
            before,
            statuses,
            limit: limit + 1,
            now,
        };
        let items = self.items(user, &NEWEST_FIRST, range).await?;
        Ok(page::of(items, limit, List::Inbox, |item| {
            item.notification.id.0
        }))
    }

    /// The plan of [`Store::list_inbox`], a line for each step, in the database's own words.
    pub async fn explain_inbox(
        &self,
        user: UserId,
        statuses: Statuses,
        before: Option<Cursor>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        let range = Range {
            after: 0,
            before: page::key(before, List::Inbox, i64::MAX)?,
            statuses,
            limit: page::limit(limit) + 1,
            now,
        };
        on!(&self.inner.db, readers, |connection, engine| {
            let reader = reader!(&mut *connection, user);
            let statement = plans::explain(engine, NEWEST_FIRST.on(engine, reader.targets.len()));
            let query = bind_range!(sqlx::query(statement), engine, &reader, &range);
            let steps = query.fetch_all(connection).await?;
            let text = |step: &_| sqlx::Row::try_get(step, plans::text_column(engine));
            Ok(steps.iter().map(text).collect::<Result<_, _>>()?)
        })
    }

    /// One item, archived or not, if it is in the user's inbox and has not expired.
    pub async fn inbox_item(
        &self,
        user: UserId,
        id: NotificationId,
        now: Timestamp,
    ) -> Result<Option<InboxItem>, StoreError> {
        let statuses = Statuses {
            unread: true,
            read: true,
            archived: true,
        };
        let range = Range {
            after: id.0.saturating_sub(1),
            before: id.0.saturating_add(1),
            statuses,
            limit: 1,
            now,
        };
        Ok(self.items(user, &NEWEST_FIRST, range).await?.pop())
    }

    /// How many of a user's items are unread, neither expired nor archived; of each of their targets no
    /// more than 1,000 are counted.
    pub async fn unread(&self, user: UserId, now: Timestamp) -> Result<Unread, StoreError> {
        on!(&self.inner.db, readers, |connection, engine| {
            let reader = reader!(&mut *connection, user);
            Ok(unread!(connection, engine, reader, now))
        })
    }

    /// What is to be acknowledged and nobody has yet, newest first: at most `limit`, archived or not.
    pub async fn awaited(
        &self,
        user: UserId,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<InboxItem>, StoreError> {
        let statuses = Statuses {
            archived: true,
            ..Statuses::default()
        };
        let range = Range {
            after: 0,
            before: i64::MAX,
            statuses,
            limit: page::limit(limit),
            now,
        };
        self.items(user, &AWAITED, range).await
    }

    async fn items(
        &self,
        user: UserId,
        statement: &'static Reading,
        range: Range,
    ) -> Result<Vec<InboxItem>, StoreError> {
        on!(&self.inner.db, readers, |connection, engine| {
            let reader = reader!(&mut *connection, user);
            let query = sqlx::query_as(statement.on(engine, reader.targets.len()));
            let mut items: Vec<InboxItem> = bind_range!(query, engine, &reader, &range)
                .fetch_all(&mut *connection)
                .await?;
            let asked_for = items.iter().filter(|item| item.notification.requires_ack);
            let asked_for: Array<i64> = asked_for.map(|item| item.notification.id.0).collect();
            if !asked_for.is_empty() {
                let acknowledged: Vec<Acknowledged> = sqlx::query_as(ACKNOWLEDGEMENTS.on(engine))
                    .bind(asked_for)
                    .bind(MAX_SELECTION as i64)
                    .fetch_all(connection)
                    .await?;
                attach(&mut items, acknowledged);
            }
            Ok(items)
        })
    }
}

fn attach(items: &mut [InboxItem], acknowledged: Vec<Acknowledged>) {
    let mut of: HashMap<i64, Vec<Acknowledgement>> = HashMap::new();
    for Acknowledged(id, acknowledgement) in acknowledged {
        of.entry(id).or_default().push(acknowledgement);
    }
    for item in items {
        let id = item.notification.id.0;
        item.acknowledgements = of.remove(&id).unwrap_or_default();
    }
}
