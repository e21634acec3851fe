//! What the server asks of PostgreSQL. sqlx prepares each statement once per connection.

use chrono::{DateTime, Utc};
use sqlx::{PgPool, postgres::PgPoolOptions};

#[derive(Clone)]
pub struct Database(PgPool);

/// Whose socket this is, and where from.
pub struct NewSession {
    pub user_id: i64,
    pub socket_id: String,
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
}

/// What was stored.
#[derive(sqlx::FromRow)]
pub struct Stored {
    pub id: i64,
    pub created_at: DateTime<Utc>,
}

impl Database {
    pub async fn connect(url: &str) -> sqlx::Result<Self> {
        PgPoolOptions::new()
            .min_connections(10)
            .max_connections(10)
            // A ping before each statement would double the round trips.
            .test_before_acquire(false)
            .connect(url)
            .await
            .map(Self)
    }

    /// Whether this user may connect: exists, and is not disabled.
    pub async fn is_welcome(&self, user_id: i64) -> sqlx::Result<bool> {
        let disabled: Option<bool> = sqlx::query_scalar("SELECT disabled FROM users WHERE id = $1")
            .bind(user_id)
            .fetch_optional(&self.0)
            .await?;
        Ok(disabled == Some(false))
    }

    /// The id of the row, which is committed.
    pub async fn open_session(&self, session: &NewSession) -> sqlx::Result<i64> {
        sqlx::query_scalar(
            "INSERT INTO user_sessions (user_id, socket_id, ip_address, user_agent) VALUES ($1, $2, $3, $4)
             RETURNING id",
        )
        .bind(session.user_id)
        .bind(&session.socket_id)
        .bind(&session.ip_address)
        .bind(&session.user_agent)
        .fetch_one(&self.0)
        .await
    }

    pub async fn close_session(&self, id: i64) -> sqlx::Result<()> {
        sqlx::query(
            "UPDATE user_sessions SET is_active = FALSE, disconnected_at = now() AT TIME ZONE 'UTC'
             WHERE id = $1 AND is_active = TRUE",
        )
        .bind(id)
        .execute(&self.0)
        .await
        .map(drop)
    }

    pub async fn store_notification(
        &self,
        title: &str,
        body: Option<&str>,
        severity: &str,
        publisher_id: i64,
    ) -> sqlx::Result<Stored> {
        sqlx::query_as(
            "INSERT INTO notifications (title, body, severity, publisher_id) VALUES ($1, $2, $3, $4)
             RETURNING id, created_at AT TIME ZONE 'UTC' AS created_at",
        )
        .bind(title)
        .bind(body)
        .bind(severity)
        .bind(publisher_id)
        .fetch_one(&self.0)
        .await
    }
}
