//! What the server says to sockets, each encoded once for everyone who is sent it.

use atalaya_gateway::Frame;
use atalaya_store::model::{InboxItem, Outgoing, ReadOutcome};
use serde::Serialize;
use serde_json::json;

use crate::{
    sockets::Member,
    wire::{Notification, rfc3339},
};

/// The event of a notification whose publisher named none.
const NOTIFICATION: &str = "notification";

/// Encodes the server's events for its namespace.
pub struct Frames {
    namespace: String,
}

impl Frames {
    pub fn new(namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
        }
    }

    /// A notification, under the event name that its publisher gave. Its last argument is the offset that
    /// the client gives back when it returns.
    pub fn notification(&self, item: &InboxItem) -> Frame {
        self.deliver(&Notification::from(item))
    }

    /// A notification of the live stream: the same for each of its recipients, none of whom has read it.
    pub fn published(&self, item: &Outgoing) -> Frame {
        self.deliver(&Notification::from(&item.notification))
    }

    /// Which row is this socket's: once, right after CONNECT.
    pub fn session(&self, member: &Member) -> Frame {
        let seat = member.state();
        self.event(
            "session",
            &[json!({
                "id": seat.session_id.0,
                "socket_id": member.id(),
                "connected_at": rfc3339(seat.connected_at),
            })],
        )
    }

    /// What changed in an inbox, and how many are unread now.
    pub fn inbox(&self, outcome: &ReadOutcome) -> Frame {
        let read: Vec<i64> = outcome.ids.iter().map(|id| id.0).collect();
        self.event(
            "inbox",
            &[json!({
                "unread": outcome.unread,
                "read": read,
                "read_up_to": outcome.up_to.map(|id| id.0),
                "archived": [],
                "acknowledged": [],
            })],
        )
    }

    /// How many are unread, with no change.
    pub fn unread(&self, unread: u64) -> Frame {
        self.inbox(&ReadOutcome {
            ids: Vec::new(),
            up_to: None,
            unread,
        })
    }

    /// The ledger changed: read it again.
    pub fn sessions(&self, active_here: usize) -> Frame {
        self.event("sessions", &[json!({"active": active_here})])
    }

    fn deliver(&self, notification: &Notification) -> Frame {
        let event = notification.event.as_deref().unwrap_or(NOTIFICATION);
        let offset = notification.id.to_string();
        Frame::event(&self.namespace, event, &(notification, offset))
            .expect("a notification is always JSON")
    }

    fn event(&self, name: &str, arguments: &impl Serialize) -> Frame {
        Frame::event(&self.namespace, name, arguments).expect("our own events are always JSON")
    }
}
