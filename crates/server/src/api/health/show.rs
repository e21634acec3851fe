//! `GET /api/health`: the server's own checks, and what the last walk of a client's way came to.

use std::sync::Arc;

use atalaya_doctor::language::Language;
use atalaya_store::{Engine, Role};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{InLanguage, WayReport};
use crate::{
    App,
    api::{
        extract::CurrentUser,
        openapi::{BadQuery, NeedsRole, NeedsToken},
        problem::Problem,
        query::Query,
    },
    wire::rfc3339,
};

/// Which database the server has.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the names of the store's engines")]
pub(super) enum DatabaseKind {
    Sqlite,
    Postgres,
}

/// How the server is.
#[derive(Serialize, ToSchema)]
pub(crate) struct HealthReport {
    #[schema(examples("0.1.0"))]
    version: &'static str,
    /// This server among several.
    node: String,
    #[schema(value_type = DatabaseKind)]
    database: &'static str,
    #[schema(format = DateTime)]
    started_at: String,
    /// How many sockets are open here.
    sockets: usize,
    /// How many users have one.
    users: usize,
    checks: Vec<HealthCheck>,
    /// What people open, if the server was told (`ATALAYA_PUBLIC_URL`).
    public_url: Option<String>,
    /// The last walk of a client's way; null until the first, half a minute after the start.
    way: Option<WayReport>,
}

/// One thing that must be well.
#[derive(Serialize, ToSchema)]
pub(crate) struct HealthCheck {
    /// `database`, `lease` or `ledger`.
    #[schema(examples("database"))]
    name: &'static str,
    ok: bool,
    /// What is the matter.
    detail: Option<String>,
}

/// How the server is
///
/// For administrators. Every five minutes the server walks a client's way to itself, at its own address and at
/// the one that people open; `POST /api/health/way` does it at once.
#[utoipa::path(
    get,
    path = "/health",
    tag = "health",
    operation_id = "showHealth",
    params(InLanguage),
    responses((status = 200, description = "As it is now", body = HealthReport), BadQuery, NeedsToken, NeedsRole),
)]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    user: CurrentUser,
    Query(lang): Query<InLanguage>,
) -> Result<Json<HealthReport>, Problem> {
    user.must_be(&[Role::Admin])?;
    let stats = app.hub.stats();
    let way = app.own_way.last();
    Ok(Json(HealthReport {
        version: env!("CARGO_PKG_VERSION"),
        node: app.ledger.node_id().to_string(),
        database: match app.store.engine() {
            Engine::Sqlite => "sqlite",
            Engine::Postgres => "postgres",
        },
        started_at: rfc3339(app.started_at),
        sockets: stats.sockets,
        users: stats.users,
        checks: checks(&app, lang.language()).await,
        public_url: app.config.public_url.clone(),
        way: way.map(|walked| WayReport::of(&walked, lang.language())),
    }))
}

async fn checks(app: &App, language: Language) -> Vec<HealthCheck> {
    let check = |name, outcome: Result<(), String>| HealthCheck {
        name,
        ok: outcome.is_ok(),
        detail: outcome.err(),
    };
    let lease = match app.ledger.holds_lease() {
        true => Ok(()),
        false => Err(language
            .pick(
                "It ran out: nobody is let in until the database answers again.",
                "Se agotó: no se deja entrar a nadie hasta que la base de datos vuelva a responder.",
            )
            .to_owned()),
    };
    vec![
        check("database", app.health.database().await),
        check("lease", lease),
        check("ledger", app.health.ledger()),
    ]
}
