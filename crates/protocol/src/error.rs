//! Every way the bytes of a peer can be wrong. A server answers all of them alike, by closing the
//! connection; the variants exist for the log and for the page of refused connections.

/// Why some bytes are not Engine.IO 4 or Socket.IO 5.
///
/// Small and free of the peer's own text, so that it can be logged without quoting an attacker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An empty message, record or body where a packet was expected.
    #[error("an empty packet")]
    Empty,
    /// The first character is no packet type of this protocol.
    #[error("unknown packet type {0:?}")]
    UnknownType(char),
    /// A packet that never carries data came with some.
    #[error("a {0} packet carries no data")]
    UnexpectedData(&'static str),
    /// A packet that must carry data came without.
    #[error("a {0} packet without its data")]
    MissingData(&'static str),
    /// The handshake of a server does not parse.
    #[error("a malformed open packet")]
    InvalidOpen,
    /// The body is longer than the limit, in bytes.
    #[error("a payload of {actual} bytes, the limit is {limit}")]
    PayloadTooLarge { actual: usize, limit: usize },
    /// A body holds more records than the limit.
    #[error("more than {limit} records in a payload")]
    TooManyRecords { limit: usize },
    /// A binary record is not base64.
    #[error("a binary record that is not base64")]
    InvalidBase64,
    /// The namespace is too long or holds a control character.
    #[error("an invalid namespace")]
    InvalidNamespace,
    /// The acknowledgement id does not fit in the 53 bits that JavaScript can count.
    #[error("an acknowledgement id beyond 2^53 - 1")]
    InvalidAckId,
    /// Only events are acknowledged.
    #[error("a {0} packet with an acknowledgement id")]
    UnexpectedAckId(&'static str),
    /// An acknowledgement that does not say of what.
    #[error("an acknowledgement without an id")]
    MissingAckId,
    /// The number of attachments is missing, or not a plain decimal number.
    #[error("an invalid number of attachments")]
    InvalidAttachments,
    /// More attachments announced than the limit.
    #[error("{actual} attachments, the limit is {limit}")]
    TooManyAttachments { actual: usize, limit: usize },
    /// The attachments of one packet are longer than the limit, in bytes.
    #[error("attachments of more than {limit} bytes")]
    AttachmentsTooLarge { limit: usize },
    /// A placeholder points at an attachment that the packet does not have.
    #[error("a placeholder without its attachment")]
    InvalidPlaceholder,
    /// A binary message outside the attachments of a packet.
    #[error("a binary message that belongs to no packet")]
    UnexpectedBinary,
    /// A text packet where an attachment was expected.
    #[error("a text packet in place of an attachment")]
    UnexpectedText,
    /// The data is not JSON.
    #[error("data that is not JSON")]
    InvalidJson,
    /// The data is JSON, but not what this kind of packet carries.
    #[error("the data of a {0} packet has the wrong shape")]
    WrongShape(&'static str),
    /// The event has a name that both sides keep for themselves.
    #[error("the event name {0:?} is reserved")]
    ReservedEvent(&'static str),
}
