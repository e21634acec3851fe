//! `GET /api/topics/{name}/subscriptions`: who is subscribed.

use std::sync::Arc;

use atalaya_store::{Role, cursor::List};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{BadName, Name};
use crate::{
    App,
    api::{
        extract::CurrentUser,
        openapi::{NeedsRole, NeedsToken},
        page::{PageRequest, next_cursor},
        problem::Problem,
        query::{FromParams, Params, Query},
    },
    wire::Publisher,
};

/// Users in the order of their ids.
#[derive(Serialize, ToSchema)]
pub(crate) struct SubscriberPage {
    items: Vec<Publisher>,
    /// Where the list goes on; null on its last page.
    next_cursor: Option<String>,
}

pub(crate) struct ListSubscribers(PageRequest);

impl FromParams for ListSubscribers {
    fn from_params(params: &mut Params) -> Option<Self> {
        Some(Self(PageRequest::of(List::Subscribers, params)))
    }
}

/// List who is subscribed to a topic
///
/// Whether their role may read it now or not. Of a topic that is not there the list is empty.
#[utoipa::path(
    get,
    path = "/topics/{name}/subscriptions",
    tag = "topics",
    operation_id = "listSubscribers",
    params(("name" = String, Path, description = "The name of the topic", example = "alerts.north"), PageRequest),
    responses((status = 200, description = "One page", body = SubscriberPage), BadName, NeedsToken, NeedsRole),
)]
pub(crate) async fn subscribers(
    State(app): State<Arc<App>>,
    user: CurrentUser,
    Name(name): Name,
    Query(ListSubscribers(page)): Query<ListSubscribers>,
) -> Result<Json<SubscriberPage>, Problem> {
    user.must_be(&[Role::Admin, Role::Operator])?;
    let page = app
        .store
        .topic_subscribers(&name, page.cursor, page.limit)
        .await?;
    Ok(Json(SubscriberPage {
        items: page.items.iter().map(Publisher::from).collect(),
        next_cursor: next_cursor(page.next),
    }))
}
