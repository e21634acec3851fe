//! `watch` `{sessions: true | false}`: to be told, at most twice a second, that the ledger changed.

use std::sync::Arc;

use atalaya_gateway::Event;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{EventError, argument};
use crate::{App, sockets::Member};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Watch {
    sessions: bool,
}

pub(super) fn watch(app: &App, member: &Arc<Member>, event: &Event) -> Result<Value, EventError> {
    let Watch { sessions } = argument(event)?;
    app.hub.watch(member, sessions);
    Ok(json!({"ok": true}))
}
