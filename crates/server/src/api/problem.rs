//! Every error of the HTTP API: problem details (RFC 9457) with a stable code.
//!
//! [`Code`] is the table: what a program matches on, the status, and one sentence that says what to do.
//! Handlers return a [`Problem`]; what axum and the store refuse becomes one here and nowhere else.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use atalaya_store::StoreError;

use crate::auth::{PasswordError, TokenError};

/// The table of codes: name, status, title, and the remedy in one sentence.
macro_rules! codes {
    ($($variant:ident = $name:literal, $status:ident, $title:literal, $remedy:literal;)*) => {
        /// A stable name for what went wrong; see the table in this module.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code { $($variant),* }

        impl Code {
            /// Every code, in the order of the table.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name that programs match on.
            pub(crate) fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The HTTP status it is answered with.
            pub(crate) fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),* }
            }

            /// What went wrong, the same for each occurrence.
            pub(crate) fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),* }
            }

            /// What whoever sees it can do.
            pub(crate) fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy),* }
            }
        }
    };
}

codes! {
    InvalidJson = "invalid_json", BAD_REQUEST, "The body is not JSON",
        "Send one JSON object; the line and column say where reading stopped.";
    InvalidParameter = "invalid_parameter", BAD_REQUEST, "A query parameter is not valid",
        "Correct the parameters named in `errors`.";
    InvalidCursor = "invalid_cursor", BAD_REQUEST, "The cursor is not one of ours",
        "Pass `next_cursor` of the previous page as it came, or leave `cursor` out for the first page.";
    TokenMissing = "token_missing", UNAUTHORIZED, "No access token",
        "Log in, and send the header `Authorization: Bearer` with the token.";
    TokenInvalid = "token_invalid", UNAUTHORIZED, "The access token is not valid",
        "Log in again; a token of another back end must be signed with the same secret.";
    TokenExpired = "token_expired", UNAUTHORIZED, "The access token has expired",
        "Log in again.";
    TokenRevoked = "token_revoked", UNAUTHORIZED, "The user is disabled",
        "Ask an administrator to enable the account.";
    InvalidCredentials = "invalid_credentials", UNAUTHORIZED, "Wrong user name or password",
        "Check both; `atalaya user passwd NAME` sets a new password.";
    Forbidden = "forbidden", FORBIDDEN, "Not allowed for your role",
        "Ask an administrator, or use an account with the role that is needed.";
    NotFound = "not_found", NOT_FOUND, "There is no such thing",
        "Check the id; what belongs to someone else is not shown.";
    UnknownRoute = "unknown_route", NOT_FOUND, "There is no such route",
        "See /api/docs for what there is.";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "The route has no such method",
        "Use a method of the `Allow` header.";
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The body is too large",
        "Send at most 256 KiB.";
    BodyTooSlow = "body_too_slow", REQUEST_TIMEOUT, "The body did not arrive in time",
        "Send it again, whole and at once.";
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The body is not declared as JSON",
        "Send the header `Content-Type: application/json`; with a batch `application/x-ndjson`.";
    TooManyLines = "too_many_lines", PAYLOAD_TOO_LARGE, "The batch has too many lines",
        "Send this line and what follows it in another request.";
    NotAskedFor = "not_asked_for", CONFLICT, "It asks for no acknowledgement",
        "Mark it as read instead.";
    TopicRestricted = "topic_restricted", FORBIDDEN, "The topic is not for every role",
        "Ask an administrator, or use an account with a role that may read it.";
    TooManySubscriptions = "too_many_subscriptions", CONFLICT, "As many topics as one user may have",
        "Unsubscribe from another one first.";
    IdempotencyKeyReused = "idempotency_key_reused", CONFLICT, "The idempotency key is taken",
        "Take a new key for each notification, and the same one only to repeat it unchanged.";
    InvalidField = "invalid_field", UNPROCESSABLE_ENTITY, "A field is not valid",
        "Correct the fields named in `errors`; all of them are there.";
    UnknownRecipients = "unknown_recipients", UNPROCESSABLE_ENTITY, "Some recipients do not exist",
        "Leave out the ids in `users`; nothing was published.";
    NoRecipients = "no_recipients", UNPROCESSABLE_ENTITY, "Nobody would receive it",
        "Name at least one user or role; nothing was published.";
    ExaminationUnderWay = "examination_under_way", TOO_MANY_REQUESTS, "One examination at a time",
        "Look at the result of the one that is under way in some seconds.";
    TooManyAttempts = "too_many_attempts", TOO_MANY_REQUESTS, "Too many failed attempts",
        "Wait for as many seconds as `Retry-After` says.";
    Internal = "internal", INTERNAL_SERVER_ERROR, "The server made a mistake",
        "Look at the server's log at this time; it says what happened.";
    TooManySessions = "too_many_sessions", TOO_MANY_REQUESTS, "As many connections as one user may have",
        "Close another one of yours first.";
    OriginDenied = "origin_denied", FORBIDDEN, "Pages of this origin may not connect",
        "Have the origin added to ATALAYA_ALLOWED_ORIGINS.";
    LedgerUnavailable = "ledger_unavailable", SERVICE_UNAVAILABLE, "The connection cannot be recorded now",
        "Try again in a moment; nobody is connected without their row.";
    Busy = "busy", SERVICE_UNAVAILABLE, "Too much at once",
        "Try again in a second.";
    ServerStopping = "server_stopping", SERVICE_UNAVAILABLE, "The server is stopping",
        "Send this line and what follows it again in a moment.";
    DatabaseUnavailable = "database_unavailable", SERVICE_UNAVAILABLE, "The database does not answer",
        "Try again in a moment; /readyz says when it is back.";
}

/// One error on its way to the client.
#[derive(Debug)]
pub(super) struct Problem {
    code: Code,
    detail: String,
    more: Map<String, Value>,
    retry_after_s: Option<u64>,
}

/// A field or parameter that was refused, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct FieldError {
    #[schema(examples("to.users"))]
    pub field: String,
    #[schema(examples("must name at least one user"))]
    pub message: String,
}

impl Problem {
    /// An error of this kind, with what is particular to this occurrence.
    pub(super) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            more: Map::new(),
            retry_after_s: None,
        }
    }

    /// All the refused fields at once.
    pub(super) fn fields(code: Code, errors: &[FieldError]) -> Self {
        let lines: Vec<_> = errors
            .iter()
            .map(|error| format!("{}: {}", error.field, error.message))
            .collect();
        Self::new(code, lines.join("; ")).with("errors", json!(errors))
    }

    /// Adds a member that belongs to this code.
    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    /// Asks the client to come back after this many seconds.
    pub(super) fn retry_after(self, seconds: u64) -> Self {
        Self {
            retry_after_s: Some(seconds),
            ..self
        }
    }

    /// What is known while the database is away. Whoever makes it has told the log.
    pub(super) fn no_database() -> Self {
        Self::new(
            Code::DatabaseUnavailable,
            "the database did not answer; nothing is known to have changed",
        )
        .retry_after(1)
    }

    /// The code, what is particular to this occurrence, and the members that belong to the code.
    pub(super) fn into_parts(self) -> (Code, String, Map<String, Value>) {
        (self.code, self.detail, self.more)
    }

    /// Says what is not the client's fault in the log, once, and keeps the cause from the client.
    pub(super) fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(error = %cause, "a request failed");
        Self::new(Code::Internal, "the request could not be completed")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.code.status();
        let mut body = json!({
            "type": format!("urn:atalaya:problem:{}", self.code.as_str()),
            "title": self.code.title(),
            "status": status.as_u16(),
            "detail": self.detail,
            "code": self.code.as_str(),
            "remedy": self.code.remedy(),
        });
        if let Some(members) = body.as_object_mut() {
            members.extend(self.more);
        }
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(challenge) = challenge(self.code) {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// RFC 6750, 3: a 401 names the scheme, and the error once a token was sent.
fn challenge(code: Code) -> Option<HeaderValue> {
    match code {
        Code::TokenMissing => Some(HeaderValue::from_static("Bearer")),
        Code::TokenInvalid | Code::TokenExpired | Code::TokenRevoked => {
            Some(HeaderValue::from_static("Bearer error=\"invalid_token\""))
        }
        _ => None,
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        let code = match error {
            TokenError::Missing => Code::TokenMissing,
            TokenError::Invalid(_) => Code::TokenInvalid,
            TokenError::Expired => Code::TokenExpired,
        };
        Self::new(code, error.to_string())
    }
}

impl From<PasswordError> for Problem {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::new(Code::Busy, error.to_string()).retry_after(1),
            PasswordError::Failed(_) => Self::internal(&error),
        }
    }
}

/// The one place where the store's errors become answers. What the caller could know about (a name that is
/// taken, a recipient that does not exist) is mapped by its route before it gets here.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if !error.concerns_the_database() {
            return Self::internal(&error);
        }
        tracing::warn!(error = %error, "a request found no database");
        Self::no_database()
    }
}

/// What went wrong, as problem details (RFC 9457).
#[derive(ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "describes the JSON that `Problem` writes")]
pub(super) struct ProblemBody {
    /// A URN made of the code.
    #[schema(examples("urn:atalaya:problem:invalid_field"))]
    r#type: String,
    #[schema(examples("A field is not valid"))]
    title: String,
    #[schema(examples(422))]
    status: u16,
    /// What is particular to this occurrence.
    #[schema(examples("title: has at most 200 characters"))]
    detail: String,
    /// Stable: match on this.
    #[schema(examples("invalid_field"))]
    code: String,
    /// What you can do about it.
    #[schema(examples("Correct the fields named in `errors`; all of them are there."))]
    remedy: String,
    /// With `invalid_field` and `invalid_parameter`: every refused field.
    #[schema(nullable = false)]
    errors: Option<Vec<FieldError>>,
    /// With `unknown_recipients`: the ids that name nobody.
    #[schema(nullable = false)]
    users: Option<Vec<i64>>,
    /// With `invalid_json`: where reading stopped, counted from 1.
    #[schema(nullable = false)]
    line: Option<usize>,
    #[schema(nullable = false)]
    column: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_unique_and_says_what_to_do() {
        for (n, code) in Code::ALL.iter().enumerate() {
            assert!(code.status().is_client_error() || code.status().is_server_error());
            assert!(code.remedy().ends_with('.'), "{}", code.as_str());
            let twins = Code::ALL[n + 1..]
                .iter()
                .filter(|other| other.as_str() == code.as_str());
            assert_eq!(twins.count(), 0, "{}", code.as_str());
        }
    }
}
