//! `POST /api/notifications`: to everyone, stored first; or to some users, sent and not stored.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socketioxide::SocketIo;

use crate::{App, NAMESPACE, database::Stored};

#[derive(Deserialize)]
pub struct NewNotification {
    to: Audience,
    title: String,
    body: Option<String>,
    #[serde(default = "info")]
    severity: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Audience {
    All(bool),
    Users(Vec<i64>),
}

#[derive(Serialize)]
struct Notification<'a> {
    id: i64,
    title: &'a str,
    body: Option<&'a str>,
    severity: &'a str,
    created_at: DateTime<Utc>,
    from: Publisher,
}

#[derive(Serialize)]
struct Publisher {
    id: i64,
}

fn info() -> String {
    "info".to_owned()
}

pub async fn create(
    State((app, io)): State<(Arc<App>, SocketIo)>,
    headers: HeaderMap,
    Json(new): Json<NewNotification>,
) -> Result<(StatusCode, Json<Value>), StatusCode> {
    let publisher = publisher_of(&app, &headers).ok_or(StatusCode::UNAUTHORIZED)?;
    let stored = match new.to {
        Audience::All(true) => store(&app, &new, publisher).await?,
        Audience::All(false) => return Err(StatusCode::UNPROCESSABLE_ENTITY),
        Audience::Users(_) => unstored(),
    };
    let notification = Notification {
        id: stored.id,
        title: &new.title,
        body: new.body.as_deref(),
        severity: &new.severity,
        created_at: stored.created_at,
        from: Publisher { id: publisher },
    };
    send(&io, &new.to, &notification).await;
    let answer = json!({"id": stored.id, "created_at": stored.created_at});
    Ok((StatusCode::CREATED, Json(answer)))
}

fn publisher_of(app: &App, headers: &HeaderMap) -> Option<i64> {
    let authorization = headers.get(AUTHORIZATION)?.to_str().ok()?;
    app.tokens.user_of(authorization.strip_prefix("Bearer ")?)
}

async fn store(app: &App, new: &NewNotification, publisher: i64) -> Result<Stored, StatusCode> {
    let body = new.body.as_deref();
    app.database
        .store_notification(&new.title, body, &new.severity, publisher)
        .await
        .map_err(|error| {
            eprintln!("a notification was not published: {error}");
            StatusCode::INTERNAL_SERVER_ERROR
        })
}

fn unstored() -> Stored {
    static COUNT: AtomicI64 = AtomicI64::new(0);
    Stored {
        id: COUNT.fetch_add(1, Ordering::Relaxed) + 1,
        created_at: Utc::now(),
    }
}

async fn send(io: &SocketIo, to: &Audience, notification: &Notification<'_>) {
    let everyone = io.of(NAMESPACE).expect("registered at the start");
    let audience = match to {
        Audience::All(_) => everyone,
        Audience::Users(ids) => everyone.to(ids
            .iter()
            .map(|id| format!("user:{id}"))
            .collect::<Vec<_>>()),
    };
    // Sockets that are full or gone are none of the publisher's business.
    audience.emit("notification", notification).await.ok();
}
