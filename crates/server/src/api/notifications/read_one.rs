//! `POST /api/notifications/{id}/read`: I have read this one.

use std::sync::Arc;

use atalaya_store::{NotificationId, Selection};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    App,
    api::{
        extract::{CurrentUser, Id, not_found},
        openapi::{BadId, NeedsToken, NoSuchThing},
        problem::Problem,
    },
    wire::{Unread, rfc3339},
};

/// One notification is read.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReadOne {
    #[schema(examples(1042))]
    id: i64,
    /// When it was read first.
    #[schema(format = DateTime, examples("2026-01-31T09:16:30.250Z"))]
    read_at: String,
    #[serde(flatten)]
    unread: Unread,
}

/// Mark one as read
///
/// Doing it again changes nothing. My other sockets are told.
#[utoipa::path(
    post,
    path = "/notifications/{id}/read",
    tag = "notifications",
    operation_id = "readNotification",
    params(("id" = i64, Path, description = "The id of the notification", minimum = 1, example = 1042)),
    responses((status = 200, description = "It is read", body = ReadOne), BadId, NeedsToken, NoSuchThing),
)]
pub(crate) async fn read_one(
    State(app): State<Arc<App>>,
    CurrentUser(user): CurrentUser,
    Id(id): Id,
) -> Result<Json<ReadOne>, Problem> {
    let now = app.clock.now();
    let notification = NotificationId(id);
    let selection = Selection::Ids(vec![notification]);
    let outcome = app.inbox.mark_read(user.id, selection, now).await?;
    let item = app.store.inbox_item(user.id, notification, now).await?;
    let item = item.ok_or_else(|| not_found("notification", id))?;
    Ok(Json(ReadOne {
        id,
        read_at: rfc3339(item.read_at.unwrap_or(now)),
        unread: outcome.unread.into(),
    }))
}
