//! Websocket frames (RFC 6455, section 5) as a server sends them, unmasked and whole, and as a client does.

use super::Parsed;

pub(crate) const TEXT: u8 = 1;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) opcode: u8,
    pub(crate) payload: &'a [u8],
    /// Of the frame in the stream.
    pub(crate) length: usize,
}

/// The first frame of a stream.
pub(crate) fn parse(bytes: &[u8]) -> Parsed<Frame<'_>> {
    let [first, second, rest @ ..] = bytes else {
        return Parsed::Partial;
    };
    if first & 0x80 == 0 {
        return Parsed::Broken("the server sends a message in pieces");
    }
    if first & 0x70 != 0 || second & 0x80 != 0 {
        return Parsed::Broken("the server masks or compresses, which nobody asked for");
    }
    let header = 2 + match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let Some(extended) = bytes.get(2..header) else {
        return Parsed::Partial;
    };
    let payload_length = match second & 0x7f {
        short @ ..126 => usize::from(short),
        _ => extended
            .iter()
            .fold(0, |length: usize, byte| length << 8 | usize::from(*byte)),
    };
    match rest
        .get(header - 2..)
        .and_then(|rest| rest.get(..payload_length))
    {
        Some(payload) => Parsed::Whole(Frame {
            opcode: first & 0x0f,
            payload,
            length: header + payload_length,
        }),
        None => Parsed::Partial,
    }
}

/// Writes one frame of a client. A client must mask; a key of zeros leaves the payload as it is.
pub(crate) fn write(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    out.push(0x80 | opcode);
    match payload.len() {
        short @ ..126 => out.push(0x80 | short as u8),
        medium @ ..0x1_0000 => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(medium as u16).to_be_bytes());
        }
        long => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a server would send it.
    fn unmasked(payload: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        write(&mut frame, TEXT, payload);
        frame[1] &= 0x7f;
        let key = frame.len() - payload.len() - 4;
        frame.drain(key..key + 4);
        frame
    }

    #[test]
    fn frames_of_every_length_are_read_back() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536] {
            let payload = vec![b'x'; length];
            let mut stream = unmasked(&payload);
            let whole = stream.len();
            stream.extend_from_slice(b"next");
            let frame = Frame {
                opcode: TEXT,
                payload: &payload,
                length: whole,
            };
            assert_eq!(parse(&stream), Parsed::Whole(frame), "{length}");
        }
    }

    #[test]
    fn every_beginning_of_a_frame_waits_for_the_rest() {
        let stream = unmasked(&[b'x'; 300]);
        for end in 0..stream.len() {
            assert_eq!(parse(&stream[..end]), Parsed::Partial, "{end}");
        }
    }

    #[test]
    fn what_was_not_asked_for_is_broken() {
        for first_bytes in [[0x01, 0], [0xc1, 0], [0x81, 0x80]] {
            assert!(matches!(parse(&first_bytes), Parsed::Broken(_)));
        }
    }

    #[test]
    fn a_client_masks_with_zeros() {
        let mut out = Vec::new();
        write(&mut out, TEXT, b"3");
        assert_eq!(out, [0x81, 0x81, 0, 0, 0, 0, b'3']);
    }
}
