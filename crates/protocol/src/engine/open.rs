//! The handshake: what the server tells a client when a transport opens.

use serde::{Deserialize, Serialize};

use super::Packet;
use crate::Error;

/// The data of an open packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Open {
    /// The engine session id. A secret: whoever has it can speak on the connection.
    pub sid: String,
    /// Transports that the client may move to; empty on a WebSocket.
    pub upgrades: Vec<String>,
    /// A ping comes this often, in milliseconds.
    #[serde(rename = "pingInterval")]
    pub ping_interval_ms: u64,
    /// Either side gives up this long after a ping that was due, in milliseconds.
    #[serde(rename = "pingTimeout")]
    pub ping_timeout_ms: u64,
    /// The longest body or message the server takes, in bytes.
    pub max_payload: usize,
}

impl Open {
    /// Read the data of an open packet.
    ///
    /// # Errors
    /// [`Error::InvalidOpen`] when a field is missing or of the wrong type. Unknown fields are ignored.
    pub fn decode(data: &str) -> Result<Self, Error> {
        serde_json::from_str(data).map_err(|_| Error::InvalidOpen)
    }

    /// The whole open packet, type included.
    #[must_use]
    pub fn encode(&self) -> String {
        let data = serde_json::to_string(self).expect("strings and numbers always become JSON");
        Packet::Open(&data).encode()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handshake_uses_the_names_of_the_protocol() {
        let open = Open {
            sid: "abc".into(),
            upgrades: vec!["websocket".into()],
            ping_interval_ms: 25_000,
            ping_timeout_ms: 20_000,
            max_payload: 1_000_000,
        };
        let text = open.encode();
        assert_eq!(
            text,
            r#"0{"sid":"abc","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#
        );
        let Ok(Packet::Open(data)) = Packet::decode(&text) else {
            panic!("not an open packet");
        };
        assert_eq!(Open::decode(data), Ok(open));
    }

    #[test]
    fn a_handshake_without_its_fields_is_refused() {
        for data in ["", "{}", "[]", r#"{"sid":1}"#] {
            assert_eq!(Open::decode(data), Err(Error::InvalidOpen));
        }
    }
}
