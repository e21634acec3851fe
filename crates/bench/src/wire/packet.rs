//! The packets that a server sends: Engine.IO 4 around Socket.IO 5, recognised by their first bytes.

use super::{find, leading_number};

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Packet<'a> {
    /// The transport is open, with the engine session id.
    Open(&'a [u8]),
    Ping,
    /// The transport or the namespace is closed by the server.
    Closed,
    /// CONNECT, with the socket id.
    Connected(&'a [u8]),
    Refused(&'a [u8]),
    /// The arguments, the event's name in front, as a JSON array.
    Event(&'a [u8]),
    Ack {
        number: u64,
        arguments: &'a [u8],
    },
    Other,
}

pub(crate) fn parse(bytes: &[u8]) -> Packet<'_> {
    match bytes {
        [b'0', open @ ..] => Packet::Open(text_of(open, b"\"sid\":\"").unwrap_or_default()),
        [b'1', ..] => Packet::Closed,
        [b'2', ..] => Packet::Ping,
        [b'4', kind, rest @ ..] => message(*kind, rest),
        _ => Packet::Other,
    }
}

fn message(kind: u8, rest: &[u8]) -> Packet<'_> {
    let data = after_namespace(rest);
    match kind {
        b'0' => Packet::Connected(text_of(data, b"\"sid\":\"").unwrap_or_default()),
        b'1' => Packet::Closed,
        b'2' => Packet::Event(&data[digits(data)..]),
        b'3' => match leading_number(data) {
            Some(number) => Packet::Ack {
                number,
                arguments: &data[digits(data)..],
            },
            None => Packet::Other,
        },
        b'4' => Packet::Refused(data),
        _ => Packet::Other,
    }
}

/// A namespace other than the main one stands in front, up to a comma.
fn after_namespace(data: &[u8]) -> &[u8] {
    match (data.first(), find(data, b",")) {
        (Some(b'/'), Some(comma)) => &data[comma + 1..],
        (Some(b'/'), None) => &[],
        _ => data,
    }
}

fn digits(data: &[u8]) -> usize {
    data.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// The text between `before` and the next quote. Ids hold nothing that JSON escapes.
fn text_of<'a>(json: &'a [u8], before: &[u8]) -> Option<&'a [u8]> {
    let rest = &json[find(json, before)? + before.len()..];
    Some(&rest[..find(rest, b"\"")?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_recognised_in_either_namespace() {
        let cases: [(&[u8], Packet<'_>); 11] = [
            (
                b"0{\"sid\":\"abc\",\"pingInterval\":25000}",
                Packet::Open(b"abc"),
            ),
            (b"2", Packet::Ping),
            (b"1", Packet::Closed),
            (b"6", Packet::Other),
            (b"40{\"sid\":\"x-1\"}", Packet::Connected(b"x-1")),
            (b"40/news,{\"sid\":\"x-1\"}", Packet::Connected(b"x-1")),
            (b"41/news,", Packet::Closed),
            (b"42/news,[\"a\",1]", Packet::Event(b"[\"a\",1]")),
            (b"4217[\"a\"]", Packet::Event(b"[\"a\"]")),
            (
                b"43/news,7[{\"ok\":true}]",
                Packet::Ack {
                    number: 7,
                    arguments: b"[{\"ok\":true}]",
                },
            ),
            (
                b"44{\"message\":\"no\"}",
                Packet::Refused(b"{\"message\":\"no\"}"),
            ),
        ];
        for (bytes, packet) in cases {
            assert_eq!(parse(bytes), packet, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
