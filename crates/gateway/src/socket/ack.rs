//! The answer that a client waits for.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use serde::Serialize;

use super::{SendError, packets};
use crate::engine::Session;

/// Answers one event. Dropped without an answer, the client waits until its own time-out.
pub struct Ack {
    session: Arc<Session>,
    namespace: Arc<str>,
    id: u64,
}

impl Ack {
    pub(super) fn new(session: &Arc<Session>, namespace: &Arc<str>, id: u64) -> Self {
        Self {
            session: Arc::clone(session),
            namespace: Arc::clone(namespace),
            id,
        }
    }

    /// Answers with one argument.
    ///
    /// # Errors
    /// The client is gone, or the answer does not become JSON.
    pub fn send(self, answer: &impl Serialize) -> Result<(), SendError> {
        self.send_all(&(answer,), &[])
    }

    /// Answers with an array of arguments, and the attachments that placeholders in them stand for.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub fn send_all(
        self,
        arguments: &impl Serialize,
        attachments: &[Bytes],
    ) -> Result<(), SendError> {
        let arguments = serde_json::to_string(arguments)?;
        let packets = packets::ack(&self.namespace, self.id, arguments, attachments);
        Ok(self.session.send(&packets)?)
    }
}

impl fmt::Debug for Ack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ack").field(&self.id).finish()
    }
}
