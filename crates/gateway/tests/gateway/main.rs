//! The gateway's promises, one file for each area, against a real listener.
#![allow(unreachable_pub, reason = "nothing is exported from a test")]

mod handshake;
mod lifecycle;
mod namespaces;
mod origins;
mod polling;
mod serve;
mod slow_consumer;
mod support;
mod upgrade;
mod websocket;
