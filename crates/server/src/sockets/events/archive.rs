//! `archive` `{ids}`: puts notifications of the user's own inbox away, read or not.

use atalaya_gateway::Event;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{EventError, answer_of, argument, read::checked};
use crate::{App, sockets::Member, wire};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Archive {
    ids: Vec<i64>,
}

#[derive(Serialize)]
struct Answer {
    archived: Vec<i64>,
    #[serde(flatten)]
    unread: wire::Unread,
}

pub(super) async fn archive(
    app: &App,
    member: &Member,
    event: &Event,
) -> Result<Value, EventError> {
    let Archive { ids } = argument(event)?;
    let user = member.state().user_id;
    let change = app
        .inbox
        .archive(user, checked(ids)?, app.clock.now())
        .await?;
    Ok(answer_of(&Answer {
        archived: wire::ids(&change.archived),
        unread: change.unread.into(),
    }))
}
