//! Engine.IO 4: packets as one text message each, bodies of HTTP long-polling, and the handshake.
//! Binary messages of a WebSocket are attachments as they are and never pass through here.

mod open;
mod packet;
pub mod payload;

pub use open::Open;
pub use packet::Packet;

/// The revision of the protocol, as in the `EIO` query parameter.
pub const REVISION: &str = "4";
