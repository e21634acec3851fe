//! One Socket.IO packet: `<kind>[<attachments>-][<namespace>,][<ack id>][<data>]`.
//! The main namespace `/` is left out when written; any other ends at a comma, or with the packet.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::shape;
use crate::Error;

/// The largest whole number that JavaScript counts exactly, 2^53 - 1: its clients could not answer to a larger id.
pub const MAX_ACK_ID: u64 = (1 << 53) - 1;

/// Ample for a name, and small enough to keep one in each refused connection.
pub const MAX_NAMESPACE_BYTES: usize = 255;

const MAIN_NAMESPACE: &str = "/";

/// What a packet is for. The discriminant is the digit on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Connect = 0,
    Disconnect = 1,
    Event = 2,
    Ack = 3,
    ConnectError = 4,
    BinaryEvent = 5,
    BinaryAck = 6,
}

impl Kind {
    /// A name for messages to people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Disconnect => "disconnect",
            Self::Event => "event",
            Self::Ack => "ack",
            Self::ConnectError => "connect error",
            Self::BinaryEvent => "binary event",
            Self::BinaryAck => "binary ack",
        }
    }

    /// Attachments follow the packet.
    #[must_use]
    pub fn is_binary(self) -> bool {
        matches!(self, Self::BinaryEvent | Self::BinaryAck)
    }

    fn may_have_ack_id(self) -> bool {
        matches!(
            self,
            Self::Event | Self::BinaryEvent | Self::Ack | Self::BinaryAck
        )
    }

    fn must_have_ack_id(self) -> bool {
        matches!(self, Self::Ack | Self::BinaryAck)
    }

    fn from_char(kind: char) -> Result<Self, Error> {
        Ok(match kind {
            '0' => Self::Connect,
            '1' => Self::Disconnect,
            '2' => Self::Event,
            '3' => Self::Ack,
            '4' => Self::ConnectError,
            '5' => Self::BinaryEvent,
            '6' => Self::BinaryAck,
            other => return Err(Error::UnknownType(other)),
        })
    }
}

/// One packet. What [`Packet::decode`] returns keeps every rule of the protocol; who builds one to
/// encode it answers for the namespace ([`is_namespace`]) and for the data being JSON of the right shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet<'a> {
    pub kind: Kind,
    /// Starts with `/`.
    pub namespace: Cow<'a, str>,
    /// On an event: the sender wants an answer. On an ack: what it answers.
    pub ack_id: Option<u64>,
    /// How many binary messages follow; 0 unless the kind is binary.
    pub attachments: usize,
    /// JSON text, without white space around it.
    pub data: Option<Cow<'a, str>>,
}

impl<'a> Packet<'a> {
    /// A packet with neither ack id nor attachments.
    pub fn new(kind: Kind, namespace: impl Into<Cow<'a, str>>, data: Option<Cow<'a, str>>) -> Self {
        Self {
            kind,
            namespace: namespace.into(),
            ack_id: None,
            attachments: 0,
            data,
        }
    }

    /// Read one packet from the text of an Engine.IO message.
    ///
    /// # Errors
    /// Any deviation from the form above, data of the wrong shape, or an event under a reserved name.
    /// How many attachments are too many is for [`super::Reassembly`] to say.
    pub fn decode(text: &'a str) -> Result<Self, Error> {
        let first = text.chars().next().ok_or(Error::Empty)?;
        let kind = Kind::from_char(first)?;
        let rest = &text[first.len_utf8()..];
        let (attachments, rest) = match kind.is_binary() {
            true => split_attachments(rest)?,
            false => (0, rest),
        };
        let (namespace, rest) = split_namespace(rest)?;
        let (ack_id, rest) = split_ack_id(rest)?;
        match ack_id {
            Some(_) if !kind.may_have_ack_id() => {
                return Err(Error::UnexpectedAckId(kind.as_str()));
            }
            None if kind.must_have_ack_id() => return Err(Error::MissingAckId),
            _ => {}
        }
        let data = shape::check(kind, rest)?;
        Ok(Self {
            kind,
            namespace: Cow::Borrowed(namespace),
            ack_id,
            attachments,
            data: data.map(Cow::Borrowed),
        })
    }

    /// Append the packet to `out`.
    pub fn encode_into(&self, out: &mut String) {
        out.push(char::from(b'0' + self.kind as u8));
        if self.kind.is_binary() {
            push_number(out, self.attachments as u64);
            out.push('-');
        }
        if self.namespace != MAIN_NAMESPACE {
            out.push_str(&self.namespace);
            out.push(',');
        }
        if let Some(id) = self.ack_id {
            push_number(out, id);
        }
        if let Some(data) = &self.data {
            out.push_str(data);
        }
    }

    /// The packet as a string of its own.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut out = String::new();
        self.encode_into(&mut out);
        out
    }

    /// The same packet, independent of the text it was read from.
    #[must_use]
    pub fn into_owned(self) -> Packet<'static> {
        Packet {
            kind: self.kind,
            namespace: Cow::Owned(self.namespace.into_owned()),
            ack_id: self.ack_id,
            attachments: self.attachments,
            data: self.data.map(|data| Cow::Owned(data.into_owned())),
        }
    }
}

/// Whether a text can stand as the namespace of a packet.
#[must_use]
pub fn is_namespace(text: &str) -> bool {
    text.starts_with('/')
        && text.len() <= MAX_NAMESPACE_BYTES
        && !text.chars().any(|c| c == ',' || c.is_control())
}

fn push_number(out: &mut String, number: u64) {
    write!(out, "{number}").expect("writing to a string cannot fail");
}

fn split_attachments(text: &str) -> Result<(usize, &str), Error> {
    let (digits, rest) = text.split_once('-').ok_or(Error::InvalidAttachments)?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Error::InvalidAttachments);
    }
    let attachments = digits.parse().map_err(|_| Error::InvalidAttachments)?;
    Ok((attachments, rest))
}

fn split_namespace(text: &str) -> Result<(&str, &str), Error> {
    if !text.starts_with('/') {
        return Ok((MAIN_NAMESPACE, text));
    }
    let (namespace, rest) = text.split_once(',').unwrap_or((text, ""));
    match is_namespace(namespace) {
        true => Ok((namespace, rest)),
        false => Err(Error::InvalidNamespace),
    }
}

fn split_ack_id(text: &str) -> Result<(Option<u64>, &str), Error> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() {
        return Ok((None, text));
    }
    match digits.parse() {
        Ok(id) if id <= MAX_ACK_ID => Ok((Some(id), rest)),
        _ => Err(Error::InvalidAckId),
    }
}

#[cfg(test)]
mod tests;
