//! Socket.IO 5: one packet as the text of an Engine.IO message, and the binary attachments that follow it.
//! The data stays JSON text: it is checked for the shape its kind of packet has, and parsed by who needs it.

mod binary;
mod event;
mod packet;
mod shape;

pub use binary::{Assembled, Limits, Reassembly};
pub use event::{event, event_data};
pub use packet::{Kind, MAX_ACK_ID, MAX_NAMESPACE_BYTES, Packet, is_namespace};
