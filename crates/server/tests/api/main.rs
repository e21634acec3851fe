//! What the HTTP API promises, asked straight of the router on a real SQLite file.

#![expect(clippy::unwrap_used, reason = "a test fails where it panics")]

mod after_publishing;
mod app;
mod bad_requests;
mod batch;
mod health;
mod idempotency;
mod login;
mod notifications;
mod publishing;
mod scheduled;
mod serving;
mod sessions;
mod tokens;
mod topics;
mod users;
