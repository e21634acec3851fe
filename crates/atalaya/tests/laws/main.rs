//! The laws of the ledger and the delivery, against the real binary on both databases.
//!
//! One file for each law; `world` starts the server, hands out users and reads the tables. Every promise
//! stands once and runs twice.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot arrange its world says so by panicking"
)]

#[macro_use]
#[path = "../support/world.rs"]
#[allow(dead_code, reason = "each test binary uses its own part of the world")]
mod world;

mod l1_ledger_first;
mod l2_no_ghosts;
mod l3_closed_once;
mod l4_nothing_lost;
mod l5_recovery;
mod l6_expired_means_gone;
mod l7_bounded;
mod l8_bus;
mod own_way;
mod stream;
mod topics;
