//! The OpenAPI document: what the routes do not say about themselves.
//!
//! Paths and schemas are collected from the handlers by the router. `openapi.json` beside the crate is a
//! snapshot of it that a test keeps fresh; the web application's types are generated from that file.

use utoipa::{
    IntoResponses, Modify, OpenApi, ToSchema,
    openapi::{
        self, RefOr, Schema,
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};

use super::problem::ProblemBody;

/// Roles, from the most to the least powerful.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the names of the store's roles")]
pub(super) enum Role {
    Admin,
    Operator,
    User,
}

/// How much a notification matters.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Severity {
    Info,
    Success,
    Warning,
    Critical,
}

#[derive(IntoResponses)]
#[expect(
    dead_code,
    reason = "describes the answers of routes that ask who it is"
)]
pub(super) enum NeedsToken {
    /// `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled).
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(ProblemBody),
    /// `database_unavailable` or `busy`: the same request may succeed later.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemBody),
}

#[derive(IntoResponses)]
#[expect(
    dead_code,
    reason = "describes the answers of routes that not everyone may use"
)]
pub(super) enum NeedsRole {
    /// `forbidden`: the detail says which role is needed.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemBody),
}

#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes the answers of routes that read a body")]
pub(super) enum BadBody {
    /// `invalid_json`, with line and column.
    #[response(status = 400, content_type = "application/problem+json")]
    NotJson(ProblemBody),
    /// `body_too_large`: more than 256 KiB.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ProblemBody),
    /// `unsupported_media_type`: not `application/json`.
    #[response(status = 415, content_type = "application/problem+json")]
    NotDeclared(ProblemBody),
    /// `invalid_field`, with every refused field in `errors`.
    #[response(status = 422, content_type = "application/problem+json")]
    InvalidField(ProblemBody),
}

#[derive(IntoResponses)]
#[expect(
    dead_code,
    reason = "describes the answers of routes that read a query"
)]
pub(super) enum BadQuery {
    /// `invalid_parameter` with every refused one in `errors`, or `invalid_cursor`.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(ProblemBody),
}

#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes the answers of routes about one thing")]
pub(super) enum BadId {
    /// `invalid_parameter`: the id is not a positive whole number.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(ProblemBody),
}

#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes the answers of routes about one thing")]
pub(super) enum NoSuchThing {
    /// `not_found`: there is none with this id, or it is someone else's.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemBody),
}

/// The frame that is filled with the paths and schemas of the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Atalaya",
        description = "Who is connected, and what they are told. Times are RFC 3339 in UTC with \
                       milliseconds, lists are `{items, next_cursor}`, errors are problem details \
                       (RFC 9457) with a stable `code`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/")),
    security(("token" = [])),
    tags(
        (name = "auth", description = "Logging in"),
        (name = "users", description = "Who there is"),
        (name = "sessions", description = "The ledger: who is connected, who was, and who could not"),
        (name = "health", description = "How the server and the way to it are"),
        (name = "topics", description = "Audiences by name, and who has subscribed"),
        (name = "notifications", description = "Publishing, and the inbox"),
    ),
    components(schemas(ProblemBody)),
    modifiers(&Token),
)]
struct Frame;

struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let scheme = Http::builder()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(
                "The `access_token` of a login, or a token of a back end that shares the secret.",
            ))
            .build();
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The whole document, as it is served at `/api/openapi.json`.
pub fn document() -> openapi::OpenApi {
    let mut document = Frame::openapi().nest("/api", super::router::contents().into_openapi());
    require_fields_of_answers(&mut document);
    document
}

/// What a client sends may leave fields out; what the server says never does: a field without a value is
/// `null`. The schemas say so here, once, rather than on each field.
fn require_fields_of_answers(document: &mut openapi::OpenApi) {
    const MAY_LEAVE_OUT: &[&str] = &[
        "NewNotification",
        "NewTopic",
        "Problem",
        "PublishedLine",
        "ScheduledLine",
        "RefusedLine",
    ];
    let Some(components) = &mut document.components else {
        return;
    };
    for (name, schema) in &mut components.schemas {
        if !MAY_LEAVE_OUT.contains(&name.as_str()) {
            require_fields(schema);
        }
    }
}

fn require_fields(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            object.required = object.properties.keys().cloned().collect();
        }
        // What is made of several: its own fields beside those of another.
        RefOr::T(Schema::AllOf(parts)) => parts.items.iter_mut().for_each(require_fields),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::Path};

    /// `UPDATE_OPENAPI=1 cargo test -p atalaya-server openapi_json` writes the file anew.
    #[test]
    fn openapi_json_beside_the_crate_is_fresh() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
        let fresh = super::document().to_pretty_json().unwrap() + "\n";
        if env::var_os("UPDATE_OPENAPI").is_some() {
            fs::write(&path, &fresh).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == fresh,
            "openapi.json is stale: run `UPDATE_OPENAPI=1 cargo test -p atalaya-server openapi_json`"
        );
    }

    #[test]
    fn every_route_says_what_it_is_for_and_how_it_fails() {
        let document = serde_json::to_value(super::document()).unwrap();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, route) in methods.as_object().unwrap() {
                assert!(route["summary"].is_string(), "{method} {path}");
                let answers = route["responses"].as_object().unwrap();
                assert!(
                    answers.keys().any(|status| status.starts_with('4')),
                    "{method} {path}"
                );
            }
        }
    }
}
