//! `read` `{ids | up_to | all}`: marks notifications of the user's own inbox as read.

use atalaya_gateway::Event;
use atalaya_store::{
    MAX_SELECTION,
    model::{NotificationId, Selection},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{EventError, answer_of, argument};
use crate::{App, sockets::Member, wire};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    ids: Option<Vec<i64>>,
    up_to: Option<i64>,
    all: Option<bool>,
}

#[derive(Serialize)]
struct Answer {
    read: Vec<i64>,
    #[serde(flatten)]
    unread: wire::Unread,
}

pub(super) async fn read(app: &App, member: &Member, event: &Event) -> Result<Value, EventError> {
    let selection = select(argument(event)?)?;
    let user = member.state().user_id;
    let change = app
        .inbox
        .mark_read(user, selection, app.clock.now())
        .await?;
    Ok(answer_of(&Answer {
        read: wire::ids(&change.read),
        unread: change.unread.into(),
    }))
}

/// As many ids as one event may name.
pub(super) fn checked(ids: Vec<i64>) -> Result<Vec<NotificationId>, EventError> {
    if ids.len() > MAX_SELECTION {
        return Err(EventError::Invalid(format!(
            "`ids` holds {} ids; at most {MAX_SELECTION} are allowed",
            ids.len()
        )));
    }
    Ok(ids.into_iter().map(NotificationId).collect())
}

fn select(read: Read) -> Result<Selection, EventError> {
    match (read.ids, read.up_to, read.all) {
        (Some(ids), None, None) => Ok(Selection::Ids(checked(ids)?)),
        (None, Some(id), None) => Ok(Selection::UpTo(NotificationId(id))),
        (None, None, Some(true)) => Ok(Selection::All),
        _ => Err(EventError::Invalid(
            "`read` takes exactly one of `ids`, `up_to` and `all: true`".to_owned(),
        )),
    }
}
