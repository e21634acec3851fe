//! Topics: audiences by name, of whoever has subscribed.
//!
//! A subscription is a row with the position of the stream at which it was made: who subscribes does not see what was
//! before. Each role has the position from where it may read a topic, so that restricting one, or opening it again, is one
//! row however many have subscribed. Both are made in the publishers' turn and are changes of the stream, by which servers move
//! the sockets that are open.
//!
//! `subscriptions` reads what is a user's, `list` what there is; `administration` restricts and removes.

mod administration;
mod list;
mod memberships;
mod subscriptions;

use crate::{
    Store, changes,
    db::on,
    error::{StoreError, SubscribeError},
    model::{MAX_SUBSCRIPTIONS, Position, Role, Subscription, Timestamp, TopicName, UserId},
    publish::{HEAD, begin_in_turn},
};
pub(crate) use subscriptions::{Subscribed, allowed, subscriptions};

/// Who asks, how many they have, whether this one (`$2`) is theirs already.
const ASKER: &str = "SELECT LOWER(CAST(u.role AS TEXT)), \
         (SELECT COUNT(*) FROM topic_subscriptions AS s WHERE s.user_id = u.id), \
         (SELECT s.since_position FROM topic_subscriptions AS s JOIN topics AS t ON t.id = s.topic_id \
          WHERE s.user_id = u.id AND t.name = $2) \
     FROM users AS u WHERE u.id = $1";

const ALLOWED: &str = "SELECT admin_since, operator_since, user_since FROM topics WHERE name = $1";

/// One more subscriber of a topic, which is made if need be.
const JOIN: &str = "INSERT INTO topics (name, created_at, admin_since, operator_since, user_since, subscribers) \
     VALUES ($1, $2, 0, 0, 0, 1) ON CONFLICT (name) DO UPDATE SET subscribers = topics.subscribers + 1 RETURNING id";

const SUBSCRIBE: &str =
    "INSERT INTO topic_subscriptions (user_id, topic_id, since_position) VALUES ($1, $2, $3)";

const UNSUBSCRIBE: &str = "DELETE FROM topic_subscriptions WHERE user_id = $1 \
     AND topic_id = (SELECT id FROM topics WHERE name = $2) RETURNING topic_id";

const LEAVE: &str = "UPDATE topics SET subscribers = subscribers - 1 WHERE id = $1";

/// What nobody reads and nobody lists is not there.
const FORGET: &str = "DELETE FROM topics WHERE id = $1 AND NOT is_listed AND subscribers <= 0";

/// The positions from where each role may read a topic.
pub(crate) type Allowed = (Option<i64>, Option<i64>, Option<i64>);

/// Which roles these are.
pub(crate) fn roles((admin, operator, user): Allowed) -> Vec<Role> {
    let since = [admin, operator, user];
    let roles = Role::ALL.into_iter().zip(since);
    roles
        .filter_map(|(role, since)| since.map(|_| role))
        .collect()
}

impl Store {
    /// Subscribes a user to a topic, from now on; tells since when they are, and whether they were before.
    pub async fn subscribe(
        &self,
        user: UserId,
        topic: &TopicName,
        now: Timestamp,
    ) -> Result<(Subscription, bool), SubscribeError> {
        let since: Result<(i64, bool), SubscribeError> =
            on!(&self.inner.db, writers, |connection, engine| {
                let mut transaction = begin_in_turn!(connection, engine);
                let asker: Option<(Option<String>, i64, Option<i64>)> = sqlx::query_as(ASKER)
                    .bind(user.0)
                    .bind(topic.as_str())
                    .fetch_optional(&mut *transaction)
                    .await?;
                let (role, count, since) = asker.ok_or(StoreError::NotFound("user"))?;
                let allowed: Option<Allowed> = sqlx::query_as(ALLOWED)
                    .bind(topic.as_str())
                    .fetch_optional(&mut *transaction)
                    .await?;
                let roles = allowed.map_or(Role::ALL.to_vec(), roles);
                if !roles.contains(&crate::accounts::role_of(role.as_deref())) {
                    return Ok(Err(SubscribeError::Restricted(roles)));
                }
                if let Some(since) = since {
                    return Ok(Ok((since, true)));
                }
                if count >= MAX_SUBSCRIPTIONS as i64 {
                    return Ok(Err(SubscribeError::TooMany));
                }
                let id: i64 = sqlx::query_scalar(JOIN)
                    .bind(topic.as_str())
                    .bind(now)
                    .fetch_one(&mut *transaction)
                    .await?;
                let head: i64 = sqlx::query_scalar(HEAD)
                    .fetch_one(&mut *transaction)
                    .await?;
                sqlx::query(SUBSCRIBE)
                    .bind(user.0)
                    .bind(id)
                    .bind(head)
                    .execute(&mut *transaction)
                    .await?;
                sqlx::query(changes::ADD_MEMBERSHIP)
                    .bind(user.0)
                    .bind(now)
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                Ok::<_, StoreError>(Ok((head, false)))
            })?;
        let (since, was_before) = since?;
        let subscription = Subscription {
            topic: topic.clone(),
            since: Position(since),
        };
        Ok((subscription, was_before))
    }

    /// Ends a user's subscription, and tells whether there was one. What came by this topic alone is in their inbox no more, as
    /// with a role that is taken away.
    pub async fn unsubscribe(
        &self,
        user: UserId,
        topic: &TopicName,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        on!(&self.inner.db, writers, |connection, engine| {
            let mut transaction = begin_in_turn!(connection, engine);
            let left: Option<i64> = sqlx::query_scalar(UNSUBSCRIBE)
                .bind(user.0)
                .bind(topic.as_str())
                .fetch_optional(&mut *transaction)
                .await?;
            let Some(id) = left else {
                return Ok(false);
            };
            for statement in [LEAVE, FORGET] {
                sqlx::query(statement)
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?;
            }
            sqlx::query(changes::ADD_MEMBERSHIP)
                .bind(user.0)
                .bind(now)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(true)
        })
    }
}
