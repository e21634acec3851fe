//! The HTTP API: JSON under `/api`, described by the OpenAPI document that is generated from this code.
//!
//! `router` is the table of contents; each route is a file `<resource>/<verb>.rs` with its request, answer
//! and errors above the handler. A handler extracts, calls one verb and maps the outcome; what is refused
//! becomes a problem in `problem`. Knows nothing of the gateway.

mod auth;
mod body;
mod client_addr;
mod extract;
mod fields;
mod health;
mod ndjson;
mod notifications;
mod openapi;
mod page;
mod problem;
mod query;
mod router;
mod sessions;
mod text;
mod topics;
mod users;

pub use openapi::{Severity, document};
pub use router::router;
