//! What the server says to sockets, each encoded once for everyone who is sent it.

use atalaya_gateway::Frame;
use atalaya_store::model::{
    Account, InboxChange, InboxItem, NotificationId, Outgoing, Publisher, SessionId, Timestamp,
    Unread,
};
use serde::Serialize;
use serde_json::json;

use crate::wire::{self, Notification, ids, rfc3339};

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

    /// What changed in an inbox, and how many are unread now.
    pub fn inbox(&self, change: &InboxChange) -> Frame {
        #[derive(Serialize)]
        struct Inbox {
            #[serde(flatten)]
            unread: wire::Unread,
            read: Vec<i64>,
            read_up_to: Option<i64>,
            archived: Vec<i64>,
            acknowledged: Vec<i64>,
        }
        let inbox = Inbox {
            unread: change.unread.into(),
            read: ids(&change.read),
            read_up_to: change.read_up_to.map(|id| id.0),
            archived: ids(&change.archived),
            acknowledged: ids(&change.acknowledged),
        };
        self.event("inbox", &[inbox])
    }

    /// How many are unread, with no change.
    pub fn unread(&self, unread: &Unread) -> Frame {
        self.inbox(&InboxChange {
            unread: *unread,
            ..InboxChange::default()
        })
    }

    /// A notification is in nobody's inbox any more.
    pub fn removed(&self, id: NotificationId) -> Frame {
        self.event("removed", &[json!({"ids": [id.0]})])
    }

    /// Somebody of the audience has acknowledged a notification.
    pub fn acknowledged(&self, id: NotificationId, by: &Publisher, at: Timestamp) -> Frame {
        #[derive(Serialize)]
        struct Acknowledged {
            id: i64,
            #[serde(flatten)]
            by: wire::Acknowledgement,
        }
        let acknowledged = Acknowledged {
            id: id.0,
            by: wire::Acknowledgement::new(by, at),
        };
        self.event("acknowledged", &[acknowledged])
    }

    /// What is a user's changed: read the inbox again.
    pub fn membership(&self, account: &Account) -> Frame {
        let topics = account.topics.iter();
        let topics: Vec<&str> = topics.map(|it| it.topic.as_str()).collect();
        let membership = json!({"role": account.role.as_str(), "topics": topics});
        self.event("membership", &[membership])
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
