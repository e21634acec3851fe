//! What a reader does with their inbox: reading, one by one or up to a point, and putting away.

use super::{
    reader::{Range, Reader, bind_ids, bind_range, locked_reader, unread},
    statements::{ARCHIVE_IDS, IDS, MARK_IDS, MARK_UP_TO, Reading},
};
use crate::{
    MAX_SELECTION, Store,
    db::{self, on},
    error::StoreError,
    model::{InboxChange, NotificationId, Selection, Timestamp, Unread, UserId},
    publish::HEAD,
};

/// What is done to single notifications.
#[derive(Clone, Copy)]
enum Touch {
    Read,
    Archive,
}

impl Touch {
    /// How, and after which position: what lies below the mark is read already.
    fn of(self, reader: &Reader) -> (&'static Reading, i64) {
        match self {
            Self::Read => (&MARK_IDS, reader.read_up_to),
            Self::Archive => (&ARCHIVE_IDS, 0),
        }
    }
}

impl Store {
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
    ) -> Result<(Vec<NotificationId>, Unread), StoreError> {
        ids.truncate(MAX_SELECTION);
        let (changed, unread): (Vec<i64>, Unread) =
            on!(&self.inner.db, writers, |connection, engine| {
                let mut transaction = db::begin(&mut *connection, engine).await?;
                let reader = locked_reader!(&mut *transaction, user);
                let (statement, after) = touch.of(&reader);
                let query = sqlx::query_scalar(statement.on(engine, reader.targets.len()));
                let changed = bind_ids!(query, engine, &reader, after, now, &ids)
                    .fetch_all(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                let unread: Unread = unread!(connection, engine, reader, now);
                if matches!(touch, Touch::Read) && unread.count == 0 && !changed.is_empty() {
                    // With nothing left, a mark spares later counts from passing over all that was read one by one.
                    sqlx::query(MARK_UP_TO)
                        .bind(user.0)
                        .bind(unread.position)
                        .bind(now)
                        .execute(connection)
                        .await?;
                }
                Ok((changed, unread))
            })?;
        Ok((ascending(changed), unread))
    }

    async fn mark_up_to(
        &self,
        user: UserId,
        up_to: i64,
        now: Timestamp,
    ) -> Result<InboxChange, StoreError> {
        let (changed, up_to, unread) = on!(&self.inner.db, writers, |connection, engine| {
            let mut transaction = db::begin(&mut *connection, engine).await?;
            let mut reader = locked_reader!(&mut *transaction, user);
            let head: i64 = sqlx::query_scalar(HEAD)
                .fetch_one(&mut *transaction)
                .await?;
            // A mark past the newest would have what is yet to come born as read.
            let up_to = up_to.min(head);
            let range = Range {
                before: up_to.saturating_add(1),
                ..Range::unread(now, MAX_SELECTION as i64)
            };
            let query = sqlx::query_scalar(IDS.on(engine, reader.targets.len()));
            let changed: Vec<i64> = bind_range!(query, engine, &reader, &range)
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
            transaction.commit().await?;
            let unread: Unread = unread!(connection, engine, reader, now);
            Ok((changed, up_to, unread))
        })?;
        Ok(InboxChange {
            read: ascending(changed),
            read_up_to: Some(NotificationId(up_to)),
            unread,
            ..InboxChange::default()
        })
    }
}

pub(super) fn ascending(mut ids: Vec<i64>) -> Vec<NotificationId> {
    ids.sort_unstable();
    ids.into_iter().map(NotificationId).collect()
}
