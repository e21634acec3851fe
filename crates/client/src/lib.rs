//! A small Socket.IO client for the tests, the measurements and the diagnosis.
//!
//! [`Client::connect`] opens a transport, connects one namespace and leaves a task that owns the
//! connection: it answers heartbeats, hands on events and matches acknowledgements. Every queue is bounded
//! and every wait ends; there is no reconnection, because who measures or diagnoses wants to see the
//! connection end. [`http::request`] is the one other way to talk to a server. Plain `http` only.

mod client;
mod connect;
mod endpoint;
mod error;
pub mod http;
mod options;
mod task;
mod transport;

pub use client::{Client, Event};
pub use error::{Closed, ConnectError, Error, Step, TransportError};
pub use options::{Events, Mode, Options};
pub use transport::TransportKind;
