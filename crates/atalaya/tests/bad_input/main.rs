//! What bad input gets: a clear error, and nothing lost. Against the real binary, on both databases wherever
//! the ledger has a part in it.
//!
//! One file for each area; `wire` sends what no client would, `witness` says whether everybody else was left
//! in peace. What the laws promise of a database that goes away stands in `laws`.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot arrange its world says so by panicking"
)]

#[macro_use]
#[path = "../support/world.rs"]
#[allow(dead_code, reason = "each test binary uses its own part of the world")]
mod world;

mod configuration;
mod database;
mod disk_full;
mod packets;
mod publishing;
mod refusals;
mod starting;
mod transports;
mod wire;
mod witness;
