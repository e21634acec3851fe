//! What the server says to sockets, each encoded once for everyone who is sent it.

use atalaya_gateway::Frame;
use atalaya_store::model::{InboxChange, InboxItem, Outgoing, SessionId, Timestamp};
use serde::Serialize;
use serde_json::json;

use crate::wire::{Notification, ids, rfc3339};

/// The event of a notification whose publisher named none.
const NOTIFICATION: &str = "notification";

/// Encodes the server's events for its namespace.
pub struct Frames {
    namespace: String,
    /// What most of those who connect are told, made once.
    nothing_unread: Frame,
}

impl Frames {
    pub fn new(namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            nothing_unread: inbox(namespace, &nothing_changed(0)),
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

    /// Which row is this socket's: once, right behind CONNECT.
    pub fn session(&self, id: SessionId, socket_id: &str, connected_at: Timestamp) -> Frame {
        #[derive(Serialize)]
        struct Session<'a> {
            id: i64,
            socket_id: &'a str,
            connected_at: String,
        }
        let session = Session {
            id: id.0,
            socket_id,
            connected_at: rfc3339(connected_at),
        };
        self.event("session", &[session])
    }

    /// Where the replay to a socket ended: it has all of its own after `from` (from the first unread one, if that is
    /// `None`) up to `to`, unless the replay is not complete.
    pub fn sync(&self, from: Option<i64>, to: i64, complete: bool) -> Frame {
        #[derive(Serialize)]
        struct Sync {
            from: Option<i64>,
            to: i64,
            complete: bool,
        }
        self.event("sync", &[Sync { from, to, complete }])
    }

    /// That nothing is unread, with no change.
    pub fn nothing_unread(&self) -> Frame {
        self.nothing_unread.clone()
    }

    /// What changed in an inbox, and how many are unread now.
    pub fn inbox(&self, change: &InboxChange) -> Frame {
        inbox(&self.namespace, change)
    }

    /// How many are unread, with no change.
    pub fn unread(&self, unread: u64) -> Frame {
        self.inbox(&nothing_changed(unread))
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
        event(&self.namespace, name, arguments)
    }
}

fn inbox(namespace: &str, change: &InboxChange) -> Frame {
    let changes = json!({
        "unread": change.unread,
        "read": ids(&change.read),
        "read_up_to": change.read_up_to.map(|id| id.0),
        "archived": ids(&change.archived),
        "acknowledged": [],
    });
    event(namespace, "inbox", &[changes])
}

fn nothing_changed(unread: u64) -> InboxChange {
    InboxChange {
        unread,
        ..InboxChange::default()
    }
}

fn event(namespace: &str, name: &str, arguments: &impl Serialize) -> Frame {
    Frame::event(namespace, name, arguments).expect("our own events are always JSON")
}
