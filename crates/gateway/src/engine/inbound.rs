//! Bytes of a WebSocket client to whole messages (RFC 6455): the header is the library's, what frames may
//! follow each other is here. No I/O, and nothing is kept while nothing is half received, so that an idle
//! connection holds no buffer and a long message leaves none behind.

use std::io::Cursor;

use bytes::Bytes;
use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Control, Data, OpCode},
};

use crate::CloseReason;

const MAX_CONTROL_BYTES: usize = 125;

/// One message, or one control frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    Text(String),
    Binary(Bytes),
    Ping(Vec<u8>),
    Pong,
    Close,
}

/// Why bytes are no WebSocket of ours. Nothing after it can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FrameError {
    #[error("{0}")]
    Protocol(&'static str),
    #[error("a message longer than the limit")]
    TooLarge,
    #[error("a text message that is not UTF-8")]
    NotUtf8,
}

impl From<FrameError> for CloseReason {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Protocol(_) => Self::TransportError,
            FrameError::TooLarge => Self::PayloadTooLarge,
            FrameError::NotUtf8 => Self::ParseError,
        }
    }
}

/// What has been received and not yet taken.
#[derive(Debug)]
pub(super) struct Inbound {
    buffer: Vec<u8>,
    /// Where in `buffer` the next frame begins.
    start: usize,
    /// The fragments so far of a message that came in several frames.
    fragments: Option<Box<Fragments>>,
    max_message_bytes: usize,
}

#[derive(Debug)]
struct Fragments {
    is_text: bool,
    payload: Vec<u8>,
}

impl Inbound {
    pub(super) fn new(max_message_bytes: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            fragments: None,
            max_message_bytes,
        }
    }

    /// Sets how long a message may be from the next frame on.
    pub(super) fn limit(&mut self, max_message_bytes: usize) {
        self.max_message_bytes = max_message_bytes;
    }

    /// Adds what was read. Take all messages with [`Self::next`] before adding more: that bounds it.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message, if it has arrived.
    pub(super) fn next(&mut self) -> Result<Option<Item>, FrameError> {
        while let Some((header, payload)) = self.next_frame()? {
            if let Some(item) = self.take(&header, payload)? {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    fn next_frame(&mut self) -> Result<Option<(FrameHeader, Vec<u8>)>, FrameError> {
        let mut cursor = Cursor::new(&self.buffer[self.start..]);
        let parsed = FrameHeader::parse(&mut cursor)
            .map_err(|_| FrameError::Protocol("a frame with a broken header"))?;
        let Some((header, length)) = parsed else {
            return Ok(None);
        };
        let length = self.check(&header, length)?;
        let payload_at = self.start + cursor.position() as usize;
        let end = payload_at + length;
        let Some(payload) = self.buffer.get(payload_at..end) else {
            return Ok(None);
        };
        let payload = unmask(payload, header.mask);
        self.consume_to(end);
        Ok(Some((header, payload)))
    }

    /// Judges a frame by its header, before its payload is waited for.
    fn check(&self, header: &FrameHeader, length: u64) -> Result<usize, FrameError> {
        if header.mask.is_none() {
            return Err(FrameError::Protocol("a frame that is not masked"));
        }
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(FrameError::Protocol(
                "a frame of an extension that was not agreed",
            ));
        }
        let so_far = self
            .fragments
            .as_ref()
            .map_or(0, |message| message.payload.len());
        let room = self.max_message_bytes.saturating_sub(so_far);
        let length = usize::try_from(length).map_err(|_| FrameError::TooLarge)?;
        match header.opcode {
            OpCode::Control(_) if !header.is_final => {
                Err(FrameError::Protocol("a control frame in fragments"))
            }
            OpCode::Control(_) if length > MAX_CONTROL_BYTES => {
                Err(FrameError::Protocol("a control frame that is too long"))
            }
            OpCode::Data(_) if length > room => Err(FrameError::TooLarge),
            _ => Ok(length),
        }
    }

    fn take(&mut self, header: &FrameHeader, payload: Vec<u8>) -> Result<Option<Item>, FrameError> {
        let is_text = match (header.opcode, self.fragments.as_mut()) {
            (OpCode::Control(Control::Close), _) => return Ok(Some(Item::Close)),
            (OpCode::Control(Control::Ping), _) => return Ok(Some(Item::Ping(payload))),
            (OpCode::Control(Control::Pong), _) => return Ok(Some(Item::Pong)),
            (OpCode::Data(Data::Continue), Some(message)) => {
                message.payload.extend_from_slice(&payload);
                return self.finish_fragments(header.is_final);
            }
            (OpCode::Data(Data::Text), None) => true,
            (OpCode::Data(Data::Binary), None) => false,
            (OpCode::Data(Data::Continue), None) => {
                return Err(FrameError::Protocol("a continuation of nothing"));
            }
            (OpCode::Data(Data::Text | Data::Binary), Some(_)) => {
                return Err(FrameError::Protocol("a message within a message"));
            }
            _ => return Err(FrameError::Protocol("a frame of an unknown kind")),
        };
        if header.is_final {
            return item(is_text, payload).map(Some);
        }
        self.fragments = Some(Box::new(Fragments { is_text, payload }));
        Ok(None)
    }

    fn finish_fragments(&mut self, is_final: bool) -> Result<Option<Item>, FrameError> {
        match self.fragments.take_if(|_| is_final) {
            Some(message) => item(message.is_text, message.payload).map(Some),
            None => Ok(None),
        }
    }

    fn consume_to(&mut self, end: usize) {
        self.start = end;
        if end == self.buffer.len() {
            // Not `clear`: it would keep the memory of the longest message for as long as the connection.
            self.buffer = Vec::new();
            self.start = 0;
        }
    }
}

fn item(is_text: bool, payload: Vec<u8>) -> Result<Item, FrameError> {
    match is_text {
        true => String::from_utf8(payload)
            .map(Item::Text)
            .map_err(|_| FrameError::NotUtf8),
        false => Ok(Item::Binary(payload.into())),
    }
}

fn unmask(payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let mut payload = payload.to_vec();
    let mask = mask.unwrap_or_default();
    for chunk in payload.chunks_mut(4) {
        for (byte, key) in chunk.iter_mut().zip(mask) {
            *byte ^= key;
        }
    }
    payload
}

#[cfg(test)]
mod tests;
