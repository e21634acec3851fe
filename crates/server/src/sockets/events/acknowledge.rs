//! `acknowledge` `{id}`: says for everyone of the audience that somebody has taken care.

use atalaya_gateway::Event;
use atalaya_store::NotificationId;
use serde::Deserialize;
use serde_json::Value;

use super::{EventError, answer_of, argument};
use crate::{App, sockets::Member, wire::Acknowledged};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Acknowledge {
    id: i64,
}

pub(super) async fn acknowledge(
    app: &App,
    member: &Member,
    event: &Event,
) -> Result<Value, EventError> {
    let Acknowledge { id } = argument(event)?;
    let user = member.state().user_id;
    let acknowledged = app
        .inbox
        .acknowledge(user, NotificationId(id), app.clock.now())
        .await?;
    app.delivery.changed();
    Ok(answer_of(&Acknowledged::of(&acknowledged)))
}
