//! Socket.IO 5 over engine sessions: `namespaces` is the engine's handler (packets of one client, in
//! order), `client` what is kept with each session, `joined` a client on one namespace. An event is a
//! `frame`, encoded once.

mod ack;
mod client;
mod frame;
mod joined;
mod namespaces;
mod packets;

pub use ack::Ack;
pub use frame::Frame;
pub use joined::{SendError, Socket};
pub(crate) use namespaces::Namespaces;
