//! The process that holds sockets, keeps the ledger and serves HTTP.
//!
//! [`Server::start`] brings everything up in order and [`Server::shutdown`] takes it down in order; the
//! rest is reached from [`App`]. A connection enters at `sockets::admit`, a publish at
//! `api::notifications::create`; both meet in `delivery`, which reads the tables and nothing else.
//! `api` and `sockets` do not import each other; what both say on the wire is in `wire`.

pub mod api;
mod app;
pub mod auth;
mod bus;
mod clock;
pub mod config;
mod delivery;
mod first_admin;
mod inbox;
mod ledger;
mod ops;
mod own_way;
mod retention;
mod server;
mod sockets;
mod topics;
mod web;
mod wire;

pub use app::App;
pub use clock::Clock;
pub use config::Config;
pub use own_way::look_up;
pub use server::{Server, StartError};
