//! `DELETE /api/topics/{name}`: an administrator removes a topic with all its subscriptions.

use std::sync::Arc;

use atalaya_store::Role;
use axum::extract::State;
use http::StatusCode;

use super::{BadName, Name, no_topic};
use crate::{
    App,
    api::{
        extract::CurrentUser,
        openapi::{NeedsRole, NeedsToken, NoSuchThing},
        problem::Problem,
    },
};

/// Remove a topic
///
/// With all its subscriptions; what came by it alone is in nobody's inbox any more.
#[utoipa::path(
    delete,
    path = "/topics/{name}",
    tag = "topics",
    operation_id = "removeTopic",
    params(("name" = String, Path, description = "The name of the topic", example = "alerts.north")),
    responses((status = 204, description = "It is gone"), BadName, NeedsToken, NeedsRole, NoSuchThing),
)]
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    user: CurrentUser,
    Name(name): Name,
) -> Result<StatusCode, Problem> {
    user.must_be(&[Role::Admin])?;
    let removed = app.store.remove_topic(&name, app.clock.now()).await?;
    app.delivery.changed();
    match removed {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(no_topic(&name)),
    }
}
