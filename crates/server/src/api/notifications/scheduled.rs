//! `/api/notifications/scheduled`: what is to be published later, to be looked at and to be cancelled.

use std::{collections::HashMap, sync::Arc};

use atalaya_store::{
    NewNotification, RecallError, Role, ScheduledId, ScheduledItem, Target, UserId, cursor::List,
};
use axum::{Json, extract::State};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::create::PUBLISHERS;
use crate::{
    App,
    api::{
        extract::{CurrentUser, Id, not_found},
        openapi::{BadId, BadQuery, NeedsRole, NeedsToken, NoSuchThing},
        page::{PageRequest, next_cursor},
        problem::Problem,
        query::{FromParams, Params, Query},
    },
    wire::{Publisher, rfc3339},
};

/// How many users of an audience are shown by name.
const MAX_NAMES: usize = 20;

/// A notification that is to be published later.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScheduledNotification {
    #[schema(examples(17))]
    scheduled_id: i64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    deliver_at: String,
    /// Whom it is for: `all`, `role:operator`, `topic:alerts.north`, `user:27`.
    #[schema(examples(json!(["role:operator"])))]
    to: Vec<String>,
    /// The names of the users among them; of 20 at most.
    users: Vec<Publisher>,
    title: String,
    body: Option<String>,
    #[schema(value_type = crate::api::Severity)]
    severity: &'static str,
    r#type: Option<String>,
    link: Option<String>,
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    requires_ack: bool,
    /// Who scheduled it.
    from: Option<Publisher>,
}

impl ScheduledNotification {
    fn of(item: ScheduledItem, names: &HashMap<UserId, String>) -> Self {
        let new = item.notification;
        let named = shown_users(&new);
        let named = named.filter_map(|user| {
            Some(Publisher {
                id: user.0,
                username: names.get(&user)?.clone(),
            })
        });
        let named = named.collect();
        let users = new.to.users.into_iter().map(Target::User);
        let topic = new.to.topic.map(|topic| Target::Topic(topic).to_string());
        let roles = new.to.roles.iter().map(|role| format!("role:{role}"));
        Self {
            scheduled_id: item.id.0,
            created_at: rfc3339(item.created_at),
            deliver_at: rfc3339(item.deliver_at),
            to: new
                .to
                .all
                .then(|| Target::All.to_string())
                .into_iter()
                .chain(topic)
                .chain(roles)
                .chain(users.map(|user| user.to_string()))
                .collect(),
            users: named,
            title: new.title,
            body: new.body,
            severity: new.severity.as_str(),
            r#type: new.kind,
            link: new.link,
            expires_at: new.expires_at.map(rfc3339),
            requires_ack: new.requires_ack,
            from: item.publisher.as_ref().map(Publisher::from),
        }
    }
}

/// The users that are shown by name.
fn shown_users(new: &NewNotification) -> impl Iterator<Item = UserId> {
    new.to.users.iter().copied().take(MAX_NAMES)
}

/// What is to be published later, the last scheduled first.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScheduledPage {
    items: Vec<ScheduledNotification>,
    /// Where the list goes on; null on its last page.
    next_cursor: Option<String>,
}

pub(crate) struct ListScheduled(PageRequest);

impl FromParams for ListScheduled {
    fn from_params(params: &mut Params) -> Option<Self> {
        Some(Self(PageRequest::of(List::Scheduled, params)))
    }
}

/// List what is scheduled
///
/// My own; an administrator sees everybody's.
#[utoipa::path(
    get,
    path = "/notifications/scheduled",
    tag = "notifications",
    operation_id = "listScheduled",
    params(PageRequest),
    responses((status = 200, description = "One page", body = ScheduledPage), BadQuery, NeedsToken, NeedsRole),
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    user: CurrentUser,
    Query(ListScheduled(page)): Query<ListScheduled>,
) -> Result<Json<ScheduledPage>, Problem> {
    user.must_be(PUBLISHERS)?;
    let page = app
        .store
        .list_scheduled(only(&user), page.cursor, page.limit)
        .await?;
    let users: Vec<UserId> = page
        .items
        .iter()
        .flat_map(|item| shown_users(&item.notification))
        .collect();
    let names = app.store.names(&users).await?.into_iter();
    let names = names.map(|user| (user.id, user.username)).collect();
    let items = page.items.into_iter();
    Ok(Json(ScheduledPage {
        items: items
            .map(|item| ScheduledNotification::of(item, &names))
            .collect(),
        next_cursor: next_cursor(page.next),
    }))
}

/// Cancel what is scheduled
///
/// One's own; an administrator may cancel everybody's. What is published already is recalled instead.
#[utoipa::path(
    delete,
    path = "/notifications/scheduled/{id}",
    tag = "notifications",
    operation_id = "cancelScheduled",
    params(("id" = i64, Path, description = "`scheduled_id`", minimum = 1, example = 17)),
    responses((status = 204, description = "It is cancelled"), BadId, NeedsToken, NeedsRole, NoSuchThing),
)]
pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    user: CurrentUser,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    user.must_be(PUBLISHERS)?;
    let cancelled = app.store.cancel_scheduled(ScheduledId(id), only(&user));
    match cancelled.await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        // Somebody else's is not said to exist.
        Err(RecallError::NotFound | RecallError::NotTheirs) => {
            Err(not_found("scheduled notification", id))
        }
        Err(RecallError::Store(error)) => Err(error.into()),
    }
}

/// Whose the user may deal with.
fn only(CurrentUser(user): &CurrentUser) -> Option<UserId> {
    (user.role != Role::Admin).then_some(user.id)
}
