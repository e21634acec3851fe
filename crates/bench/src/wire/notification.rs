//! The notification that is published again and again, and how it is known again when it arrives.
//!
//! Its title is a tag of this run and a number, so that what an earlier run left in an inbox is not counted.

use std::{
    hash::{BuildHasher, RandomState},
    io::Write as _,
};

use super::{find, leading_number};

const NUMBER_DIGITS: usize = 8;
const EVENT: &[u8] = b"[\"notification\",";

/// To whom one notification goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recipient {
    All,
    User(u64),
}

/// Everything of a publish but the number and the recipient.
pub(crate) struct Template {
    /// `bench-0123abcd-`, in front of the number.
    tag: Vec<u8>,
    /// Up to the value of `Content-Length`.
    head: Vec<u8>,
    /// Makes title and body as long together as was asked for.
    filler: String,
    body: Vec<u8>,
}

impl Template {
    pub(crate) fn new(head: String, payload_bytes: usize) -> Self {
        let chance = RandomState::new().hash_one(0) as u32;
        let tag = format!("bench-{chance:08x}-").into_bytes();
        let filler = payload_bytes.saturating_sub(tag.len() + NUMBER_DIGITS);
        Self {
            tag,
            head: head.into_bytes(),
            filler: "x".repeat(filler.max(1)),
            body: Vec::new(),
        }
    }

    /// Writes the whole request.
    pub(crate) fn write(&mut self, out: &mut Vec<u8>, number: u32, recipient: Recipient) {
        self.body.clear();
        let (tag, filler) = (String::from_utf8_lossy(&self.tag), &self.filler);
        let to = match recipient {
            Recipient::All => "{\"all\":true}".to_owned(),
            Recipient::User(id) => format!("{{\"users\":[{id}]}}"),
        };
        // Writing to memory has no way to fail.
        let _ = write!(
            self.body,
            "{{\"to\":{to},\"title\":\"{tag}{number:0NUMBER_DIGITS$}\",\"body\":\"{filler}\"}}"
        );
        out.extend_from_slice(&self.head);
        let _ = write!(out, "{}\r\n\r\n", self.body.len());
        out.extend_from_slice(&self.body);
    }

    /// The number of the notification that an event carries, if it is one of this run.
    pub(crate) fn number_of(&self, event: &[u8]) -> Option<u32> {
        let rest = event.strip_prefix(EVENT)?;
        let number = &rest[find(rest, &self.tag)? + self.tag.len()..];
        leading_number(number.get(..NUMBER_DIGITS)?).map(|number| number as u32)
    }
}

/// The id under which the server keeps the notification of an event; 0 where it keeps none.
pub(crate) fn id_of(event: &[u8]) -> u64 {
    const KEY: &[u8] = b"\"id\":";
    let at = find(event, KEY).map(|at| at + KEY.len());
    at.and_then(|at| leading_number(&event[at..])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_is_known_again_by_its_number() {
        let mut template = Template::new("POST / HTTP/1.1\r\nContent-Length: ".into(), 200);
        let mut request = Vec::new();
        template.write(&mut request, 42, Recipient::User(7));
        let request = String::from_utf8(request).unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())));
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["to"], serde_json::json!({"users": [7]}));
        let (title, text) = (
            body["title"].as_str().unwrap(),
            body["body"].as_str().unwrap(),
        );
        assert_eq!(title.len() + text.len(), 200);

        let event = format!("[\"notification\",{{\"id\":9,\"title\":\"{title}\"}},\"9\"]");
        assert_eq!(template.number_of(event.as_bytes()), Some(42));
        assert_eq!(id_of(event.as_bytes()), 9);
    }

    #[test]
    fn what_another_run_published_is_not_counted() {
        let template = Template::new(String::new(), 200);
        for other in [
            "[\"notification\",{\"title\":\"bench-00000000-00000001\"}]",
            "[\"session\",{}]",
        ] {
            assert_eq!(template.number_of(other.as_bytes()), None, "{other}");
        }
    }
}
