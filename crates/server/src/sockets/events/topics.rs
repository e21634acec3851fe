//! `subscribe` and `unsubscribe` `{topic}`: for the user, not for this socket alone.

use atalaya_gateway::Event;
use atalaya_store::TopicName;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{EventError, argument};
use crate::{App, sockets::Member, topics};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Topic {
    topic: String,
}

pub(super) async fn subscribe(
    app: &App,
    member: &Member,
    event: &Event,
) -> Result<Value, EventError> {
    let topic = topic(event)?;
    let user = member.state().user_id;
    let (subscription, _) = topics::subscribe(app, user, &topic).await?;
    let since = subscription.since.0;
    Ok(json!({"ok": true, "topic": topic.as_str(), "since": since}))
}

pub(super) async fn unsubscribe(
    app: &App,
    member: &Member,
    event: &Event,
) -> Result<Value, EventError> {
    let topic = topic(event)?;
    let user = member.state().user_id;
    topics::unsubscribe(app, user, &topic).await?;
    Ok(json!({"ok": true, "topic": topic.as_str()}))
}

fn topic(event: &Event) -> Result<TopicName, EventError> {
    let Topic { topic } = argument(event)?;
    let topic = topic.parse::<TopicName>();
    topic.map_err(|error| EventError::Invalid(error.to_string()))
}
