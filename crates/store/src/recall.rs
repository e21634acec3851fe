//! Taking a notification back.
//!
//! It leaves every inbox at once, read or not: its addresses are turned into ones that no inbox asks for, so that reading
//! costs nothing more for it. The row stays, because positions are counted by it.

use crate::{
    Store,
    bind::Array,
    changes,
    db::on,
    error::{RecallError, StoreError},
    model::{NotificationId, Timestamp, UserId},
    publish::begin_in_turn,
};

const FOUND: &str = "SELECT publisher_id, recalled_at FROM notifications WHERE id = $1";

const RECALL: &str = "UPDATE notifications SET recalled_at = $2 WHERE id = $1";

const WITHDRAW: &str = "UPDATE notification_targets SET target = '-' || target \
     WHERE notification_id = $1 AND target NOT LIKE '-%'";

impl Store {
    /// Takes a notification back, if it is `by`'s own, or anybody's with `None`. Returns when that was: doing it again
    /// changes nothing.
    pub async fn recall(
        &self,
        id: NotificationId,
        by: Option<UserId>,
        now: Timestamp,
    ) -> Result<Timestamp, RecallError> {
        let recalled: Result<Timestamp, RecallError> =
            on!(&self.inner.db, writers, |connection, engine| {
                let mut transaction = begin_in_turn!(connection, engine);
                let found: Option<(Option<i64>, Option<Timestamp>)> = sqlx::query_as(FOUND)
                    .bind(id.0)
                    .fetch_optional(&mut *transaction)
                    .await?;
                let Some((publisher, recalled_at)) = found else {
                    return Ok(Err(RecallError::NotFound));
                };
                if by.is_some_and(|by| publisher != Some(by.0)) {
                    return Ok(Err(RecallError::NotTheirs));
                }
                if let Some(at) = recalled_at {
                    return Ok(Ok(at));
                }
                sqlx::query(RECALL)
                    .bind(id.0)
                    .bind(now)
                    .execute(&mut *transaction)
                    .await?;
                sqlx::query(WITHDRAW)
                    .bind(id.0)
                    .execute(&mut *transaction)
                    .await?;
                sqlx::query(changes::ADD.on(engine))
                    .bind(changes::RECALLED)
                    .bind([id.0].into_iter().collect::<Array<i64>>())
                    .bind(by.map(|user| user.0))
                    .bind(now)
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                Ok::<_, StoreError>(Ok(now))
            })?;
        recalled
    }
}
