//! The first exchange on a new transport: CONNECT, and what the server makes of it.

use atalaya_protocol::engine;
use atalaya_protocol::socket::{Kind, Packet};
use serde::Deserialize;

use crate::task::{message, pong};
use crate::transport::{Incoming, Transport};
use crate::{ConnectError, Options, TransportError};

/// What the server says when it accepts a CONNECT.
#[derive(Deserialize)]
pub(crate) struct Accepted {
    pub(crate) sid: String,
    pub(crate) pid: Option<String>,
}

/// What the server says when it does not.
#[derive(Deserialize)]
struct Refused {
    message: String,
    data: Option<serde_json::Value>,
}

/// Send CONNECT and wait for what the server makes of it.
pub(crate) async fn connect_namespace(
    transport: &mut Transport,
    options: &Options,
) -> Result<Accepted, ConnectError> {
    let auth = options.auth.as_ref().map(serde_json::to_string).transpose();
    let auth = auth.map_err(ConnectError::InvalidAuth)?;
    let connect = Packet::new(
        Kind::Connect,
        options.namespace.as_str(),
        auth.map(Into::into),
    );
    transport.write(vec![message(&connect)]).await?;
    loop {
        let Incoming::Text(text) = transport.read().await? else {
            return Err(TransportError::Unexpected("a binary message before CONNECT").into());
        };
        match engine::Packet::decode(&text).map_err(TransportError::from)? {
            engine::Packet::Message(text) => {
                let packet = Packet::decode(text).map_err(TransportError::from)?;
                if packet.namespace == options.namespace {
                    return answer(&packet);
                }
            }
            engine::Packet::Ping(data) => transport.write(vec![pong(data)]).await?,
            engine::Packet::Close => return Err(TransportError::Closed.into()),
            _ => {}
        }
    }
}

fn answer(packet: &Packet<'_>) -> Result<Accepted, ConnectError> {
    let data = packet.data.as_deref().unwrap_or("null");
    match packet.kind {
        Kind::Connect => serde_json::from_str(data)
            .map_err(|_| TransportError::Unexpected("a CONNECT without a socket id").into()),
        Kind::ConnectError => {
            // Either an object, or just the message.
            let refused = serde_json::from_str(data).unwrap_or_else(|_| Refused {
                message: serde_json::from_str(data).unwrap_or_else(|_| data.to_owned()),
                data: None,
            });
            Err(ConnectError::Refused {
                message: refused.message,
                data: refused.data,
            })
        }
        _ => Err(TransportError::Unexpected("a packet before CONNECT").into()),
    }
}
