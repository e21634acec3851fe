//! `GET /api/sessions/{id}`: one row of the ledger.

use std::sync::Arc;

use atalaya_store::SessionId;
use axum::{Json, extract::State};

use super::Session;
use crate::{
    App,
    api::{
        extract::{CurrentUser, Id, not_found},
        openapi::{BadId, NeedsToken, NoSuchThing},
        problem::Problem,
    },
};

/// Show one session
#[utoipa::path(
    get,
    path = "/sessions/{id}",
    tag = "sessions",
    operation_id = "showSession",
    params(("id" = i64, Path, description = "The id of the row", minimum = 1, example = 4711)),
    responses((status = 200, description = "The row", body = Session), BadId, NeedsToken, NoSuchThing),
)]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    user: CurrentUser,
    Id(id): Id,
) -> Result<Json<Session>, Problem> {
    let row = app.store.session(SessionId(id)).await?;
    row.filter(|row| user.sees_everyone() || row.user_id == user.0.id)
        .map(|row| Json(row.into()))
        .ok_or_else(|| not_found("session", id))
}
