//! The body of an HTTP long-polling request or answer: records with U+001E between them. A record is one
//! text packet, or `b` and base64 for a binary message. The separator cannot occur inside JSON, where
//! control characters are escaped, which is why nothing is escaped here.

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::Error;

const SEPARATOR: char = '\u{1e}';
const BINARY: char = 'b';

/// Written with padding, read with or without: peers differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a body may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub max_records: usize,
    /// Of the whole body, in bytes, before base64 is undone.
    pub max_bytes: usize,
}

/// One record of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record<'a> {
    /// One encoded packet, for [`super::Packet::decode`].
    Text(&'a str),
    /// One binary message.
    Binary(Vec<u8>),
}

/// Split a body into its records.
///
/// # Errors
/// A body over the limits, an empty record, or one that is not base64. Then nothing of the body counts.
pub fn decode(body: &str, limits: Limits) -> Result<Vec<Record<'_>>, Error> {
    if body.len() > limits.max_bytes {
        return Err(Error::PayloadTooLarge {
            actual: body.len(),
            limit: limits.max_bytes,
        });
    }
    let mut records = Vec::new();
    for record in body.split(SEPARATOR) {
        if records.len() == limits.max_records {
            return Err(Error::TooManyRecords {
                limit: limits.max_records,
            });
        }
        records.push(decode_record(record)?);
    }
    Ok(records)
}

fn decode_record(record: &str) -> Result<Record<'_>, Error> {
    match record.strip_prefix(BINARY) {
        Some(base64) => BASE64
            .decode(base64)
            .map(Record::Binary)
            .map_err(|_| Error::InvalidBase64),
        None if record.is_empty() => Err(Error::Empty),
        None => Ok(Record::Text(record)),
    }
}

/// Gathers records into one body of a bounded length.
#[derive(Debug)]
pub struct Writer {
    body: String,
    max_payload: usize,
}

impl Writer {
    /// A body of at most `max_payload` bytes, or of a single record that is longer than that.
    #[must_use]
    pub fn new(max_payload: usize) -> Self {
        Self {
            body: String::new(),
            max_payload,
        }
    }

    /// Add one encoded packet, which must not contain U+001E. `false`: it does not fit beside what is
    /// already here and was left out.
    pub fn push_text(&mut self, packet: &str) -> bool {
        if !self.begin(packet.len()) {
            return false;
        }
        self.body.push_str(packet);
        true
    }

    /// Add one binary message. `false` as in [`Self::push_text`].
    pub fn push_binary(&mut self, bytes: &[u8]) -> bool {
        // Four characters for every three bytes begun, and the mark.
        let length = bytes.len().div_ceil(3).saturating_mul(4).saturating_add(1);
        if !self.begin(length) {
            return false;
        }
        self.body.push(BINARY);
        BASE64.encode_string(bytes, &mut self.body);
        true
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.body.is_empty()
    }

    /// The body.
    #[must_use]
    pub fn finish(self) -> String {
        self.body
    }

    /// Make room for a record; the first one always fits, or it could never be sent at all.
    fn begin(&mut self, length: usize) -> bool {
        if !self.body.is_empty() {
            let total = self.body.len().saturating_add(length).saturating_add(1);
            if total > self.max_payload {
                return false;
            }
            self.body.push(SEPARATOR);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits {
        max_records: 16,
        max_bytes: 1_000,
    };

    #[test]
    fn a_body_is_split_at_the_separator() {
        let records = decode("4hola\u{1e}bAQID\u{1e}2", LIMITS).unwrap();
        assert_eq!(
            records,
            [
                Record::Text("4hola"),
                Record::Binary(vec![1, 2, 3]),
                Record::Text("2")
            ]
        );
    }

    #[test]
    fn base64_is_read_with_and_without_padding() {
        assert_eq!(decode("bAQ==", LIMITS), Ok(vec![Record::Binary(vec![1])]));
        assert_eq!(decode("bAQ", LIMITS), Ok(vec![Record::Binary(vec![1])]));
        assert_eq!(decode("b", LIMITS), Ok(vec![Record::Binary(vec![])]));
        assert_eq!(decode("b*", LIMITS), Err(Error::InvalidBase64));
    }

    #[test]
    fn empty_records_are_refused() {
        for body in ["", "\u{1e}", "2\u{1e}", "\u{1e}2", "2\u{1e}\u{1e}2"] {
            assert_eq!(decode(body, LIMITS), Err(Error::Empty));
        }
    }

    #[test]
    fn a_body_over_a_limit_is_refused() {
        let limits = Limits {
            max_records: 2,
            max_bytes: 5,
        };
        assert!(decode("2\u{1e}2", limits).is_ok());
        assert_eq!(
            decode("2\u{1e}2\u{1e}2", limits),
            Err(Error::TooManyRecords { limit: 2 })
        );
        assert_eq!(
            decode("444444", limits),
            Err(Error::PayloadTooLarge {
                actual: 6,
                limit: 5
            })
        );
    }

    #[test]
    fn a_writer_stops_at_its_limit_but_always_takes_one() {
        let mut writer = Writer::new(8);
        assert!(writer.is_empty());
        assert!(writer.push_text("4a-record-too-long"));
        assert!(!writer.push_text("2"));
        assert_eq!(writer.finish(), "4a-record-too-long");

        let mut writer = Writer::new(8);
        assert!(writer.push_text("4a"));
        assert!(!writer.push_text("4bcdef"));
        assert!(writer.push_binary(&[1]));
        assert_eq!(writer.finish(), "4a\u{1e}bAQ==");
    }

    fn any_record() -> impl Strategy<Value = (Option<String>, Vec<u8>)> {
        (
            proptest::option::of("[0-6][^\u{1e}]{0,20}"),
            proptest::collection::vec(any::<u8>(), 0..20),
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(records in proptest::collection::vec(any_record(), 1..16)) {
            let mut writer = Writer::new(usize::MAX);
            for (text, bytes) in &records {
                let fits = match text {
                    Some(text) => writer.push_text(text),
                    None => writer.push_binary(bytes),
                };
                prop_assert!(fits);
            }
            let body = writer.finish();
            let limits = Limits { max_records: 16, max_bytes: body.len() };
            let expected: Vec<_> = records
                .iter()
                .map(|(text, bytes)| text.as_deref().map_or_else(|| Record::Binary(bytes.clone()), Record::Text))
                .collect();
            prop_assert_eq!(decode(&body, limits), Ok(expected));
        }

        #[test]
        fn a_body_never_passes_the_writers_limit(
            records in proptest::collection::vec("[0-6][a-z]{0,9}", 1..30), max in 10usize..100,
        ) {
            let mut writer = Writer::new(max);
            for record in &records {
                writer.push_text(record);
            }
            prop_assert!(writer.finish().len() <= max);
        }

        #[test]
        fn arbitrary_text_never_panics(body in "\\PC{0,20}(\u{1e}b?\\PC{0,20}){0,4}") {
            let _ = decode(&body, LIMITS);
        }
    }
}
