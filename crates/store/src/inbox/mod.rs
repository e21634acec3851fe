//! Reading an inbox, and marking what was read.
//!
//! A user sees a notification when one of its targets is theirs and it is newer than the point at which they
//! got that target. Each query reads, for each of the user's three targets, a bounded range of the index on
//! `notification_targets`, so its cost depends on the page and not on the number of users or notifications.
//! What was read is told by a row of states for single items, and by marks for whole ranges. The statements stand in
//! `statements`.

mod statements;

use crate::{
    MAX_SELECTION, Store,
    accounts::role_of,
    bind::Array,
    cursor::{Cursor, List},
    db::{self, Sql, mapped, on},
    error::StoreError,
    model::{
        InboxChange, InboxItem, Notification, NotificationId, Page, Position, Selection, Statuses,
        Target, Timestamp, UserId,
    },
    page, plans,
    publish::HEAD,
};
use statements::{
    ARCHIVE_IDS, COUNT, IDS, LOCK_READER, MARK_IDS, MARK_UP_TO, NEWEST_FIRST, OLDEST_FIRST, READER,
};

mapped!(InboxItem, |row| {
    Ok(InboxItem {
        notification: Notification::from_row(row)?,
        read_at: row.try_get("read_at")?,
        archived_at: row.try_get("archived_at")?,
        acknowledged_at: row.try_get("acknowledged_at")?,
    })
});

/// What is counted of the unread of one target, from the newest on: past that the number says nothing more, and
/// counting on would take longer than a list may.
const MAX_COUNTED: i64 = 1_000;

/// Who reads: their targets, and from where each counts.
struct Reader {
    user: UserId,
    role: Target,
    role_since: i64,
    joined: i64,
    read_up_to: i64,
}

/// Which part of an inbox, between two ids, both excluded.
struct Range {
    after: i64,
    before: i64,
    statuses: Statuses,
    limit: i64,
    now: Timestamp,
}

const UNREAD: Statuses = Statuses {
    unread: true,
    read: false,
    archived: false,
};

impl Range {
    fn unread(now: Timestamp, limit: i64) -> Self {
        Self {
            after: 0,
            before: i64::MAX,
            statuses: UNREAD,
            limit,
            now,
        }
    }

    /// Nothing at or below the mark is unread: the ranges of the index can begin there.
    fn floor(&self, reader: &Reader) -> i64 {
        if self.statuses == UNREAD {
            self.after.max(reader.read_up_to)
        } else {
            self.after
        }
    }

    /// Where nothing unread is wanted, the ranges of the index end at the mark: what is read above it was read one
    /// by one, and is found by its states.
    fn ceiling(&self, reader: &Reader) -> i64 {
        if self.statuses.read && !self.statuses.unread {
            self.before.min(reader.read_up_to.saturating_add(1))
        } else {
            self.before
        }
    }
}

/// Binds `$1` to `$15` of the statements that are made of `target!`.
macro_rules! bind_range {
    ($query:expr, $reader:expr, $range:expr) => {{
        let (reader, range): (&Reader, &Range) = ($reader, $range);
        let floor = range.floor(reader);
        $query
            .bind(reader.user.0)
            .bind(Target::User(reader.user).to_string())
            .bind(reader.role.to_string())
            .bind(Target::All.to_string())
            .bind(floor)
            .bind(floor.max(reader.role_since))
            .bind(floor.max(reader.joined))
            .bind(range.ceiling(reader))
            .bind(range.now)
            .bind(reader.read_up_to)
            .bind(range.statuses.unread)
            .bind(range.statuses.read)
            .bind(range.statuses.archived)
            .bind(range.limit)
            .bind(range.before)
    }};
}

/// Binds `$1` to `$10` of the statements that are made of `touch_ids!`: of these, what is newer than `$after`.
macro_rules! bind_ids {
    ($query:expr, $reader:expr, $after:expr, $now:expr, $ids:expr) => {{
        let (reader, ids): (&Reader, &[NotificationId]) = ($reader, $ids);
        $query
            .bind(reader.user.0)
            .bind(Target::User(reader.user).to_string())
            .bind(reader.role.to_string())
            .bind(Target::All.to_string())
            .bind(0_i64)
            .bind(reader.role_since)
            .bind(reader.joined)
            .bind($after)
            .bind($now)
            .bind(ids.iter().map(|id| id.0).collect::<Array<_>>())
    }};
}

/// Reads who reads, inside a body that ends in `Result<_, StoreError>`.
macro_rules! reader {
    ($connection:expr, $engine:expr, $user:expr) => {
        sqlx::query_as(READER.on($engine))
            .bind($user.0)
            .fetch_optional($connection)
            .await?
            .map(|row| Reader::of($user, row))
            .ok_or(StoreError::NotFound("user"))?
    };
}

/// The same in a transaction that changes their inbox, which one does at a time.
macro_rules! locked_reader {
    ($connection:expr, $engine:expr, $user:expr) => {{
        sqlx::query(LOCK_READER.on($engine))
            .bind($user.0)
            .execute($connection)
            .await?;
        reader!($connection, $engine, $user)
    }};
}

/// Counts what is unread, inside a body that ends in `Result<_, StoreError>`.
macro_rules! unread {
    ($connection:expr, $engine:expr, $reader:expr, $now:expr) => {
        bind_range!(
            sqlx::query_scalar(COUNT.on($engine)),
            $reader,
            &Range::unread($now, MAX_COUNTED)
        )
        .fetch_one($connection)
        .await?
    };
}

/// What is done to single notifications.
#[derive(Clone, Copy)]
enum Touch {
    Read,
    Archive,
}

impl Touch {
    /// How, and after which position: what lies below the mark is read already.
    fn of(self, reader: &Reader) -> (Sql, i64) {
        match self {
            Self::Read => (MARK_IDS, reader.read_up_to),
            Self::Archive => (ARCHIVE_IDS, 0),
        }
    }
}

impl Reader {
    fn of(
        user: UserId,
        (role, role_since, joined, read_up_to): (Option<String>, i64, i64, i64),
    ) -> Self {
        Self {
            user,
            role: Target::Role(role_of(role.as_deref())),
            role_since,
            joined,
            read_up_to,
        }
    }
}

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
        self.items(user, OLDEST_FIRST, range).await
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
        let items = self.items(user, NEWEST_FIRST, range).await?;
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
            let reader = reader!(&mut *connection, engine, user);
            let statement = plans::explain(engine, NEWEST_FIRST.on(engine));
            let query = bind_range!(sqlx::query(statement), &reader, &range);
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
        Ok(self.items(user, NEWEST_FIRST, range).await?.pop())
    }

    /// How many of a user's items are unread, neither expired nor archived; of each of their targets no
    /// more than 1,000 are counted.
    pub async fn unread_count(&self, user: UserId, now: Timestamp) -> Result<u64, StoreError> {
        let count: i64 = on!(&self.inner.db, readers, |connection, engine| {
            let reader = reader!(&mut *connection, engine, user);
            Ok(unread!(connection, engine, &reader, now))
        })?;
        Ok(count.unsigned_abs())
    }

    /// Marks as read and tells what changed; marking again changes nothing. A range is one row, however much it
    /// covers, and never reaches past what is committed now.
    pub async fn mark_read(
        &self,
        user: UserId,
        selection: Selection,
        now: Timestamp,
    ) -> Result<InboxChange, StoreError> {
        match selection {
            Selection::Ids(ids) => self.mark_ids(user, ids, now).await,
            Selection::UpTo(id) => self.mark_up_to(user, id.0, now).await,
            Selection::All => self.mark_up_to(user, i64::MAX, now).await,
        }
    }

    /// Puts notifications away, read or not, and tells what changed; archiving again changes nothing. At most
    /// [`MAX_SELECTION`] at once.
    pub async fn archive(
        &self,
        user: UserId,
        ids: Vec<NotificationId>,
        now: Timestamp,
    ) -> Result<InboxChange, StoreError> {
        let (archived, unread) = self.touch_ids(user, ids, Touch::Archive, now).await?;
        Ok(InboxChange {
            archived,
            unread,
            ..InboxChange::default()
        })
    }

    async fn items(
        &self,
        user: UserId,
        statement: Sql,
        range: Range,
    ) -> Result<Vec<InboxItem>, StoreError> {
        on!(&self.inner.db, readers, |connection, engine| {
            let reader = reader!(&mut *connection, engine, user);
            Ok(
                bind_range!(sqlx::query_as(statement.on(engine)), &reader, &range)
                    .fetch_all(connection)
                    .await?,
            )
        })
    }

    async fn mark_ids(
        &self,
        user: UserId,
        ids: Vec<NotificationId>,
        now: Timestamp,
    ) -> Result<InboxChange, StoreError> {
        let (read, unread) = self.touch_ids(user, ids, Touch::Read, now).await?;
        Ok(InboxChange {
            read,
            unread,
            ..InboxChange::default()
        })
    }

    /// Which of these were not touched in this way before, ascending, and how many are unread now.
    async fn touch_ids(
        &self,
        user: UserId,
        mut ids: Vec<NotificationId>,
        touch: Touch,
        now: Timestamp,
    ) -> Result<(Vec<NotificationId>, u64), StoreError> {
        ids.truncate(MAX_SELECTION);
        let (changed, unread): (Vec<i64>, i64) =
            on!(&self.inner.db, writers, |connection, engine| {
                let mut transaction = db::begin(connection, engine).await?;
                let reader = locked_reader!(&mut *transaction, engine, user);
                let (statement, after) = touch.of(&reader);
                let query = sqlx::query_scalar(statement.on(engine));
                let changed = bind_ids!(query, &reader, after, now, &ids)
                    .fetch_all(&mut *transaction)
                    .await?;
                // Before the count: what is published between the two is counted as unread, not marked as read.
                let head: Option<i64> = match touch {
                    Touch::Read => Some(
                        sqlx::query_scalar(HEAD)
                            .fetch_one(&mut *transaction)
                            .await?,
                    ),
                    Touch::Archive => None,
                };
                let unread: i64 = unread!(&mut *transaction, engine, &reader, now);
                if let Some(head) = head
                    && unread == 0
                    && !changed.is_empty()
                {
                    // With nothing left, a mark spares later counts from passing over all that was read one by one.
                    sqlx::query(MARK_UP_TO)
                        .bind(user.0)
                        .bind(head)
                        .bind(now)
                        .execute(&mut *transaction)
                        .await?;
                }
                transaction.commit().await?;
                Ok((changed, unread))
            })?;
        Ok((ascending(changed), unread.unsigned_abs()))
    }

    async fn mark_up_to(
        &self,
        user: UserId,
        up_to: i64,
        now: Timestamp,
    ) -> Result<InboxChange, StoreError> {
        let (changed, up_to, unread) = on!(&self.inner.db, writers, |connection, engine| {
            let mut transaction = db::begin(connection, engine).await?;
            let mut reader = locked_reader!(&mut *transaction, engine, user);
            let head: i64 = sqlx::query_scalar(HEAD)
                .fetch_one(&mut *transaction)
                .await?;
            // A mark past the newest would have what is yet to come born as read.
            let up_to = up_to.min(head);
            let range = Range {
                before: up_to.saturating_add(1),
                ..Range::unread(now, MAX_SELECTION as i64)
            };
            let changed: Vec<i64> =
                bind_range!(sqlx::query_scalar(IDS.on(engine)), &reader, &range)
                    .fetch_all(&mut *transaction)
                    .await?;
            if up_to > reader.read_up_to {
                sqlx::query(MARK_UP_TO)
                    .bind(user.0)
                    .bind(up_to)
                    .bind(now)
                    .execute(&mut *transaction)
                    .await?;
                reader.read_up_to = up_to;
            }
            let unread: i64 = unread!(&mut *transaction, engine, &reader, now);
            transaction.commit().await?;
            Ok((changed, up_to, unread))
        })?;
        Ok(InboxChange {
            read: ascending(changed),
            read_up_to: Some(NotificationId(up_to)),
            unread: unread.unsigned_abs(),
            ..InboxChange::default()
        })
    }
}

fn ascending(mut ids: Vec<i64>) -> Vec<NotificationId> {
    ids.sort_unstable();
    ids.into_iter().map(NotificationId).collect()
}
