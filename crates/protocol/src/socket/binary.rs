//! A binary packet comes as its text, where `{"_placeholder":true,"num":n}` stands for the nth attachment,
//! and then the attachments, one binary message each. Here they are gathered, within bounds; the
//! placeholders stay in the data, checked so that each points at an attachment that came.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::Packet;
use crate::Error;

/// What the attachments of one packet may amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub max_attachments: usize,
    /// Of all attachments together.
    pub max_bytes: usize,
}

/// A packet that waits for its attachments.
#[derive(Debug)]
pub struct Reassembly {
    packet: Packet<'static>,
    attachments: Vec<Bytes>,
    bytes: usize,
    limits: Limits,
}

/// A packet with all its attachments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assembled {
    pub packet: Packet<'static>,
    pub attachments: Vec<Bytes>,
}

impl Reassembly {
    /// Start with the text of a binary packet.
    ///
    /// # Errors
    /// [`Error::TooManyAttachments`], or [`Error::InvalidPlaceholder`].
    pub fn new(packet: Packet<'_>, limits: Limits) -> Result<Self, Error> {
        if packet.attachments > limits.max_attachments {
            return Err(Error::TooManyAttachments {
                actual: packet.attachments,
                limit: limits.max_attachments,
            });
        }
        if let Some(data) = &packet.data {
            check_placeholders(data, packet.attachments)?;
        }
        Ok(Self {
            packet: packet.into_owned(),
            attachments: Vec::new(),
            bytes: 0,
            limits,
        })
    }

    /// Take the next attachment.
    ///
    /// # Errors
    /// [`Error::AttachmentsTooLarge`], or [`Error::UnexpectedBinary`] when none is missing.
    pub fn push(&mut self, attachment: Bytes) -> Result<(), Error> {
        if self.is_complete() {
            return Err(Error::UnexpectedBinary);
        }
        self.bytes = self.bytes.saturating_add(attachment.len());
        if self.bytes > self.limits.max_bytes {
            return Err(Error::AttachmentsTooLarge {
                limit: self.limits.max_bytes,
            });
        }
        self.attachments.push(attachment);
        Ok(())
    }

    /// Nothing is missing; true at once for a packet that announced no attachments.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.attachments.len() >= self.packet.attachments
    }

    /// The packet, once it is complete.
    ///
    /// # Errors
    /// [`Error::UnexpectedText`] while attachments are missing: something else has come in their place.
    pub fn finish(self) -> Result<Assembled, Error> {
        if !self.is_complete() {
            return Err(Error::UnexpectedText);
        }
        Ok(Assembled {
            packet: self.packet,
            attachments: self.attachments,
        })
    }
}

/// Walk the data without building it: a tree of a megabyte of `[[],[],…` would weigh many.
fn check_placeholders(data: &str, attachments: usize) -> Result<(), Error> {
    let walk = Walk { attachments };
    walk.deserialize(&mut serde_json::Deserializer::from_str(data))
        .map(drop)
        .map_err(|_| Error::InvalidPlaceholder)
}

#[derive(Clone, Copy)]
struct Walk {
    attachments: usize,
}

/// As much of a value as the object around it needs to know.
enum Seen {
    True,
    Number(Option<u64>),
    Other,
}

impl<'de> DeserializeSeed<'de> for Walk {
    type Value = Seen;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Seen, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk {
    type Value = Seen;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON whose placeholders have their attachments")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Seen, E> {
        Ok(if value { Seen::True } else { Seen::Other })
    }
    fn visit_u64<E>(self, value: u64) -> Result<Seen, E> {
        Ok(Seen::Number(Some(value)))
    }
    fn visit_i64<E>(self, _: i64) -> Result<Seen, E> {
        Ok(Seen::Number(None))
    }
    fn visit_f64<E>(self, _: f64) -> Result<Seen, E> {
        Ok(Seen::Number(None))
    }
    fn visit_str<E>(self, _: &str) -> Result<Seen, E> {
        Ok(Seen::Other)
    }
    fn visit_unit<E>(self) -> Result<Seen, E> {
        Ok(Seen::Other)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Seen, A::Error> {
        while elements.next_element_seed(self)?.is_some() {}
        Ok(Seen::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Seen, A::Error> {
        let mut is_placeholder = false;
        let mut index = None;
        while let Some(key) = entries.next_key::<Key<'de>>()? {
            let seen = entries.next_value_seed(self)?;
            match (&*key.0, seen) {
                ("_placeholder", seen) => is_placeholder = matches!(seen, Seen::True),
                ("num", Seen::Number(number)) => index = number,
                ("num", _) => index = None,
                _ => {}
            }
        }
        let has_attachment = index.is_some_and(|index| index < self.attachments as u64);
        match is_placeholder && !has_attachment {
            true => Err(serde::de::Error::custom(
                "a placeholder without its attachment",
            )),
            false => Ok(Seen::Other),
        }
    }
}

/// Borrowed when it has no escapes, which `Cow` alone does not do.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::Kind;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits {
        max_attachments: 3,
        max_bytes: 10,
    };

    fn start(text: &str) -> Result<Reassembly, Error> {
        Reassembly::new(Packet::decode(text).unwrap(), LIMITS)
    }

    #[test]
    fn a_packet_is_complete_with_its_last_attachment() {
        let mut waiting =
            start(r#"52-["upload",{"_placeholder":true,"num":0},[{"_placeholder":true,"num":1}]]"#)
                .unwrap();
        waiting.push(Bytes::from_static(b"one")).unwrap();
        assert!(!waiting.is_complete());
        waiting.push(Bytes::from_static(b"two")).unwrap();
        assert!(waiting.is_complete());
        assert_eq!(waiting.push(Bytes::new()), Err(Error::UnexpectedBinary));
        let whole = waiting.finish().unwrap();
        assert_eq!(whole.packet.kind, Kind::BinaryEvent);
        assert_eq!(whole.attachments, [&b"one"[..], b"two"]);
    }

    #[test]
    fn a_packet_without_attachments_is_complete_at_once() {
        assert!(start(r#"50-["upload"]"#).unwrap().is_complete());
    }

    #[test]
    fn a_packet_in_place_of_an_attachment_is_refused() {
        let waiting = start(r#"51-["upload"]"#).unwrap();
        assert_eq!(waiting.finish(), Err(Error::UnexpectedText));
    }

    #[test]
    fn attachments_are_bounded_in_number_and_in_bytes() {
        assert_eq!(
            start(r#"54-["upload"]"#).unwrap_err(),
            Error::TooManyAttachments {
                actual: 4,
                limit: 3
            }
        );
        let mut waiting = start(r#"52-["upload"]"#).unwrap();
        waiting.push(Bytes::from_static(b"0123456789")).unwrap();
        assert_eq!(
            waiting.push(Bytes::from_static(b"0")),
            Err(Error::AttachmentsTooLarge { limit: 10 })
        );
    }

    #[test]
    fn a_placeholder_must_point_at_an_attachment() {
        let placeholders = [
            r#"{"_placeholder":true,"num":1}"#,
            r#"{"_placeholder":true,"num":-1}"#,
            r#"{"_placeholder":true,"num":0.5}"#,
            r#"{"_placeholder":true,"num":"0"}"#,
            r#"{"_placeholder":true}"#,
            r#"{"num":9,"\u005fplaceholder":true}"#,
            r#"[[{"a":{"_placeholder":true,"num":7}}]]"#,
        ];
        for placeholder in placeholders {
            let text = format!(r#"51-["upload",{placeholder}]"#);
            assert_eq!(
                start(&text).unwrap_err(),
                Error::InvalidPlaceholder,
                "{placeholder}"
            );
        }
        for plain in [
            r#"{"_placeholder":false,"num":7}"#,
            r#"{"num":7}"#,
            r#"{"_placeholder":1}"#,
        ] {
            assert!(
                start(&format!(r#"51-["upload",{plain}]"#)).is_ok(),
                "{plain}"
            );
        }
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_overflow() {
        let deep = format!(
            r#"51-["upload",{}1{}]"#,
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        assert_eq!(start(&deep).unwrap_err(), Error::InvalidPlaceholder);
    }

    proptest! {
        #[test]
        fn what_is_pushed_comes_out_in_order(sizes in proptest::collection::vec(0usize..4, 0..4)) {
            let total: usize = sizes.iter().sum();
            prop_assume!(sizes.len() <= LIMITS.max_attachments && total <= LIMITS.max_bytes);
            let mut waiting = start(&format!(r#"6{}-7[]"#, sizes.len())).unwrap();
            let pieces: Vec<Bytes> = sizes.iter().enumerate().map(|(i, n)| vec![i as u8; *n].into()).collect();
            for piece in &pieces {
                prop_assert!(!waiting.is_complete());
                waiting.push(piece.clone()).unwrap();
            }
            prop_assert_eq!(waiting.finish().unwrap().attachments, pieces);
        }
    }
}
