//! An event on its way to clients, encoded once for all of them.

use std::{borrow::Cow, slice, sync::Arc};

use atalaya_protocol::socket::{self, Kind};
use bytes::Bytes;
use serde::{Serialize, ser::Error as _};

use super::packets;
use crate::engine::Packet;

/// An event for the sockets of one namespace: Socket.IO in Engine.IO in one WebSocket frame. Cloning it,
/// and sending it to any number of sockets, shares the bytes.
#[derive(Clone, Debug)]
pub struct Frame(Packets);

#[derive(Clone, Debug)]
enum Packets {
    One(Packet),
    /// A binary event: its text, then the attachments.
    Several(Arc<[Packet]>),
}

impl Frame {
    /// Encodes an event. `arguments` is a tuple, an array or whatever else becomes a JSON array.
    ///
    /// # Errors
    /// The arguments do not become JSON, or no array.
    pub fn event(
        namespace: &str,
        name: &str,
        arguments: &impl Serialize,
    ) -> Result<Self, serde_json::Error> {
        let data = event_data(name, arguments)?;
        let packet = socket::Packet::new(Kind::Event, namespace, Some(Cow::Owned(data)));
        Ok(Self(Packets::One(packets::encode(&packet))))
    }

    /// Encodes an event with binary attachments, for which `{"_placeholder":true,"num":n}` stands in the
    /// arguments.
    ///
    /// # Errors
    /// As [`Self::event`].
    pub fn binary_event(
        namespace: &str,
        name: &str,
        arguments: &impl Serialize,
        attachments: &[Bytes],
    ) -> Result<Self, serde_json::Error> {
        let data = event_data(name, arguments)?;
        let mut packet = socket::Packet::new(Kind::BinaryEvent, namespace, Some(Cow::Owned(data)));
        packet.attachments = attachments.len();
        let packets = packets::with_attachments(&packet, attachments);
        Ok(Self(Packets::Several(packets.into())))
    }

    pub(super) fn packets(&self) -> &[Packet] {
        match &self.0 {
            Packets::One(packet) => slice::from_ref(packet),
            Packets::Several(packets) => packets,
        }
    }
}

fn event_data(name: &str, arguments: &impl Serialize) -> Result<String, serde_json::Error> {
    let arguments = serde_json::to_string(arguments)?;
    socket::event_data(name, &arguments).map_err(serde_json::Error::custom)
}

#[cfg(test)]
mod tests {
    use atalaya_protocol::engine::payload::Writer;
    use serde_json::json;

    use super::*;

    fn text(frame: &Frame) -> String {
        let mut body = Writer::new(usize::MAX);
        for packet in frame.packets() {
            assert!(packet.write_into(&mut body));
        }
        body.finish()
    }

    #[test]
    fn an_event_is_one_socket_io_packet() {
        let frame = Frame::event("/notifications", "hello", &(1, "two", json!({"a": []}))).unwrap();
        assert_eq!(
            text(&frame),
            r#"42/notifications,["hello",1,"two",{"a":[]}]"#
        );
        let frame = Frame::event("/", "a \"b\"", &[0; 0]).unwrap();
        assert_eq!(text(&frame), r#"42["a \"b\""]"#);
    }

    #[test]
    fn a_binary_event_has_its_attachments_behind_it() {
        let arguments = json!([{"_placeholder": true, "num": 0}]);
        let attachment = Bytes::from_static(&[1, 2, 3, 4]);
        let frame = Frame::binary_event("/", "file", &arguments, &[attachment]).unwrap();
        let expected = "451-[\"file\",{\"_placeholder\":true,\"num\":0}]\u{1e}bAQIDBA==";
        assert_eq!(text(&frame), expected);
    }

    #[test]
    fn arguments_that_are_no_array_are_refused() {
        assert!(Frame::event("/", "hello", &json!({"a": 1})).is_err());
        assert!(Frame::event("/", "hello", &"text").is_err());
    }
}
