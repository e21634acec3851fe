//! Changes of an inbox, told to the user's other tabs once they are committed.

use std::sync::Arc;

use atalaya_store::{
    Store, StoreError,
    bus::{Bus, Wake},
    model::{InboxChange, InboxItem, NotificationId, Selection, Timestamp, Unread, UserId},
};

use crate::{delivery::Frames, sockets::Hub};

/// Why a notification was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum AcknowledgeError {
    #[error("there is no such notification in your inbox")]
    NotFound,
    #[error("its publisher did not ask for an acknowledgement")]
    NotAskedFor,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The one way in which an inbox changes, from HTTP and from a socket alike.
pub struct Inbox {
    store: Store,
    hub: Arc<Hub>,
    frames: Arc<Frames>,
    /// The other servers, if they are to be told.
    bus: Option<Arc<Bus>>,
}

impl Inbox {
    pub fn new(store: Store, hub: Arc<Hub>, frames: Arc<Frames>, bus: Option<Arc<Bus>>) -> Self {
        Self {
            store,
            hub,
            frames,
            bus,
        }
    }

    /// Marks notifications as read.
    pub async fn mark_read(
        &self,
        user: UserId,
        selection: Selection,
        now: Timestamp,
    ) -> Result<InboxChange, StoreError> {
        let change = self.store.mark_read(user, selection, now).await?;
        self.tell(user, &change);
        Ok(change)
    }

    /// Puts notifications away, read or not.
    pub async fn archive(
        &self,
        user: UserId,
        ids: Vec<NotificationId>,
        now: Timestamp,
    ) -> Result<InboxChange, StoreError> {
        let change = self.store.archive(user, ids, now).await?;
        self.tell(user, &change);
        Ok(change)
    }

    /// Acknowledges a notification for everyone of its audience; doing it again changes nothing. Its audience is told by
    /// [`Delivery::changed`](crate::delivery::Delivery::changed).
    pub async fn acknowledge(
        &self,
        user: UserId,
        id: NotificationId,
        now: Timestamp,
    ) -> Result<(InboxItem, Unread), AcknowledgeError> {
        let item = self.item(user, id, now).await?;
        if !item.notification.requires_ack {
            return Err(AcknowledgeError::NotAskedFor);
        }
        let change = self.store.acknowledge(user, id, now).await?;
        if !change.acknowledged.is_empty() {
            self.tell(user, &change);
        }
        Ok((self.item(user, id, now).await?, change.unread))
    }

    async fn item(
        &self,
        user: UserId,
        id: NotificationId,
        now: Timestamp,
    ) -> Result<InboxItem, AcknowledgeError> {
        let item = self.store.inbox_item(user, id, now).await?;
        item.ok_or(AcknowledgeError::NotFound)
    }

    /// Tells every socket of the user here, the asking one too: a tab needs no second way to learn what it did.
    fn tell(&self, user: UserId, change: &InboxChange) {
        let frame = self.frames.inbox(change);
        for member in self.hub.members_of_user(user) {
            // A socket that is gone reads the state on its next connection.
            let _ = member.send(&frame);
        }
        if let Some(bus) = &self.bus {
            bus.tell(Wake::Inbox(user));
        }
    }
}
