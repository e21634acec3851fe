//! What a client may ask over its socket: one file for each event, one answer for each question.
//!
//! Every event is answered through its acknowledgement with `{ok: true, …}` or
//! `{ok: false, error: {code, message}}`; one without an acknowledgement is carried out all the same.

mod acknowledge;
mod archive;
mod list;
mod read;
mod topics;
mod watch;

use std::sync::Arc;

use atalaya_gateway::Event;
use atalaya_store::{StoreError, SubscribeError};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::seat::Member;
use crate::{App, inbox::AcknowledgeError};

/// Why an event could not be carried out.
#[derive(Debug, thiserror::Error)]
pub(super) enum EventError {
    #[error(
        "no event `{0}`: there are `read`, `archive`, `acknowledge`, `list`, `subscribe`, `unsubscribe` and `watch`"
    )]
    Unknown(String),
    #[error("{0}")]
    Invalid(String),
    #[error("{0}")]
    Refused(#[from] AcknowledgeError),
    #[error("{0}")]
    NotSubscribed(#[from] SubscribeError),
    #[error("the database did not answer: try again in a moment")]
    Unavailable(#[from] StoreError),
}

impl EventError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown_event",
            Self::Invalid(_) => "invalid_argument",
            Self::Refused(AcknowledgeError::NotFound) => "not_found",
            Self::Refused(AcknowledgeError::NotAskedFor) => "not_asked_for",
            Self::Refused(AcknowledgeError::Store(_)) => "unavailable",
            Self::NotSubscribed(SubscribeError::Restricted(_)) => "topic_restricted",
            Self::NotSubscribed(SubscribeError::TooMany) => "too_many_subscriptions",
            Self::NotSubscribed(SubscribeError::Store(_)) => "unavailable",
            Self::Unavailable(_) => "unavailable",
        }
    }
}

/// Carries out one event and answers it.
pub(super) async fn answer(app: &App, member: &Arc<Member>, event: Event) {
    let outcome = match event.name.as_str() {
        "read" => read::read(app, member, &event).await,
        "archive" => archive::archive(app, member, &event).await,
        "acknowledge" => acknowledge::acknowledge(app, member, &event).await,
        "list" => list::list(app, member, &event).await,
        "subscribe" => topics::subscribe(app, member, &event).await,
        "unsubscribe" => topics::unsubscribe(app, member, &event).await,
        "watch" => watch::watch(app, member, &event),
        unknown => Err(EventError::Unknown(unknown.chars().take(64).collect())),
    };
    let answer = outcome.unwrap_or_else(|error| {
        tracing::debug!(
            session.id = member.state().session_id.0,
            event = %event.name,
            error = ?error,
            "event refused"
        );
        json!({"ok": false, "error": {"code": error.code(), "message": error.to_string()}})
    });
    if let Some(ack) = event.ack {
        // A client that left does not wait for its answer.
        let _ = ack.send(&answer);
    }
}

/// Tells a socket its unread count, once after it connected. A database that does not answer costs the
/// badge its number until the next change, not the connection.
pub(super) async fn tell_inbox(app: &App, member: &Arc<Member>) {
    let _turn = app.delivery.turn().await;
    if member.state().has_left() {
        return;
    }
    let user = member.state().user_id;
    // Boxed for the same reason as the catch-up: many wait for their turn.
    match Box::pin(app.store.unread(user, app.clock.now())).await {
        Ok(unread) => {
            let _ = member.send(&app.frames.unread(&unread));
        }
        Err(error) => tracing::warn!(error = %error, "the unread count could not be read"),
    }
}

/// The answer `{ok: true, …}`.
fn answer_of(answer: &impl Serialize) -> Value {
    let mut answer = serde_json::to_value(answer).expect("our own answers are always JSON");
    answer["ok"] = Value::Bool(true);
    answer
}

/// The first argument of an event, as the type that the event takes.
fn argument<T: DeserializeOwned>(event: &Event) -> Result<T, EventError> {
    let mut arguments: Vec<Value> = serde_json::from_str(event.args.get())
        .map_err(|error| EventError::Invalid(error.to_string()))?;
    let first = if arguments.is_empty() {
        json!({})
    } else {
        arguments.swap_remove(0)
    };
    serde_json::from_value(first)
        .map_err(|error| EventError::Invalid(format!("`{}`: {error}", event.name)))
}
