//! One message to a client, encoded once: the bytes of one unmasked WebSocket frame, shared by everyone
//! who is sent it. A poll takes the part after the frame's header.

use atalaya_protocol::engine::payload::Writer;
use bytes::Bytes;

const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PONG: u8 = 0xA;
const FINAL: u8 = 0x80;

/// The longest header of an unmasked frame: two bytes, and eight of length.
const MAX_HEADER_BYTES: usize = 10;

/// One Engine.IO packet, or one binary message. Cloning shares the bytes.
#[derive(Clone, Debug)]
pub struct Packet {
    frame: Bytes,
    payload_at: u8,
}

impl Packet {
    pub(crate) const CLOSE: Self = Self::constant(b"\x81\x011");
    pub(crate) const PING: Self = Self::constant(b"\x81\x012");
    pub(crate) const PROBED: Self = Self::constant(b"\x81\x063probe");
    pub(crate) const NOOP: Self = Self::constant(b"\x81\x016");

    /// A text packet, written by `write`: the type's digit first, as in the protocol.
    pub fn text(write: impl FnOnce(&mut String)) -> Self {
        let mut buffer = String::with_capacity(128);
        // Room for the header, whose length depends on what follows.
        buffer.push_str("\0\0\0\0\0\0\0\0\0\0");
        write(&mut buffer);
        Self::seal(TEXT, buffer.into_bytes())
    }

    /// A message packet.
    pub fn message(text: &str) -> Self {
        Self::text(|out| {
            out.push('4');
            out.push_str(text);
        })
    }

    /// A binary message.
    pub fn binary(bytes: &[u8]) -> Self {
        let mut buffer = Vec::with_capacity(MAX_HEADER_BYTES + bytes.len());
        buffer.resize(MAX_HEADER_BYTES, 0);
        buffer.extend_from_slice(bytes);
        Self::seal(BINARY, buffer)
    }

    pub(super) fn websocket_close(code: u16) -> Self {
        let mut buffer = vec![0; MAX_HEADER_BYTES];
        buffer.extend_from_slice(&code.to_be_bytes());
        Self::seal(CLOSE, buffer)
    }

    pub(super) fn websocket_pong(data: &[u8]) -> Self {
        let mut buffer = vec![0; MAX_HEADER_BYTES];
        buffer.extend_from_slice(data);
        Self::seal(PONG, buffer)
    }

    /// The same, with other bytes in front of the frame: the answer to the handshake that it follows.
    pub(super) fn behind(self, mut before: Vec<u8>) -> Self {
        if before.is_empty() {
            return self;
        }
        before.extend_from_slice(&self.frame);
        Self {
            frame: Bytes::from(before),
            payload_at: self.payload_at,
        }
    }

    /// The whole WebSocket frame.
    pub(super) fn frame(&self) -> &Bytes {
        &self.frame
    }

    /// Adds the packet to the body of a poll; `false` if it does not fit beside what is there already.
    /// Control frames of the WebSocket say nothing to a poll.
    pub(crate) fn write_into(&self, body: &mut Writer) -> bool {
        let payload = &self.frame[usize::from(self.payload_at)..];
        match (self.opcode(), std::str::from_utf8(payload)) {
            (TEXT, Ok(text)) => body.push_text(text),
            (BINARY, _) => body.push_binary(payload),
            _ => true,
        }
    }

    /// Whether it ends a polling connection.
    pub(crate) fn is_close(&self) -> bool {
        self.frame == Self::CLOSE.frame
    }

    fn opcode(&self) -> u8 {
        self.frame[0] & 0x0F
    }

    const fn constant(frame: &'static [u8]) -> Self {
        Self {
            frame: Bytes::from_static(frame),
            payload_at: 2,
        }
    }

    /// Puts the header right before the payload, which begins after the room left for it.
    fn seal(opcode: u8, mut buffer: Vec<u8>) -> Self {
        let length = buffer.len() - MAX_HEADER_BYTES;
        let (header_bytes, mark) = match length {
            0..=125 => (2, length as u8),
            126..=0xFFFF => (4, 126),
            _ => (10, 127),
        };
        let start = MAX_HEADER_BYTES - header_bytes;
        // Right-aligned: the low bytes of the length end where the payload begins.
        let length = (length as u64).to_be_bytes();
        let kept = header_bytes - 2;
        buffer[MAX_HEADER_BYTES - kept..MAX_HEADER_BYTES].copy_from_slice(&length[8 - kept..]);
        buffer[start] = FINAL | opcode;
        buffer[start + 1] = mark;
        Self {
            frame: Bytes::from(buffer).slice(start..),
            payload_at: header_bytes as u8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body_of(packet: &Packet) -> String {
        let mut body = Writer::new(usize::MAX);
        assert!(packet.write_into(&mut body));
        body.finish()
    }

    #[test]
    fn a_frame_has_the_shortest_header_that_fits() {
        for (length, header) in [
            (1, &[0x81, 1][..]),
            (125, &[0x81, 125]),
            (126, &[0x81, 126, 0, 126]),
            (65_535, &[0x81, 126, 0xFF, 0xFF]),
            (65_536, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let text = "4".to_owned() + &"x".repeat(length - 1);
            let packet = Packet::text(|out| out.push_str(&text));
            assert_eq!(&packet.frame()[..header.len()], header);
            assert_eq!(packet.frame().len(), header.len() + length);
            assert_eq!(body_of(&packet), text);
        }
    }

    #[test]
    fn the_constants_are_frames() {
        for (packet, text) in [
            (Packet::CLOSE, "1"),
            (Packet::PING, "2"),
            (Packet::PROBED, "3probe"),
            (Packet::NOOP, "6"),
        ] {
            assert_eq!(
                packet.frame(),
                Packet::text(|out| out.push_str(text)).frame()
            );
            assert_eq!(body_of(&packet), text);
        }
    }

    #[test]
    fn binary_is_base64_in_a_poll_and_control_frames_are_nothing() {
        assert_eq!(body_of(&Packet::binary(&[1, 2, 3, 4])), "bAQIDBA==");
        assert_eq!(body_of(&Packet::websocket_close(1000)), "");
        assert_eq!(
            &Packet::websocket_close(1000).frame()[..],
            [0x88, 2, 3, 0xE8]
        );
        assert_eq!(&Packet::websocket_pong(b"a").frame()[..], [0x8A, 1, b'a']);
    }
}
