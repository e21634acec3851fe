//! `PUT /api/topics/{name}/subscription`, and the same by an administrator for somebody else.

use std::sync::Arc;

use atalaya_store::{Role, TopicName, UserId};
use axum::{Json, extract::State};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::{BadName, Name, SubscribeErrors};
use crate::{
    App,
    api::{
        extract::{CurrentUser, Id, not_found},
        openapi::{NeedsToken, NoSuchThing},
        problem::Problem,
    },
    topics,
};

/// A user is subscribed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Subscription {
    #[schema(examples("alerts.north"))]
    topic: String,
    /// What is published after this notification is theirs.
    #[schema(examples(1042))]
    since: i64,
}

type Answer = Result<(StatusCode, Json<Subscription>), Problem>;

/// Subscribe to a topic
///
/// What is published from now on is mine. Doing it again changes nothing. A topic that is not there is made.
#[utoipa::path(
    put,
    path = "/topics/{name}/subscription",
    tag = "topics",
    operation_id = "subscribe",
    params(("name" = String, Path, description = "The name of the topic", example = "alerts.north")),
    responses(
        (status = 201, description = "Subscribed from now on", body = Subscription),
        (status = 200, description = "Subscribed before", body = Subscription),
        BadName, SubscribeErrors, NeedsToken,
    ),
)]
pub(crate) async fn subscribe(
    State(app): State<Arc<App>>,
    CurrentUser(user): CurrentUser,
    Name(name): Name,
) -> Answer {
    subscribed(&app, user.id, &name).await
}

/// Subscribe somebody to a topic
///
/// As they could themselves: their role must be one that may read it.
#[utoipa::path(
    put,
    path = "/topics/{name}/subscriptions/{id}",
    tag = "topics",
    operation_id = "subscribeUser",
    params(
        ("name" = String, Path, description = "The name of the topic", example = "alerts.north"),
        ("id" = i64, Path, description = "The id of the user", minimum = 1, example = 27),
    ),
    responses(
        (status = 201, description = "Subscribed from now on", body = Subscription),
        (status = 200, description = "Subscribed before", body = Subscription),
        BadName, SubscribeErrors, NeedsToken, NoSuchThing,
    ),
)]
pub(crate) async fn subscribe_user(
    State(app): State<Arc<App>>,
    user: CurrentUser,
    Name(name): Name,
    Id(id): Id,
) -> Answer {
    user.must_be(&[Role::Admin])?;
    if app.store.user(UserId(id)).await?.is_none() {
        return Err(not_found("user", id));
    }
    subscribed(&app, UserId(id), &name).await
}

async fn subscribed(app: &App, user: UserId, name: &TopicName) -> Answer {
    let (subscription, was_before) = topics::subscribe(app, user, name).await?;
    let status = match was_before {
        true => StatusCode::OK,
        false => StatusCode::CREATED,
    };
    let answer = Subscription {
        topic: subscription.topic.to_string(),
        since: subscription.since.0,
    };
    Ok((status, Json(answer)))
}
