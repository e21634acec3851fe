//! `POST /api/notifications`: publish. The answer is 201 only after the commit (L4).

use std::sync::Arc;

use atalaya_store::{self as store, Audience, PublishError, Role, Severity, Timestamp, UserId};
use axum::{
    Json,
    extract::State,
    response::{AppendHeaders, IntoResponse, Response},
};
use chrono::DateTime;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::{IntoResponses, ToSchema};

use super::{
    key::{self, IdempotencyKey},
    recipients::{self, Recipients},
};
use crate::{
    App,
    api::{
        body::Body,
        extract::Caller,
        fields::{Fields, FromFields},
        openapi::{self, BadBody, NeedsRole, NeedsToken},
        problem::{Code, Problem, ProblemBody},
        text,
    },
    wire::rfc3339,
};

/// Checked with the commit: a look at the user before it would cost as much as the notification.
pub(super) const PUBLISHERS: &[Role] = &[Role::Admin, Role::Operator];

const MAX_TITLE_CHARS: usize = 200;
const MAX_BODY_BYTES: usize = 8 * 1024;
const MAX_DATA_BYTES: usize = 32 * 1024;

/// How far ahead a notification may be scheduled.
const MAX_DAYS_AHEAD: i64 = 366;

/// A notification to publish, checked.
pub(crate) struct NewNotification {
    pub(super) new: store::NewNotification,
    /// When, if not at once.
    pub(super) deliver_at: Option<Timestamp>,
}

/// A notification to publish.
#[derive(ToSchema)]
#[schema(as = NewNotification)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({
    "to": {"roles": ["operator"]},
    "title": "Disk almost full",
    "body": "web-1 has 3 % left.",
    "severity": "warning",
    "type": "disk",
    "link": "/servers/web-1",
    "data": {"server": "web-1", "free_percent": 3}
})))]
#[expect(dead_code, reason = "describes the JSON that `NewNotification` reads")]
pub(crate) struct NewNotificationBody {
    to: Recipients,
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    /// At most 8 KiB of UTF-8.
    #[schema(max_length = 8192)]
    body: Option<String>,
    #[schema(required = false, nullable = false, default = "info")]
    severity: Option<openapi::Severity>,
    /// The publisher's own word for the kind of thing that happened.
    #[schema(min_length = 1, max_length = 64, pattern = "^[a-z0-9._-]+$")]
    r#type: Option<String>,
    /// The Socket.IO event under which sockets get it, when not `notification`; not one of Socket.IO's own.
    #[schema(min_length = 1, max_length = 64)]
    event: Option<String>,
    /// An http(s) address, or a path that begins with one slash.
    #[schema(max_length = 2048)]
    link: Option<String>,
    /// Any JSON of at most 32 KiB, handed on as it is.
    #[schema(value_type = Option<Value>)]
    data: Option<Value>,
    /// RFC 3339, in the future; after it the notification is shown to nobody.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// RFC 3339, in the future, 366 days at most: it is published then, to whoever is in its audience then.
    #[schema(format = DateTime)]
    deliver_at: Option<String>,
    #[schema(required = false, nullable = false, default = false)]
    requires_ack: Option<bool>,
    /// Replaces your last notification with the same key for the same audience, for everyone who has neither read nor
    /// archived that one.
    #[schema(min_length = 1, max_length = 128)]
    collapse_key: Option<String>,
    /// The same as the header `Idempotency-Key`; in a batch the only way to give a line one.
    #[schema(min_length = 1, max_length = 255)]
    idempotency_key: Option<String>,
}

impl FromFields for NewNotification {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let to = recipients::read(fields);
        let title = fields.required("title", "a text");
        let title = fields.check("title", title, |t: &String| text::title(t, MAX_TITLE_CHARS));
        let new = store::NewNotification {
            to: Audience::default(),
            title: String::new(),
            body: optional_text(fields, "body", |text| text::body(text, MAX_BODY_BYTES)),
            severity: severity(fields),
            kind: optional_text(fields, "type", text::kind),
            event: optional_text(fields, "event", text::event),
            link: optional_text(fields, "link", text::link),
            data: data(fields),
            expires_at: future(fields, "expires_at"),
            requires_ack: fields
                .optional("requires_ack", "true or false")
                .unwrap_or(false),
            collapse_key: optional_text(fields, "collapse_key", text::collapse_key),
            idempotency_key: optional_text(fields, "idempotency_key", key::check),
            publisher: None,
            only_by: Some(PUBLISHERS),
        };
        let deliver_at = deliver_at(fields, new.expires_at);
        Some(Self {
            new: store::NewNotification {
                to: to?,
                title: title?,
                ..new
            },
            deliver_at,
        })
    }
}

fn optional_text(
    fields: &mut Fields,
    name: &'static str,
    check: impl FnOnce(&str) -> Result<(), String>,
) -> Option<String> {
    let value = fields.optional(name, "a text");
    fields.check(name, value, |text: &String| check(text))
}

fn severity(fields: &mut Fields) -> Severity {
    let expected = "one of info, success, warning and critical";
    let Some(name) = fields.optional::<String>("severity", expected) else {
        return Severity::default();
    };
    name.parse().unwrap_or_else(|_| {
        fields.refuse("severity", format!("must be {expected}"));
        Severity::default()
    })
}

/// Kept as the publisher wrote it; parsed only to know that every client can parse it too.
fn data(fields: &mut Fields) -> Option<String> {
    let raw = fields.raw("data")?;
    let text = raw.get();
    if text.len() > MAX_DATA_BYTES {
        fields.refuse("data", format!("has at most {MAX_DATA_BYTES} bytes"));
    } else if let Err(error) = serde_json::from_str::<Value>(text) {
        fields.refuse(
            "data",
            format!("is not JSON that everyone can read: {error}"),
        );
    }
    Some(text.to_owned())
}

fn deliver_at(fields: &mut Fields, expires_at: Option<Timestamp>) -> Option<Timestamp> {
    let at = future(fields, "deliver_at")?;
    let latest = fields.now().plus_ms(MAX_DAYS_AHEAD * 24 * 60 * 60 * 1_000);
    if at > latest {
        let message = format!("must be within {MAX_DAYS_AHEAD} days");
        fields.refuse("deliver_at", message);
    } else if expires_at.is_some_and(|expires_at| expires_at <= at) {
        fields.refuse("expires_at", "must be after `deliver_at`");
    }
    Some(at)
}

fn future(fields: &mut Fields, name: &'static str) -> Option<Timestamp> {
    let text: String = fields.optional(name, "a time as a text")?;
    match DateTime::parse_from_rfc3339(&text) {
        Ok(at) if at.timestamp_millis() > fields.now().0 => Some(Timestamp(at.timestamp_millis())),
        Ok(_) => {
            fields.refuse(name, "must be in the future");
            None
        }
        Err(_) => {
            let expected = "must be a time of RFC 3339, such as 2030-01-31T09:15:00Z";
            fields.refuse(name, expected);
            None
        }
    }
}

/// What was committed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Published {
    #[schema(examples(1042))]
    id: i64,
    #[schema(format = DateTime, examples("2026-01-31T09:15:00.000Z"))]
    created_at: String,
    /// How many users it is for.
    #[schema(examples(1))]
    recipients: u64,
}

/// What is committed, to be published later.
#[derive(Serialize, ToSchema)]
pub(crate) struct Scheduled {
    /// Not yet the id of a notification: that is given out when it is published.
    #[schema(examples(17))]
    scheduled_id: i64,
    #[schema(format = DateTime, examples("2026-01-31T09:15:00.000Z"))]
    created_at: String,
    #[schema(format = DateTime, examples("2026-01-31T22:00:00.000Z"))]
    deliver_at: String,
}

impl From<store::Scheduled> for Scheduled {
    fn from(scheduled: store::Scheduled) -> Self {
        Self {
            scheduled_id: scheduled.id.0,
            created_at: rfc3339(scheduled.created_at),
            deliver_at: rfc3339(scheduled.deliver_at),
        }
    }
}

#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes the answers of the route")]
pub(crate) enum CreateErrors {
    /// `invalid_field` with every refused field in `errors`; `unknown_recipients` with the ids in `users`;
    /// `no_recipients`. Nothing was published.
    #[response(status = 422, content_type = "application/problem+json")]
    Refused(ProblemBody),
    /// `idempotency_key_reused`: within the last 24 hours the key was used for another notification.
    #[response(status = 409, content_type = "application/problem+json")]
    KeyReused(ProblemBody),
}

/// Publish a notification
///
/// When this answers 201, the notification is committed: it is in each recipient's inbox, and reaches each
/// of their sockets now or on their next connection.
///
/// With an `Idempotency-Key` a request that got no answer can be repeated: for 24 hours the same key and the same
/// notification are answered as the first time, with `Idempotent-Replayed: true`, and publish nothing.
#[utoipa::path(
    post,
    path = "/notifications",
    tag = "notifications",
    operation_id = "publish",
    params(("Idempotency-Key" = Option<String>, Header, description = "Up to 255 characters of ASCII")),
    request_body = NewNotificationBody,
    responses(
        (status = 201, description = "Committed", body = Published),
        (status = 202, description = "Committed for later: it had a `deliver_at`", body = Scheduled),
        BadBody, CreateErrors, NeedsToken, NeedsRole,
    ),
)]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    key: Result<IdempotencyKey, Problem>,
    body: Result<Body<NewNotification>, Problem>,
) -> Result<Response, Problem> {
    let NewNotification { new, deliver_at } = match read(key, body) {
        Ok(new) => new,
        // Who may not publish hears that first.
        Err(problem) => {
            caller.load(&app).await?.must_be(PUBLISHERS)?;
            return Err(problem);
        }
    };
    let new = store::NewNotification {
        publisher: Some(caller.id()),
        ..new
    };
    let now = app.clock.now();
    if let Some(deliver_at) = deliver_at {
        caller.load(&app).await?.must_be(PUBLISHERS)?;
        let scheduled = app.delivery.schedule(new, deliver_at, now).await?;
        let is_repeat = scheduled.is_repeat;
        let answer = Json(Scheduled::from(scheduled));
        return Ok(answered(StatusCode::ACCEPTED, answer, is_repeat));
    }
    let published = app.delivery.publish(new, now).await;
    if let Err(PublishError::NotAllowed) = published {
        caller.load(&app).await?.must_be(PUBLISHERS)?;
    }
    let published = published?;
    let is_repeat = published.is_repeat;
    let answer = Json(Published::from(published));
    Ok(answered(StatusCode::CREATED, answer, is_repeat))
}

fn answered(status: StatusCode, answer: impl IntoResponse, is_repeat: bool) -> Response {
    let replayed = is_repeat.then_some((key::REPLAYED, "true"));
    (status, AppendHeaders(replayed), answer).into_response()
}

fn read(
    key: Result<IdempotencyKey, Problem>,
    body: Result<Body<NewNotification>, Problem>,
) -> Result<NewNotification, Problem> {
    let (
        key,
        Body(NewNotification {
            mut new,
            deliver_at,
        }),
    ) = (key?, body?);
    new.idempotency_key = key.with(new.idempotency_key)?;
    Ok(NewNotification { new, deliver_at })
}

impl From<store::Published> for Published {
    fn from(published: store::Published) -> Self {
        Self {
            id: published.id.0,
            created_at: rfc3339(published.created_at),
            recipients: published.recipients,
        }
    }
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Store(error) => error.into(),
            PublishError::UnknownUsers(users) => unknown_users(&users),
            // Checked when the body was read; the store keeps its own guard.
            PublishError::UnknownRoles(_) | PublishError::TooManyUsers { .. } => {
                Self::new(Code::InvalidField, error.to_string())
            }
            PublishError::KeyReused => Self::new(Code::IdempotencyKeyReused, error.to_string()),
            // Only what publishes the scheduled hears it.
            PublishError::Gone => Self::internal(&error),
            PublishError::NotAllowed => Self::new(Code::Forbidden, error.to_string()),
            PublishError::EmptyAudience => Self::new(Code::NoRecipients, error.to_string()),
        }
    }
}

fn unknown_users(users: &[UserId]) -> Problem {
    let ids: Vec<i64> = users.iter().map(|user| user.0).collect();
    let shown: Vec<_> = ids.iter().take(20).map(i64::to_string).collect();
    let more = if ids.len() > 20 { ", …" } else { "" };
    let detail = format!("no users with the ids {}{more}", shown.join(", "));
    Problem::new(Code::UnknownRecipients, detail).with("users", json!(ids))
}
