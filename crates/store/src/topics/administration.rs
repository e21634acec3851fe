//! Listing, restricting and removing topics.

use super::FORGET;
use crate::{
    Store, changes,
    db::{self, on},
    error::StoreError,
    model::{Role, Timestamp, TopicName},
    publish::{begin_in_turn, head},
};

/// How many subscriptions are taken away at a time.
const STEP: i64 = 500;

/// A role that may read it already goes on as before; one that may from now on sees what comes now.
macro_rules! allowed_from_now {
    ($column:literal, $may:literal) => {
        concat!(
            $column,
            " = CASE WHEN NOT ",
            $may,
            " THEN NULL ELSE COALESCE(topics.",
            $column,
            ", (",
            head!(),
            ")) END"
        )
    };
}

/// `$1` name, `$2` now, then whether each role may read it.
const SET: &str = concat!(
    "INSERT INTO topics (name, created_at, is_listed, admin_since, operator_since, user_since) \
     VALUES ($1, $2, TRUE, CASE WHEN $3 THEN 0 END, CASE WHEN $4 THEN 0 END, CASE WHEN $5 THEN 0 END) \
     ON CONFLICT (name) DO UPDATE SET is_listed = TRUE, ",
    allowed_from_now!("admin_since", "$3"),
    ", ",
    allowed_from_now!("operator_since", "$4"),
    ", ",
    allowed_from_now!("user_since", "$5")
);

/// Nobody may read it any more.
const CLOSE: &str = "UPDATE topics SET is_listed = FALSE, admin_since = NULL, operator_since = NULL, user_since = NULL \
     WHERE name = $1 RETURNING id";

/// Of a closed topic, `$1`, some subscriptions, `$2` at most.
const DROP_SOME: &str = "DELETE FROM topic_subscriptions WHERE topic_id = $1 AND user_id IN \
     (SELECT user_id FROM topic_subscriptions WHERE topic_id = $1 ORDER BY user_id LIMIT $2) \
     AND EXISTS (SELECT 1 FROM topics WHERE id = $1 AND NOT is_listed AND admin_since IS NULL \
                 AND operator_since IS NULL AND user_since IS NULL)";

const LEAVE: &str = "UPDATE topics SET subscribers = subscribers - $2 WHERE id = $1";

impl Store {
    /// Lists a topic, which is made if need be, for these roles alone to read. Who is subscribed and may not read it any more
    /// keeps the subscription, and sees nothing by it until they may again; what was published meanwhile they never see.
    pub async fn set_topic(
        &self,
        topic: &TopicName,
        roles: &[Role],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        on!(&self.inner.db, writers, |connection, engine| {
            let mut transaction = begin_in_turn!(connection, engine);
            let mut query = sqlx::query(SET).bind(topic.as_str()).bind(now);
            for role in Role::ALL {
                query = query.bind(roles.contains(&role));
            }
            query.execute(&mut *transaction).await?;
            sqlx::query(changes::ADD_MEMBERSHIP)
                .bind(None::<i64>)
                .bind(now)
                .execute(&mut *transaction)
                .await?;
            Ok(transaction.commit().await?)
        })
    }

    /// Removes a topic with all its subscriptions, and tells whether it was there. Nobody reads it from the first step on;
    /// where that is cut off before the last, doing it again goes on.
    pub async fn remove_topic(
        &self,
        topic: &TopicName,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(id) = self.close_topic(topic, now).await? else {
            return Ok(false);
        };
        while self.drop_some(id).await? >= STEP.unsigned_abs() {}
        on!(&self.inner.db, writers, |connection, _engine| {
            sqlx::query(FORGET).bind(id).execute(connection).await?;
            Ok(true)
        })
    }

    async fn close_topic(
        &self,
        topic: &TopicName,
        now: Timestamp,
    ) -> Result<Option<i64>, StoreError> {
        on!(&self.inner.db, writers, |connection, engine| {
            let mut transaction = begin_in_turn!(connection, engine);
            let closed: Option<i64> = sqlx::query_scalar(CLOSE)
                .bind(topic.as_str())
                .fetch_optional(&mut *transaction)
                .await?;
            sqlx::query(changes::ADD_MEMBERSHIP)
                .bind(None::<i64>)
                .bind(now)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(closed)
        })
    }

    async fn drop_some(&self, id: i64) -> Result<u64, StoreError> {
        on!(&self.inner.db, writers, |connection, engine| {
            let mut transaction = db::begin(connection, engine).await?;
            let dropped = sqlx::query(DROP_SOME)
                .bind(id)
                .bind(STEP)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
            sqlx::query(LEAVE)
                .bind(id)
                .bind(i64::try_from(dropped).unwrap_or(0))
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(dropped)
        })
    }
}
