//! One Engine.IO packet as text: a digit for the type, then the data. The same form goes into a WebSocket
//! text message and into a record of a long-polling body.

use crate::Error;

/// A text packet of Engine.IO 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    /// The server's handshake, the JSON of [`super::Open`].
    Open(&'a str),
    Close,
    /// The server's heartbeat; with `probe` as data, the client's question while it upgrades.
    Ping(&'a str),
    /// The answer to a ping, with the same data.
    Pong(&'a str),
    /// One Socket.IO packet.
    Message(&'a str),
    /// The client moves to the transport it has just probed.
    Upgrade,
    /// Nothing: releases a waiting poll.
    Noop,
}

impl<'a> Packet<'a> {
    /// Read one packet. Data after a type that carries none is an error, so that a packet is written in one way only.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::UnknownType`] or [`Error::UnexpectedData`].
    pub fn decode(text: &'a str) -> Result<Self, Error> {
        let kind = text.chars().next().ok_or(Error::Empty)?;
        let data = &text[kind.len_utf8()..];
        let bare = |packet, name| match data {
            "" => Ok(packet),
            _ => Err(Error::UnexpectedData(name)),
        };
        match kind {
            '0' => Ok(Self::Open(data)),
            '1' => bare(Self::Close, "close"),
            '2' => Ok(Self::Ping(data)),
            '3' => Ok(Self::Pong(data)),
            '4' => Ok(Self::Message(data)),
            '5' => bare(Self::Upgrade, "upgrade"),
            '6' => bare(Self::Noop, "noop"),
            other => Err(Error::UnknownType(other)),
        }
    }

    /// Append the packet to `out`.
    pub fn encode_into(&self, out: &mut String) {
        let (kind, data) = self.parts();
        out.reserve(1 + data.len());
        out.push(kind);
        out.push_str(data);
    }

    /// The packet as a string of its own.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut out = String::new();
        self.encode_into(&mut out);
        out
    }

    fn parts(&self) -> (char, &'a str) {
        match *self {
            Self::Open(data) => ('0', data),
            Self::Close => ('1', ""),
            Self::Ping(data) => ('2', data),
            Self::Pong(data) => ('3', data),
            Self::Message(data) => ('4', data),
            Self::Upgrade => ('5', ""),
            Self::Noop => ('6', ""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_type_is_a_digit_before_its_data() {
        let pairs = [
            ("0{}", Packet::Open("{}")),
            ("1", Packet::Close),
            ("2", Packet::Ping("")),
            ("2probe", Packet::Ping("probe")),
            ("3probe", Packet::Pong("probe")),
            ("4hola €", Packet::Message("hola €")),
            ("5", Packet::Upgrade),
            ("6", Packet::Noop),
        ];
        for (text, packet) in pairs {
            assert_eq!(Packet::decode(text), Ok(packet));
            assert_eq!(packet.encode(), text);
        }
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        assert_eq!(Packet::decode(""), Err(Error::Empty));
        assert_eq!(Packet::decode("7"), Err(Error::UnknownType('7')));
        assert_eq!(Packet::decode("bAQI="), Err(Error::UnknownType('b')));
        assert_eq!(Packet::decode("€4"), Err(Error::UnknownType('€')));
        assert_eq!(Packet::decode("1x"), Err(Error::UnexpectedData("close")));
        assert_eq!(Packet::decode("5 "), Err(Error::UnexpectedData("upgrade")));
        assert_eq!(Packet::decode("6x"), Err(Error::UnexpectedData("noop")));
    }

    proptest! {
        #[test]
        fn any_text_that_decodes_encodes_to_itself(text in "[0-7b]?.{0,40}") {
            if let Ok(packet) = Packet::decode(&text) {
                prop_assert_eq!(packet.encode(), text);
            }
        }
    }
}
