//! Opaque cursors: where a list goes on, as a text that a client hands back and cannot make up.
//!
//! A cursor names its list and the key of the last row shown, so that pages neither skip nor repeat rows
//! when others are added. It is not a secret and grants nothing; the checksum only turns a truncated or
//! edited one into a clear error instead of a strange page.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::model::Position;

/// The list that a cursor belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    Sessions,
    Refusals,
    Users,
    /// In the order in which they were made.
    Topics,
    /// Of a topic, by their ids.
    Subscribers,
    /// An inbox, newest first: older than the key.
    Inbox,
    /// What is to be published later, newest first: older than the key.
    Scheduled,
    /// The stream of notifications, oldest first: newer than the key.
    Position,
}

/// Where a list goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    list: List,
    key: i64,
}

/// The text is not a cursor, or is one of another list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    #[error("the cursor is malformed")]
    Malformed,
    #[error("the cursor belongs to another list")]
    OtherList,
}

const VERSION: u8 = 1;
/// Version, list, eight bytes of key, two bytes of checksum.
const LENGTH: usize = 12;

impl Cursor {
    pub(crate) fn new(list: List, key: i64) -> Self {
        Self { list, key }
    }

    /// The list it belongs to.
    pub fn list(self) -> List {
        self.list
    }

    /// The point of the stream that a position cursor names, as a socket hands it in to catch up.
    pub fn position(self) -> Result<Position, CursorError> {
        self.key_of(List::Position).map(Position)
    }

    /// Reads a cursor of a particular list.
    pub fn parse(text: &str, list: List) -> Result<Self, CursorError> {
        let cursor: Self = text.parse()?;
        cursor.key_of(list)?;
        Ok(cursor)
    }

    pub(crate) fn key_of(self, list: List) -> Result<i64, CursorError> {
        if self.list == list {
            Ok(self.key)
        } else {
            Err(CursorError::OtherList)
        }
    }

    fn to_bytes(self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[0] = VERSION;
        bytes[1] = self.list.tag();
        bytes[2..10].copy_from_slice(&self.key.to_be_bytes());
        let sum = checksum(&bytes[..10]);
        bytes[10..].copy_from_slice(&sum);
        bytes
    }
}

impl From<Position> for Cursor {
    fn from(position: Position) -> Self {
        Self::new(List::Position, position.0)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.to_bytes()))
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let mut bytes = [0; LENGTH];
        let length = URL_SAFE_NO_PAD
            .decode_slice(text, &mut bytes)
            .map_err(|_| CursorError::Malformed)?;
        if length != LENGTH || bytes[0] != VERSION || bytes[10..] != checksum(&bytes[..10]) {
            return Err(CursorError::Malformed);
        }
        let mut key = [0; 8];
        key.copy_from_slice(&bytes[2..10]);
        let key = i64::from_be_bytes(key);
        if key < 0 {
            return Err(CursorError::Malformed);
        }
        List::from_tag(bytes[1])
            .map(|list| Self { list, key })
            .ok_or(CursorError::Malformed)
    }
}

impl List {
    const ALL: [Self; 8] = [
        Self::Sessions,
        Self::Refusals,
        Self::Users,
        Self::Topics,
        Self::Subscribers,
        Self::Inbox,
        Self::Scheduled,
        Self::Position,
    ];

    fn tag(self) -> u8 {
        match self {
            Self::Sessions => b's',
            Self::Refusals => b'r',
            Self::Users => b'u',
            Self::Topics => b't',
            Self::Subscribers => b'b',
            Self::Inbox => b'i',
            Self::Scheduled => b'd',
            Self::Position => b'p',
        }
    }

    fn from_tag(tag: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.tag() == tag)
    }
}

/// Fletcher-16: enough against truncation and typing errors.
fn checksum(bytes: &[u8]) -> [u8; 2] {
    let (mut low, mut high) = (0_u16, 0_u16);
    for byte in bytes {
        low = (low + u16::from(*byte)) % 255;
        high = (high + low) % 255;
    }
    [high as u8, low as u8]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_list() -> impl Strategy<Value = List> {
        (0..List::ALL.len()).prop_map(|index| List::ALL[index])
    }

    proptest! {
        #[test]
        fn a_cursor_survives_its_text(list in any_list(), key in 0..=i64::MAX) {
            let cursor = Cursor::new(list, key);
            prop_assert_eq!(Cursor::parse(&cursor.to_string(), list), Ok(cursor));
        }

        #[test]
        fn any_other_text_is_an_error_and_never_a_panic(text in "\\PC{0,40}") {
            if let Ok(cursor) = text.parse::<Cursor>() {
                prop_assert_eq!(cursor.to_string(), text);
            }
        }

        #[test]
        fn a_shortened_cursor_is_malformed(key in 0..=i64::MAX, cut in 1_usize..16) {
            let text = Cursor::new(List::Inbox, key).to_string();
            prop_assert_eq!(text[..16 - cut].parse::<Cursor>(), Err(CursorError::Malformed));
        }

        #[test]
        fn a_cursor_with_one_changed_byte_is_malformed(key in 0..=i64::MAX, at in 0..LENGTH, change in 1_u8..=254) {
            let mut bytes = Cursor::new(List::Inbox, key).to_bytes();
            bytes[at] = bytes[at].wrapping_add(change);
            let same_sum = checksum(&bytes[..10]) == bytes[10..];
            prop_assert_eq!(URL_SAFE_NO_PAD.encode(bytes).parse::<Cursor>().is_ok(), same_sum && bytes[0] == VERSION
                && List::from_tag(bytes[1]).is_some() && bytes[2] < 128);
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let text = Cursor::new(List::Users, 7).to_string();
        assert_eq!(
            Cursor::parse(&text, List::Sessions),
            Err(CursorError::OtherList)
        );
    }
}
