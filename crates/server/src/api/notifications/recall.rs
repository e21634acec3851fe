//! `DELETE /api/notifications/{id}`: its publisher takes a notification back.

use std::sync::Arc;

use atalaya_store::{NotificationId, RecallError, Role, User};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    App,
    api::{
        extract::{CurrentUser, Id, not_found},
        openapi::{BadId, NeedsRole, NeedsToken, NoSuchThing},
        problem::{Code, Problem},
    },
    wire::rfc3339,
};

/// One notification is taken back.
#[derive(Serialize, ToSchema)]
pub(crate) struct Recalled {
    #[schema(examples(1042))]
    id: i64,
    /// When it was recalled first.
    #[schema(format = DateTime, examples("2026-01-31T09:16:30.250Z"))]
    recalled_at: String,
}

/// Recall a notification
///
/// Of one's own; an administrator may recall everybody's. It leaves every inbox, read or not, and every open tab at once.
/// Doing it again changes nothing.
#[utoipa::path(
    delete,
    path = "/notifications/{id}",
    tag = "notifications",
    operation_id = "recallNotification",
    params(("id" = i64, Path, description = "The id of the notification", minimum = 1, example = 1042)),
    responses((status = 200, description = "It is recalled", body = Recalled), BadId, NeedsToken, NeedsRole, NoSuchThing),
)]
pub(crate) async fn recall(
    State(app): State<Arc<App>>,
    CurrentUser(user): CurrentUser,
    Id(id): Id,
) -> Result<Json<Recalled>, Problem> {
    let by = (user.role != Role::Admin).then_some(user.id);
    let recalled = app.store.recall(NotificationId(id), by, app.clock.now());
    match recalled.await {
        Ok(at) => {
            app.delivery.changed();
            Ok(Json(Recalled {
                id,
                recalled_at: rfc3339(at),
            }))
        }
        Err(RecallError::NotFound) => Err(not_found("notification", id)),
        Err(RecallError::NotTheirs) => Err(not_theirs(&app, &user, id).await?),
        Err(RecallError::Store(error)) => Err(error.into()),
    }
}

/// What is not in the asker's inbox either is not said to exist.
async fn not_theirs(app: &App, user: &User, id: i64) -> Result<Problem, Problem> {
    let now = app.clock.now();
    let item = app.store.inbox_item(user.id, NotificationId(id), now);
    Ok(match item.await? {
        Some(_) => Problem::new(
            Code::Forbidden,
            "somebody else published it: they or an administrator may recall it",
        ),
        None => not_found("notification", id),
    })
}
