//! Measures a server that speaks Socket.IO and takes notifications over HTTP, from beside it.
//!
//! The clients share the machine's cores with the server, so they must be cheap: one thread, one epoll set,
//! one read buffer, requests made beforehand, a few system calls for each message. [`run`] carries out one
//! [`Scenario`] of a [`Plan`] and gives an [`report::Outcome`]. `driver` holds the sockets and says what
//! happened; `scenarios` decides what to do next; `wire` reads and writes bytes; `process` reads what others
//! used from `/proc`, so this runs on Linux. It knows nothing of how the server is made: only its HTTP
//! and Socket.IO, and the two columns of the ledger by which a row is found.

mod driver;
mod error;
mod latency;
mod machine;
mod meter;
mod people;
mod plan;
mod process;
mod rows;
mod scenarios;
mod schedule;
mod target;
mod wire;

pub mod report;

pub use error::Error;
pub use people::{Crowd, make_people};
pub use plan::{Person, Pids, Plan, Progress, Scenario, Transport};
pub use rows::database_process;
pub use scenarios::run;
pub use target::Target;
