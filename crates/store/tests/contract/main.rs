//! One suite of behaviours, run on both engines: a real SQLite file and a real PostgreSQL, fresh for each test.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod accounts;
mod adoption;
mod bench;
mod bus;
mod changes;
mod collapse;
mod commit_order;
mod inbox;
mod keys;
mod ledger;
mod model;
mod nodes;
mod opening;
mod opens;
mod outage;
mod plans;
mod publish;
mod publishers;
mod recovery;
mod refusals;
mod retention;
mod scheduled;
mod tabs;
mod topics;
