//! `DELETE /api/topics/{name}/subscription`, and the same by an administrator for somebody else.

use std::sync::Arc;

use atalaya_store::{Role, UserId};
use axum::extract::State;
use http::StatusCode;

use super::{BadName, Name};
use crate::{
    App,
    api::{
        extract::{CurrentUser, Id},
        openapi::{NeedsRole, NeedsToken},
        problem::Problem,
    },
    topics,
};

/// Unsubscribe from a topic
///
/// What came by it alone is in my inbox no more. Doing it again changes nothing.
#[utoipa::path(
    delete,
    path = "/topics/{name}/subscription",
    tag = "topics",
    operation_id = "unsubscribe",
    params(("name" = String, Path, description = "The name of the topic", example = "alerts.north")),
    responses((status = 204, description = "Not subscribed any more"), BadName, NeedsToken),
)]
pub(crate) async fn unsubscribe(
    State(app): State<Arc<App>>,
    CurrentUser(user): CurrentUser,
    Name(name): Name,
) -> Result<StatusCode, Problem> {
    topics::unsubscribe(&app, user.id, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Unsubscribe somebody from a topic
#[utoipa::path(
    delete,
    path = "/topics/{name}/subscriptions/{id}",
    tag = "topics",
    operation_id = "unsubscribeUser",
    params(
        ("name" = String, Path, description = "The name of the topic", example = "alerts.north"),
        ("id" = i64, Path, description = "The id of the user", minimum = 1, example = 27),
    ),
    responses((status = 204, description = "Not subscribed any more"), BadName, NeedsToken, NeedsRole),
)]
pub(crate) async fn unsubscribe_user(
    State(app): State<Arc<App>>,
    user: CurrentUser,
    Name(name): Name,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    user.must_be(&[Role::Admin])?;
    topics::unsubscribe(&app, UserId(id), &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
