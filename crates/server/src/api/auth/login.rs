//! `POST /api/auth/login`: a name and a password for an access token.

use std::sync::Arc;

use atalaya_store::Credentials;
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use crate::{
    App,
    api::{
        body::Body,
        client_addr::ClientAddr,
        fields::{Fields, FromFields},
        openapi::BadBody,
        problem::{Code, Problem, ProblemBody},
        text,
        users::User,
    },
};

/// Who logs in.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginRequest {
    #[schema(min_length = 1, max_length = 200, examples("ana"))]
    username: String,
    #[schema(min_length = 1, max_length = 1024, examples("correct horse battery"))]
    password: String,
}

impl FromFields for LoginRequest {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let username = fields.required("username", "a text");
        let username = fields.check("username", username, |name: &String| text::title(name, 200));
        let password = fields.required("password", "a text");
        let password = fields.check("password", password, |word: &String| text::body(word, 1024));
        Some(Self {
            username: username?,
            password: password?,
        })
    }
}

/// The token, and whose it is.
#[derive(Serialize, ToSchema)]
pub(crate) struct LoginAnswer {
    /// Send it as `Authorization: Bearer …`, and as `auth.token` of the socket.
    #[schema(examples("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.…"))]
    access_token: String,
    #[schema(examples("Bearer"))]
    token_type: &'static str,
    /// Seconds until the token expires.
    #[schema(examples(43200))]
    expires_in: u64,
    user: User,
}

#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes the answers of the route")]
pub(crate) enum LoginErrors {
    /// `invalid_credentials`: no such user, wrong password, or disabled. Which of them is not told.
    #[response(status = 401, content_type = "application/problem+json")]
    Refused(ProblemBody),
    /// `too_many_attempts`: wait for as many seconds as `Retry-After` says.
    #[response(status = 429, content_type = "application/problem+json")]
    Throttled(ProblemBody),
    /// `database_unavailable` or `busy`: the same request may succeed later.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemBody),
}

/// Log in
#[utoipa::path(
    post,
    path = "/auth/login",
    tag = "auth",
    operation_id = "login",
    security(()),
    request_body = LoginRequest,
    responses((status = 200, description = "Logged in", body = LoginAnswer), LoginErrors, BadBody),
)]
pub(crate) async fn login(
    State(app): State<Arc<App>>,
    ClientAddr(from): ClientAddr,
    Body(request): Body<LoginRequest>,
) -> Result<Json<LoginAnswer>, Problem> {
    let now = app.clock.now();
    app.throttle
        .attempt(&request.username, from, now)
        .map_err(|wait| too_many_attempts(wait.as_secs()))?;
    let judged = judge(&app, &request).await;
    // A database that is away is not the user's failure.
    let (found, is_right) =
        judged.inspect_err(|_| app.throttle.excused(&request.username, from))?;
    if !is_right {
        // Not the name: people type their password into that field.
        let user_id = found.map(|found| found.user.id.0);
        tracing::info!(user.id = user_id, client.address = %from, "login refused");
        return Err(invalid_credentials());
    }
    let Some(Credentials { user, .. }) = found else {
        return Err(invalid_credentials());
    };
    app.throttle.succeeded(&request.username, from);
    let minted = app.tokens.mint(&user, now);
    Ok(Json(LoginAnswer {
        access_token: minted.token,
        token_type: "Bearer",
        expires_in: minted.expires_in.as_secs(),
        user: user.into(),
    }))
}

/// The same work and the same answer, whether the user does not exist, is disabled or mistyped.
async fn judge(app: &App, request: &LoginRequest) -> Result<(Option<Credentials>, bool), Problem> {
    let found = app.store.credentials(&request.username).await?;
    let hash = found.as_ref().and_then(|it| it.password_hash.as_deref());
    let matches = app.passwords.verify(&request.password, hash).await?;
    let is_right = matches && found.as_ref().is_some_and(|it| !it.user.disabled);
    Ok((found, is_right))
}

fn invalid_credentials() -> Problem {
    Problem::new(
        Code::InvalidCredentials,
        "the user name and the password do not belong together",
    )
}

fn too_many_attempts(wait_s: u64) -> Problem {
    let detail = format!("too many attempts for this user from this address; wait {wait_s} s");
    Problem::new(Code::TooManyAttempts, detail).retry_after(wait_s)
}
