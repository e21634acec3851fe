//! `GET /api/auth/me`: whose token this is.

use axum::Json;

use crate::api::{extract::CurrentUser, openapi::NeedsToken, users::User};

/// Who am I
#[utoipa::path(
    get,
    path = "/auth/me",
    tag = "auth",
    operation_id = "me",
    responses((status = 200, description = "The user of the token", body = User), NeedsToken),
)]
pub(crate) async fn me(CurrentUser(user): CurrentUser) -> Json<User> {
    Json(user.into())
}
