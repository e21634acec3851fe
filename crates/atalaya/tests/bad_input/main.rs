//! What bad input gets: a clear error, and nothing lost. Against the real binary, on both databases wherever
//! the ledger has a part in it.
//!
//! One file for each area; `wire` sends what no client would, `witness` says whether everybody else was left
//! in peace. What the laws promise of a database that goes away stands in `laws`.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot arrange its world says so by panicking"
)]

#[path = "../support/world.rs"]
#[allow(dead_code, reason = "each test binary uses its own part of the world")]
mod world;

/// Runs each behaviour on SQLite and on PostgreSQL.
macro_rules! on_both_databases {
    ($($behaviour:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $behaviour() {
                super::$behaviour(crate::world::World::on_sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $behaviour() {
                super::$behaviour(crate::world::World::on_postgres().await).await;
            })+
        }
    };
}

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
