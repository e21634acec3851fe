//! Which topics there are, as one user sees it.

use super::{Allowed, roles};
use crate::{
    Store,
    cursor::{Cursor, List},
    db::{mapped, on},
    error::StoreError,
    model::{Page, Position, Publisher, Role, Topic, TopicName, UserId},
    page,
};

macro_rules! topics {
    ($chosen:literal) => {
        concat!(
            "SELECT t.id, t.name, t.is_listed, t.admin_since, t.operator_since, t.user_since, t.subscribers, \
                    s.since_position \
             FROM topics AS t LEFT JOIN topic_subscriptions AS s ON s.user_id = $1 AND s.topic_id = t.id WHERE ",
            $chosen,
            " ORDER BY t.id LIMIT $3"
        )
    };
}

const ALL: &str = topics!("t.id > $2");

/// The user's own, and those that are listed for users.
const FOR_A_USER: &str = topics!(
    "t.id IN (SELECT * FROM (SELECT topic_id FROM topic_subscriptions WHERE user_id = $1 AND topic_id > $2 \
                             ORDER BY topic_id LIMIT $3) AS own \
              UNION SELECT * FROM (SELECT id FROM topics WHERE is_listed AND user_since IS NOT NULL AND id > $2 \
                                   ORDER BY id LIMIT $3) AS listed)"
);

const ONE: &str = topics!("t.name = $2");

const SUBSCRIBERS: &str = "SELECT s.user_id, COALESCE(u.username, CAST(s.user_id AS TEXT)) AS username \
     FROM topic_subscriptions AS s LEFT JOIN users AS u ON u.id = s.user_id \
     WHERE s.topic_id = (SELECT id FROM topics WHERE name = $1) AND s.user_id > $2 ORDER BY s.user_id LIMIT $3";

/// Who is subscribed.
struct Subscriber(Publisher);

mapped!(Subscriber, |row| {
    Ok(Subscriber(Publisher {
        id: UserId(row.try_get("user_id")?),
        username: row.try_get("username")?,
    }))
});

mapped!(Topic, |row| {
    let name: &str = row.try_get("name")?;
    let allowed: Allowed = (
        row.try_get("admin_since")?,
        row.try_get("operator_since")?,
        row.try_get("user_since")?,
    );
    Ok(Topic {
        id: row.try_get("id")?,
        name: name
            .parse()
            .map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        roles: roles(allowed),
        is_listed: row.try_get("is_listed")?,
        subscribers: row.try_get::<i64, _>("subscribers")?.unsigned_abs(),
        since: row
            .try_get::<Option<i64>, _>("since_position")?
            .map(Position),
    })
});

impl Store {
    /// Topics in the order in which they were made: all of them, or for the role `user` those that it may subscribe to and
    /// an administrator has listed, and the user's own.
    pub async fn list_topics(
        &self,
        user: UserId,
        role: Role,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<Topic>, StoreError> {
        let after = page::key(after, List::Topics, 0)?;
        let limit = page::limit(limit);
        let statement = match role {
            Role::User => FOR_A_USER,
            Role::Admin | Role::Operator => ALL,
        };
        let topics: Vec<Topic> = on!(&self.inner.db, readers, |connection, _engine| {
            let query = sqlx::query_as(statement).bind(user.0).bind(after);
            Ok(query.bind(limit + 1).fetch_all(connection).await?)
        })?;
        Ok(page::of(topics, limit, List::Topics, |topic| topic.id))
    }

    /// One topic, if it is there.
    pub async fn topic(&self, user: UserId, name: &TopicName) -> Result<Option<Topic>, StoreError> {
        on!(&self.inner.db, readers, |connection, _engine| {
            let query = sqlx::query_as(ONE).bind(user.0).bind(name.as_str());
            Ok(query.bind(1_i64).fetch_optional(connection).await?)
        })
    }

    /// Who is subscribed to a topic, in the order of their ids, whether their role may read it now or not.
    pub async fn topic_subscribers(
        &self,
        name: &TopicName,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<Publisher>, StoreError> {
        let after = page::key(after, List::Subscribers, 0)?;
        let limit = page::limit(limit);
        let found: Vec<Subscriber> = on!(&self.inner.db, readers, |connection, _engine| {
            let query = sqlx::query_as(SUBSCRIBERS).bind(name.as_str()).bind(after);
            Ok(query.bind(limit + 1).fetch_all(connection).await?)
        })?;
        let users = found.into_iter().map(|it| it.0).collect();
        Ok(page::of(
            users,
            limit,
            List::Subscribers,
            |user: &Publisher| user.id.0,
        ))
    }
}
