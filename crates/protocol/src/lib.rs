//! Engine.IO 4 and Socket.IO 5 as pure values: no I/O, no clock, no async.
//!
//! Bytes of a peer enter at [`engine::Packet::decode`] (one WebSocket text message) or
//! [`engine::payload::decode`] (one HTTP body); what a message carries goes on to [`socket::Packet::decode`],
//! and a packet with attachments to [`socket::Reassembly`]. Everything borrows from the input where it can,
//! every way bytes can be wrong is a variant of [`Error`], and nothing allocates more than a small multiple
//! of the bytes it was given. Who speaks when (heartbeats, upgrades, timeouts) belongs to the users.

pub mod engine;
mod error;
pub mod socket;

pub use error::Error;
