//! `list` `{cursor?, limit?, status?}`: a page of the user's inbox, newest first.

use atalaya_gateway::Event;
use atalaya_store::cursor::{Cursor, List};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{EventError, answer_of, argument};
use crate::{
    App,
    sockets::Member,
    wire::{DEFAULT_LIMIT, MAX_LIMIT, Notification, Unread, parse_statuses},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    cursor: Option<String>,
    limit: Option<u32>,
    status: Option<String>,
}

#[derive(Serialize)]
struct Page {
    items: Vec<Notification>,
    next_cursor: Option<String>,
    #[serde(flatten)]
    unread: Unread,
}

pub(super) async fn list(app: &App, member: &Member, event: &Event) -> Result<Value, EventError> {
    let query: Query = argument(event)?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(EventError::Invalid(format!(
            "`limit` is {limit}; from 1 to {MAX_LIMIT} is allowed"
        )));
    }
    let before = query
        .cursor
        .map(|text| Cursor::parse(&text, List::Inbox))
        .transpose()
        .map_err(|error| EventError::Invalid(format!("`cursor`: {error}")))?;
    let statuses = parse_statuses(query.status.as_deref()).map_err(EventError::Invalid)?;
    let (user, now) = (member.state().user_id, app.clock.now());
    let page = app
        .store
        .list_inbox(user, statuses, before, limit, now)
        .await?;
    let unread = app.store.unread(user, now).await?;
    Ok(answer_of(&Page {
        items: page.items.iter().map(Notification::from).collect(),
        next_cursor: page.next.map(|cursor| cursor.to_string()),
        unread: unread.into(),
    }))
}
