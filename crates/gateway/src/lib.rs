//! A Socket.IO server (Engine.IO 4, Socket.IO 5) over hyper. Knows no user, no storage and no HTTP API.
//!
//! A request enters at [`Gateway::handle`] and becomes an *engine session* (`engine`): one client, over
//! polling or a websocket, owned by one task that reads, keeps the heartbeat and ends it. What the client
//! sends goes on to `socket`, which joins namespaces and calls the [`Application`]. Events go the other
//! way through [`Socket::send`]: a [`Frame`] is encoded once and shared by every socket that it goes to.
//! Every queue is bounded and every wait ends. [`serve`] accepts connections for whoever has no server yet.

mod application;
mod close_reason;
mod config;
pub mod engine;
mod gateway;
mod handshake;
pub mod proxy;
pub mod serve;
mod socket;
mod stream;

pub use application::{Admission, Application, ConnectRequest, Event, Refusal, RefusedConnection};
pub use close_reason::CloseReason;
pub use config::{Config, Origins};
pub use engine::{NotOpened, ResponseBody};
pub use gateway::Gateway;
pub use handshake::{Handshake, Transport};
pub use socket::{Ack, Frame, SendError, Socket};
pub use stream::{Said, Stream};
