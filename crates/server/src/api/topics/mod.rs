//! Topics: which there are, who may read them, and who has subscribed.

pub(super) mod list;
pub(super) mod remove;
pub(super) mod set;
pub(super) mod subscribe;
pub(super) mod subscribers;
pub(super) mod unsubscribe;

use atalaya_store::{SubscribeError, TopicName};
use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use serde::Serialize;
use serde_json::json;
use utoipa::{IntoResponses, ToSchema};

use super::problem::{Code, FieldError, Problem, ProblemBody};

/// A topic, as I see it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Topic {
    #[schema(examples("alerts.north"))]
    name: String,
    /// Who may read it: every role, where it is not restricted.
    #[schema(value_type = Vec<super::openapi::Role>)]
    roles: Vec<&'static str>,
    /// Whether an administrator has it in the list for everyone who may read it. One that is not listed is there as long as
    /// somebody is subscribed.
    listed: bool,
    /// How many users are subscribed; null where I am neither an administrator nor an operator.
    #[schema(examples(12))]
    subscribers: Option<u64>,
    /// After which notification it is mine; null where I am not subscribed.
    #[schema(examples(1042))]
    subscribed_since: Option<i64>,
}

impl Topic {
    fn of(topic: atalaya_store::Topic, is_counted: bool) -> Self {
        Self {
            name: topic.name.to_string(),
            roles: topic.roles.iter().map(|role| role.as_str()).collect(),
            listed: topic.is_listed,
            subscribers: is_counted.then_some(topic.subscribers),
            subscribed_since: topic.since.map(|since| since.0),
        }
    }
}

/// The `{name}` of a path.
pub(super) struct Name(pub TopicName);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        let name = params.ok().and_then(|params| {
            let named = params.iter().find(|(name, _)| *name == "name");
            named.map(|(_, value)| value.to_owned())
        });
        match name.unwrap_or_default().parse() {
            Ok(name) => Ok(Self(name)),
            Err(error) => {
                let field = "name".to_owned();
                let message = atalaya_store::BadTopicName::to_string(&error);
                let errors = [FieldError { field, message }];
                Err(Problem::fields(Code::InvalidParameter, &errors))
            }
        }
    }
}

fn no_topic(name: &TopicName) -> Problem {
    let detail = format!("there is no topic {name}");
    Problem::new(Code::NotFound, detail).with("name", json!(name.as_str()))
}

#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes the answers of the routes")]
pub(crate) enum SubscribeErrors {
    /// `topic_restricted`: the detail says which roles may read it. Also `forbidden`, where it is for another user.
    #[response(status = 403, content_type = "application/problem+json")]
    Restricted(ProblemBody),
    /// `too_many_subscriptions`: 50 is the most.
    #[response(status = 409, content_type = "application/problem+json")]
    TooMany(ProblemBody),
}

#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes the answers of the routes")]
pub(crate) enum BadName {
    /// `invalid_parameter`: it is not the name of a topic.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(ProblemBody),
}

impl From<SubscribeError> for Problem {
    fn from(error: SubscribeError) -> Self {
        match error {
            SubscribeError::Store(error) => error.into(),
            SubscribeError::Restricted(_) => Self::new(Code::TopicRestricted, error.to_string()),
            SubscribeError::TooMany => Self::new(Code::TooManySubscriptions, error.to_string()),
        }
    }
}
