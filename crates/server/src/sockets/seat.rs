//! What the server keeps with each admitted socket, and how far that socket has been fed.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use atalaya_gateway::{Frame, Socket};
use atalaya_store::model::{Role, SessionId, Target, Timestamp, UserId};

/// An admitted socket with its [`Seat`].
pub(crate) type Member = Socket<Seat>;

/// Who sits at a socket, and up to where their notifications have been sent to it.
#[derive(Debug)]
pub struct Seat {
    pub session_id: SessionId,
    pub user_id: UserId,
    pub role: Role,
    pub connected_at: Timestamp,
    /// The node id that the row carries.
    pub node: Arc<str>,
    /// The rooms that this socket is in.
    pub targets: [Target; 3],
    /// Where the catch-up begins: after this notification, or at the first unread one.
    pub resume_after: Option<i64>,
    pub(super) feed: Mutex<Feed>,
    pub(super) left: AtomicBool,
}

/// How a socket is being fed. The fan-out feeds only live sockets; one that catches up reads the same
/// notifications from the table, so none is sent twice and none is passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Feed {
    #[default]
    CatchingUp,
    Live {
        sent_up_to: i64,
    },
}

impl Seat {
    /// The socket is gone.
    pub fn leave(&self) {
        self.left.store(true, Ordering::Relaxed);
    }

    /// Whether the socket is gone.
    pub fn has_left(&self) -> bool {
        self.left.load(Ordering::Relaxed)
    }

    /// Ends the catch-up, which has sent everything up to `sent_up_to`, unless `may_go_live` says that
    /// the fan-out has meanwhile begun something newer: then that is still to be read from the table.
    pub fn go_live(&self, sent_up_to: i64, may_go_live: impl FnOnce() -> bool) -> bool {
        let mut feed = self.feed.lock().unwrap_or_else(PoisonError::into_inner);
        let live = may_go_live();
        if live {
            *feed = Feed::Live { sent_up_to };
        }
        live
    }
}

/// Sends one notification of the live stream to a socket. Returns whether it was sent: not while the
/// socket catches up, and not when it already has it.
pub(crate) fn feed_live(member: &Member, position: i64, frame: &Frame) -> bool {
    let mut feed = member
        .state()
        .feed
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    match *feed {
        Feed::Live { sent_up_to } if sent_up_to < position => {
            *feed = Feed::Live {
                sent_up_to: position,
            };
            member.send(frame).is_ok()
        }
        _ => false,
    }
}
