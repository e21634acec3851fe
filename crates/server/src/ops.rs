//! What operators and their tools ask: alive, ready, and the numbers.
//!
//! `/healthz` and `/readyz` are on both listeners, `/metrics` only on the operations one. [`Health`] knows
//! whether the database answers and whether a stop has begun; [`Metrics`] counts. Neither knows the rest.

mod health;
mod metrics;

use std::sync::Arc;

use axum::{Json, Router, extract::State, routing::get};
use http::{StatusCode, header};
use serde::Serialize;

pub(crate) use health::Health;
pub(crate) use metrics::Metrics;

use crate::App;

/// The routes of the operations listener.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .with_state(Arc::clone(&app))
        .merge(health_routes(app))
}

/// Alive and ready, for both listeners.
pub(crate) fn health_routes(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .with_state(app)
}

#[derive(Serialize)]
struct Alive {
    status: &'static str,
}

/// The process answers. It says nothing of the database: restarting would not bring that back.
async fn alive() -> Json<Alive> {
    Json(Alive { status: "alive" })
}

#[derive(Serialize)]
struct Readiness {
    status: &'static str,
    checks: Checks,
}

#[derive(Serialize)]
struct Checks {
    /// `ok`, or what is the matter.
    database: String,
    /// `ok`, or `lost`: then nobody is let in until the ledger has it again.
    lease: &'static str,
    draining: bool,
}

/// Whether to send this server more work.
async fn ready(State(app): State<Arc<App>>) -> (StatusCode, Json<Readiness>) {
    let database = app.health.database().await;
    let draining = app.health.is_draining();
    let holds_lease = app.ledger.holds_lease();
    let (status, code) = if database.is_ok() && holds_lease && !draining {
        ("ready", StatusCode::OK)
    } else {
        ("unready", StatusCode::SERVICE_UNAVAILABLE)
    };
    let database = database.map_or_else(|why| why, |()| "ok".to_owned());
    let checks = Checks {
        database,
        lease: if holds_lease { "ok" } else { "lost" },
        draining,
    };
    (code, Json(Readiness { status, checks }))
}

async fn metrics(State(app): State<Arc<App>>) -> ([(header::HeaderName, &'static str); 1], String) {
    let is_up = app.health.database().await.is_ok();
    let stats = app.hub.stats();
    let text = app.metrics.render(
        stats.sockets,
        stats.users,
        is_up,
        app.store.refusals_dropped(),
    );
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text)
}

#[cfg(test)]
mod tests;
