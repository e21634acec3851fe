//! `GET /api/notifications/unacknowledged`: what stands in front, until somebody acknowledges it.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    App,
    api::{extract::CurrentUser, openapi::NeedsToken, problem::Problem},
    wire::{MAX_LIMIT, Notification},
};

/// What is to be acknowledged, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct Unacknowledged {
    items: Vec<Notification>,
}

/// List what awaits an acknowledgement
///
/// Of what is for me: published with `requires_ack`, and acknowledged by nobody yet. Reading or archiving does not take it from
/// here. Newest first, 200 at most.
#[utoipa::path(
    get,
    path = "/notifications/unacknowledged",
    tag = "notifications",
    operation_id = "listUnacknowledged",
    responses((status = 200, description = "All of it", body = Unacknowledged), NeedsToken),
)]
pub(crate) async fn unacknowledged(
    State(app): State<Arc<App>>,
    CurrentUser(user): CurrentUser,
) -> Result<Json<Unacknowledged>, Problem> {
    let now = app.clock.now();
    let items = app.store.awaited(user.id, MAX_LIMIT, now).await?;
    Ok(Json(Unacknowledged {
        items: items.iter().map(Notification::from).collect(),
    }))
}
