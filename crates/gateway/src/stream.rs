//! A namespace as a stream of events, for whoever carries them over something else than Socket.IO. It is a client like
//! any other: admitted, fed, bounded and cut off by the same code.

use std::net::SocketAddr;

use atalaya_protocol::socket::{Kind, Packet};
use http::HeaderMap;
use serde_json::{Value, value::RawValue};

use crate::{
    Application, Gateway,
    engine::{Heard, Local, NotOpened},
};

/// One client on one namespace. Dropped, it is as if its connection had been cut.
pub struct Stream {
    local: Local,
}

/// What the server says to it.
#[derive(Debug)]
pub enum Said {
    /// It has joined the namespace.
    Connected,
    /// It may not join; as the client's `connect_error`.
    Refused { code: String, message: String },
    /// The event's name, and its arguments.
    Event(String, Vec<Box<RawValue>>),
    /// A heartbeat.
    Ping,
}

impl<A: Application> Gateway<A> {
    /// Opens a stream for whoever sent a request with these headers, and asks to join. What becomes of that is said first.
    ///
    /// # Errors
    /// [`NotOpened`]: no connection is taken now.
    pub fn open_stream(
        &self,
        headers: &HeaderMap,
        peer: SocketAddr,
        namespace: &str,
        auth: &Value,
    ) -> Result<Stream, NotOpened> {
        let local = self.engine().open_local(headers, peer)?;
        let auth = auth.to_string();
        let connect = Packet::new(Kind::Connect, namespace, Some(auth.as_str().into()));
        local.say(connect.encode());
        Ok(Stream { local })
    }
}

impl Stream {
    /// What the server says next; `None` when it has ended the connection.
    pub async fn next(&mut self) -> Option<Said> {
        loop {
            match self.local.hear().await? {
                Heard::Ping => return Some(Said::Ping),
                Heard::Message(text) => {
                    if let Some(said) = said(&text) {
                        return Some(said);
                    }
                }
            }
        }
    }
}

fn said(text: &str) -> Option<Said> {
    let packet = Packet::decode(text).ok()?;
    let data = packet.data.as_deref().unwrap_or("null");
    match packet.kind {
        Kind::Connect => Some(Said::Connected),
        Kind::ConnectError => {
            let error: Value = serde_json::from_str(data).ok()?;
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            Some(Said::Refused {
                code: text(&error["data"]["code"]),
                message: text(&error["message"]),
            })
        }
        Kind::Event => {
            let mut arguments: Vec<Box<RawValue>> = serde_json::from_str(data).ok()?;
            if arguments.is_empty() {
                return None;
            }
            let name = serde_json::from_str(arguments.remove(0).get()).ok()?;
            Some(Said::Event(name, arguments))
        }
        _ => None,
    }
}
