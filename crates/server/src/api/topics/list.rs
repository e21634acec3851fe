//! `GET /api/topics`: which topics there are.

use std::sync::Arc;

use atalaya_store::{Role, cursor::List};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::Topic;
use crate::{
    App,
    api::{
        extract::CurrentUser,
        openapi::{BadQuery, NeedsToken},
        page::{PageRequest, next_cursor},
        problem::Problem,
        query::{FromParams, Params, Query},
    },
};

/// Topics in the order in which they were made.
#[derive(Serialize, ToSchema)]
pub(crate) struct TopicPage {
    items: Vec<Topic>,
    /// Where the list goes on; null on its last page.
    next_cursor: Option<String>,
}

pub(crate) struct ListTopics(PageRequest);

impl FromParams for ListTopics {
    fn from_params(params: &mut Params) -> Option<Self> {
        Some(Self(PageRequest::of(List::Topics, params)))
    }
}

/// List topics
///
/// Those that I am subscribed to, and those that an administrator has listed and my role may read. Administrators and
/// operators see all.
#[utoipa::path(
    get,
    path = "/topics",
    tag = "topics",
    operation_id = "listTopics",
    params(PageRequest),
    responses((status = 200, description = "One page", body = TopicPage), BadQuery, NeedsToken),
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    CurrentUser(user): CurrentUser,
    Query(ListTopics(page)): Query<ListTopics>,
) -> Result<Json<TopicPage>, Problem> {
    let topics = app
        .store
        .list_topics(user.id, user.role, page.cursor, page.limit)
        .await?;
    let is_counted = user.role != Role::User;
    let items = topics.items.into_iter();
    Ok(Json(TopicPage {
        items: items.map(|topic| Topic::of(topic, is_counted)).collect(),
        next_cursor: next_cursor(topics.next),
    }))
}
