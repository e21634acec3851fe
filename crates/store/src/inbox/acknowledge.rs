//! Acknowledging: somebody of the audience says that they have taken care, and everyone of it is told.

use super::{
    marks::ascending,
    reader::{bind_ids, locked_reader, unread},
    statements::{ACKNOWLEDGE_IDS, FIRST_ACKNOWLEDGED, MARK_IDS},
};
use crate::{
    Store,
    bind::Array,
    changes,
    db::on,
    error::StoreError,
    model::{InboxChange, NotificationId, Timestamp, Unread, UserId},
    publish::begin_in_turn,
};

impl Store {
    /// Acknowledges a notification of the user's own inbox and marks it as read; doing it again changes nothing. Whether
    /// it is asked for is the caller's to know.
    pub async fn acknowledge(
        &self,
        user: UserId,
        id: NotificationId,
        now: Timestamp,
    ) -> Result<InboxChange, StoreError> {
        let ids = [id];
        let (acknowledged, read, unread): (Vec<i64>, Vec<i64>, Unread) =
            on!(&self.inner.db, writers, |connection, engine| {
                let mut transaction = begin_in_turn!(&mut *connection, engine);
                let reader = locked_reader!(&mut *transaction, user);
                let query = sqlx::query_scalar(ACKNOWLEDGE_IDS.on(engine, reader.targets.len()));
                let acknowledged: Vec<i64> = bind_ids!(query, engine, &reader, 0_i64, now, &ids)
                    .fetch_all(&mut *transaction)
                    .await?;
                let mut read = Vec::new();
                if !acknowledged.is_empty() {
                    let query = sqlx::query_scalar(MARK_IDS.on(engine, reader.targets.len()));
                    read = bind_ids!(query, engine, &reader, reader.read_up_to, now, &ids)
                        .fetch_all(&mut *transaction)
                        .await?;
                    let changed: Array<i64> = acknowledged.iter().copied().collect();
                    sqlx::query(FIRST_ACKNOWLEDGED.on(engine))
                        .bind(changed.clone())
                        .bind(now)
                        .execute(&mut *transaction)
                        .await?;
                    sqlx::query(changes::ADD.on(engine))
                        .bind(changes::ACKNOWLEDGED)
                        .bind(changed)
                        .bind(Some(user.0))
                        .bind(now)
                        .execute(&mut *transaction)
                        .await?;
                }
                transaction.commit().await?;
                let unread: Unread = unread!(connection, engine, reader, now);
                Ok((acknowledged, read, unread))
            })?;
        Ok(InboxChange {
            read: ascending(read),
            acknowledged: ascending(acknowledged),
            unread,
            ..InboxChange::default()
        })
    }
}
