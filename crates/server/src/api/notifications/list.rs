//! `GET /api/notifications`: my inbox, newest first.

use std::sync::Arc;

use atalaya_store::{InboxItem, Position, Statuses, cursor::List};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    App,
    api::{
        extract::CurrentUser,
        openapi::{BadQuery, NeedsToken},
        page::{PageRequest, next_cursor},
        problem::Problem,
        query::{FromParams, Params, Query},
    },
    wire::{Notification, Unread, parse_statuses},
};

/// Which items.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListNotifications {
    /// `unread`, `read` and `archived`, separated by commas; what is not archived when left out.
    #[param(value_type = String, required = false, example = "unread")]
    status: Statuses,
    #[param(ignore)]
    page: PageRequest,
}

impl FromParams for ListNotifications {
    fn from_params(params: &mut Params) -> Option<Self> {
        let status = parse_statuses(params.text("status").as_deref());
        let status = status.unwrap_or_else(|why| {
            params.refuse("status", why);
            Statuses::default()
        });
        Some(Self {
            status,
            page: PageRequest::of(List::Inbox, params),
        })
    }
}

/// A page of an inbox, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct NotificationPage {
    items: Vec<Notification>,
    /// Where the list goes on; null on its last page.
    next_cursor: Option<String>,
    #[serde(flatten)]
    unread: Unread,
    /// Pass it as `cursor` in the socket's `auth` to get exactly what comes after this list. Null on a
    /// page that was asked for with a cursor: what counts is when the first page was read.
    #[schema(examples(1042))]
    position: Option<i64>,
}

/// List my notifications
#[utoipa::path(
    get,
    path = "/notifications",
    tag = "notifications",
    operation_id = "listNotifications",
    params(ListNotifications, PageRequest),
    responses((status = 200, description = "One page", body = NotificationPage), BadQuery, NeedsToken),
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    CurrentUser(user): CurrentUser,
    Query(query): Query<ListNotifications>,
) -> Result<Json<NotificationPage>, Problem> {
    let PageRequest { limit, cursor } = query.page;
    let now = app.clock.now();
    // Before the page: what is committed in between is sent to the socket rather than passed over.
    let head = match cursor {
        None => Some(app.store.head().await?),
        Some(_) => None,
    };
    let page = app
        .store
        .list_inbox(user.id, query.status, cursor, limit, now)
        .await?;
    Ok(Json(NotificationPage {
        position: head.map(|head| after(head, &page.items)),
        items: page.items.iter().map(Notification::from).collect(),
        next_cursor: next_cursor(page.next),
        unread: app.store.unread(user.id, now).await?.into(),
    }))
}

/// Ids grow in commit order, so a list that shows an item shows everything before it too.
fn after(head: Position, newest_first: &[InboxItem]) -> i64 {
    let newest = newest_first
        .first()
        .map_or(0, |item| item.notification.id.0);
    head.0.max(newest)
}
