//! Socket.IO packets as the engine sends them.

use std::borrow::Cow;

use atalaya_protocol::socket::{self, Kind};
use bytes::Bytes;
use serde::Serialize;
use serde_json::json;

use crate::engine::Packet;

/// One Socket.IO packet in one message packet.
pub(super) fn encode(packet: &socket::Packet<'_>) -> Packet {
    Packet::text(|out| {
        out.push('4');
        packet.encode_into(out);
    })
}

/// A binary packet and its attachments.
pub(super) fn with_attachments(packet: &socket::Packet<'_>, attachments: &[Bytes]) -> Vec<Packet> {
    let attachments = attachments.iter().map(|bytes| Packet::binary(bytes));
    std::iter::once(encode(packet)).chain(attachments).collect()
}

pub(super) fn connect(namespace: &str, socket_id: &str, pid: Option<&str>) -> Packet {
    #[derive(Serialize)]
    struct Connected<'a> {
        sid: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        pid: Option<&'a str>,
    }
    let data = serde_json::to_string(&Connected {
        sid: socket_id,
        pid,
    });
    with_data(
        Kind::Connect,
        namespace,
        data.expect("texts are always JSON"),
    )
}

/// `data.code` is for programs; the public server's own refusals have none.
pub(super) fn connect_error(namespace: &str, message: &str, code: Option<&str>) -> Packet {
    let data = match code {
        Some(code) => json!({"message": message, "data": {"code": code}}),
        None => json!({"message": message}),
    };
    with_data(Kind::ConnectError, namespace, data.to_string())
}

pub(super) fn disconnect(namespace: &str) -> Packet {
    encode(&socket::Packet::new(Kind::Disconnect, namespace, None))
}

pub(super) fn ack(
    namespace: &str,
    id: u64,
    arguments: String,
    attachments: &[Bytes],
) -> Vec<Packet> {
    let kind = match attachments {
        [] => Kind::Ack,
        _ => Kind::BinaryAck,
    };
    let mut packet = socket::Packet::new(kind, namespace, Some(Cow::Owned(arguments)));
    packet.ack_id = Some(id);
    packet.attachments = attachments.len();
    with_attachments(&packet, attachments)
}

fn with_data(kind: Kind, namespace: &str, data: String) -> Packet {
    encode(&socket::Packet::new(
        kind,
        namespace,
        Some(Cow::Owned(data)),
    ))
}
