//! Who asks, and about which thing.

use std::sync::Arc;

use atalaya_store::{Role, User, UserId};
use axum::extract::{FromRequestParts, RawPathParams};
use http::{HeaderMap, header, request::Parts};
use serde_json::json;

use super::problem::{Code, FieldError, Problem};
use crate::App;

/// Whose verified token came with the request. Whether that user may is asked elsewhere.
pub(super) struct Caller(UserId);

impl Caller {
    pub(super) fn id(&self) -> UserId {
        self.0
    }

    pub(super) async fn load(&self, app: &App) -> Result<CurrentUser, Problem> {
        match app.store.user(self.0).await? {
            Some(user) if user.disabled => Err(Problem::new(
                Code::TokenRevoked,
                "the user of this token is disabled",
            )),
            Some(user) => Ok(CurrentUser(user)),
            None => Err(Problem::new(
                Code::TokenInvalid,
                "the user of this token does not exist",
            )),
        }
    }
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let claims = app
            .tokens
            .verify(bearer(&parts.headers)?, app.clock.now())?;
        Ok(Self(claims.user_id))
    }
}

/// The user of a verified token, loaded at this request: one who was disabled a moment ago is refused.
pub(super) struct CurrentUser(pub User);

impl CurrentUser {
    /// Lets only these roles go on.
    pub(super) fn must_be(&self, roles: &[Role]) -> Result<(), Problem> {
        if roles.contains(&self.0.role) {
            return Ok(());
        }
        let names: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
        let detail = format!(
            "this needs the role {}; yours is {}",
            names.join(" or "),
            self.0.role
        );
        Err(Problem::new(Code::Forbidden, detail))
    }

    /// Whether everyone's things are shown, or only the user's own.
    pub(super) fn sees_everyone(&self) -> bool {
        self.0.role == Role::Admin
    }
}

impl FromRequestParts<Arc<App>> for CurrentUser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        Caller::from_request_parts(parts, app)
            .await?
            .load(app)
            .await
    }
}

/// The access token of a request.
pub(super) fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let missing = || Problem::new(Code::TokenMissing, "the request carries no access token");
    let header = headers.get(header::AUTHORIZATION).ok_or_else(missing)?;
    let text = header.to_str().unwrap_or_default().trim();
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ if text.eq_ignore_ascii_case("bearer") => Err(missing()),
        _ => Err(Problem::new(
            Code::TokenInvalid,
            "the Authorization header is not of the form `Bearer TOKEN`",
        )),
    }
}

/// The `{id}` of a path.
pub(super) struct Id(pub i64);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        let id = params.ok().and_then(|params| {
            let named = params.iter().find(|(name, _)| *name == "id");
            named.and_then(|(_, text)| text.parse::<i64>().ok())
        });
        id.filter(|id| *id > 0).map(Self).ok_or_else(|| {
            let errors = [FieldError {
                field: "id".to_owned(),
                message: "must be a positive whole number".to_owned(),
            }];
            Problem::fields(Code::InvalidParameter, &errors)
        })
    }
}

/// The error for a thing that is not there, or not the asker's.
pub(super) fn not_found(what: &str, id: i64) -> Problem {
    Problem::new(Code::NotFound, format!("there is no {what} {id}")).with("id", json!(id))
}
