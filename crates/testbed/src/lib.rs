//! What the tests stand on. Never shipped, and used only as a development dependency.
//!
//! [`postgres`] runs private PostgreSQL servers and hands out fresh databases, [`proxy`] is a TCP proxy whose
//! connections a test cuts, pauses and restores, [`process`] runs the real binary, [`ports`] finds free ports.
//! What goes wrong here is a test that cannot run: it panics, with what to do about it.

pub mod ports;
pub mod postgres;
pub mod process;
pub mod proxy;
