//! Refused connections: when, from where and why, and no secret. Who could *not* connect is what a ledger of
//! connections alone would not tell.

use crate::{
    Store,
    cursor::{Cursor, List},
    db::{mapped, on},
    error::StoreError,
    model::{NewRefusal, Page, RefusalRow, UserId},
    page,
};

mapped!(RefusalRow, |row| {
    Ok(RefusalRow {
        id: row.try_get("id")?,
        refused_at: row.try_get("refused_at")?,
        code: row.try_get("code")?,
        detail: row.try_get("detail")?,
        ip_address: row.try_get("ip_address")?,
        user_agent: row.try_get("user_agent")?,
        origin: row.try_get("origin")?,
        namespace: row.try_get("namespace")?,
        user_id: row.try_get::<Option<_>, _>("user_id")?.map(UserId),
        username: row.try_get("username")?,
        node: row.try_get("node")?,
        transport: row.try_get("transport")?,
    })
});

impl Store {
    /// Records a refusal with the next group commit. Never waits: under a flood it is dropped and counted,
    /// and so it is when the database is away.
    pub fn record_refusal(&self, refusal: NewRefusal) {
        self.inner.ledger.refuse(refusal);
    }

    /// How many refusals were dropped since the store was opened.
    pub fn refusals_dropped(&self) -> u64 {
        self.inner.ledger.refusals_dropped()
    }

    /// Refusals, newest first.
    pub async fn list_refusals(
        &self,
        before: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<RefusalRow>, StoreError> {
        let before = page::key(before, List::Refusals, i64::MAX)?;
        let limit = page::limit(limit);
        let rows: Vec<RefusalRow> = on!(&self.inner.db, readers, |connection, _engine| {
            let query = sqlx::query_as(
                "SELECT r.id, r.refused_at, r.code, r.detail, r.ip_address, r.user_agent, r.origin, r.namespace, \
                        r.user_id, u.username, r.node, r.transport \
                 FROM refused_connections AS r LEFT JOIN users AS u ON u.id = r.user_id \
                 WHERE r.id < $1 ORDER BY r.id DESC LIMIT $2",
            );
            Ok(query
                .bind(before)
                .bind(limit + 1)
                .fetch_all(connection)
                .await?)
        })?;
        Ok(page::of(rows, limit, List::Refusals, |row| row.id))
    }

    /// Deletes all but about the newest `keep`; how many were deleted.
    pub async fn prune_refusals(&self, keep: u64) -> Result<u64, StoreError> {
        on!(&self.inner.db, writers, |connection, _engine| {
            let pruned = sqlx::query(
                "DELETE FROM refused_connections WHERE id <= (SELECT MAX(id) FROM refused_connections) - $1",
            )
            .bind(i64::try_from(keep).unwrap_or(i64::MAX))
            .execute(connection)
            .await?;
            Ok(pruned.rows_affected())
        })
    }
}
