//! The engine session id: 128 random bits, and a secret. Whoever has it can speak on the connection, so
//! it is told to the client and to nobody else; a log gets the first few characters.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::Rng;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Id([u8; 16]);

impl Id {
    pub(super) fn random() -> Self {
        Self(rand::rng().random())
    }

    /// Reads what a client sent back. `None`: it can be no id of ours.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(16) => Some(Self(bytes)),
            _ => None,
        }
    }

    /// The whole secret, for the open packet.
    pub(super) fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", &self.reveal()[..4])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_and_never_logged_whole() {
        let id = Id::random();
        let text = id.reveal();
        assert_eq!(text.len(), 22);
        assert_eq!(Id::parse(&text), Some(id));
        assert_ne!(id, Id::random());
        assert_eq!(format!("{id:?}"), format!("{}…", &text[..4]));
    }

    #[test]
    fn anything_else_is_no_id() {
        for text in [
            "",
            "abc",
            "../../etc/passwd",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAA==",
        ] {
            assert_eq!(Id::parse(text), None, "{text}");
        }
    }
}
