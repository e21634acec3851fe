//! The gateway's promises, one file for each area, against a real listener.
#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test is one crate: it exports nothing, and a helper may fail like the test itself"
)]

mod door;
mod handshake;
mod lifecycle;
mod namespaces;
mod origins;
mod polling;
mod serve;
mod slow_consumer;
mod strangers;
mod support;
mod upgrade;
mod websocket;
