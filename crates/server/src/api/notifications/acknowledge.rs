//! `POST /api/notifications/{id}/acknowledge`: somebody has taken care of this one.

use std::sync::Arc;

use atalaya_store::NotificationId;
use axum::{Json, extract::State};
use utoipa::IntoResponses;

use crate::{
    App,
    api::{
        extract::{CurrentUser, Id, not_found},
        openapi::{BadId, NeedsToken, NoSuchThing},
        problem::{Code, Problem, ProblemBody},
    },
    inbox::AcknowledgeError,
    wire::Acknowledged,
};

#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes the answers of the route")]
pub(crate) enum AcknowledgeErrors {
    /// `not_asked_for`: it was published without `requires_ack`.
    #[response(status = 409, content_type = "application/problem+json")]
    NotAskedFor(ProblemBody),
}

/// Acknowledge one
///
/// For everyone whom it is for: it leaves the front of their inboxes, and they are told who did it and when. It is
/// marked as read for me. Doing it again changes nothing.
#[utoipa::path(
    post,
    path = "/notifications/{id}/acknowledge",
    tag = "notifications",
    operation_id = "acknowledgeNotification",
    params(("id" = i64, Path, description = "The id of the notification", minimum = 1, example = 1042)),
    responses(
        (status = 200, description = "It is acknowledged", body = Acknowledged),
        AcknowledgeErrors, BadId, NeedsToken, NoSuchThing,
    ),
)]
pub(crate) async fn acknowledge(
    State(app): State<Arc<App>>,
    CurrentUser(user): CurrentUser,
    Id(id): Id,
) -> Result<Json<Acknowledged>, Problem> {
    let acknowledged = app
        .inbox
        .acknowledge(user.id, NotificationId(id), app.clock.now())
        .await;
    let acknowledged = acknowledged.map_err(|error| match error {
        AcknowledgeError::NotFound => not_found("notification", id),
        AcknowledgeError::NotAskedFor => Problem::new(Code::NotAskedFor, error.to_string()),
        AcknowledgeError::Store(error) => error.into(),
    })?;
    app.delivery.changed();
    Ok(Json(Acknowledged::of(&acknowledged)))
}
