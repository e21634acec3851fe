//! What the server keeps with each admitted socket, and how far that socket has been fed.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use atalaya_gateway::{Frame, Socket};
use atalaya_store::model::{
    Account, ChangePosition, NotificationId, Role, SessionId, Standing, Timestamp, UserId,
};

/// An admitted socket with its [`Seat`].
pub(crate) type Member = Socket<Seat>;

/// Who sits at a socket, and up to where their notifications have been sent to it.
#[derive(Debug)]
pub struct Seat {
    pub session_id: SessionId,
    /// The row of the connection that this one continues.
    pub recovered_from: Option<SessionId>,
    pub user_id: UserId,
    pub connected_at: Timestamp,
    /// The node id that the row carries.
    pub node: Arc<str>,
    /// Written by the hub alone, together with its rooms.
    pub(super) place: Mutex<Place>,
    pub entry: Entry,
    pub(super) feed: Mutex<Feed>,
    pub(super) left: AtomicBool,
}

/// What is the user's beside what is for them alone and for everyone, as of a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) account: Account,
    pub(super) as_of: ChangePosition,
}

/// Where a socket's notifications begin, as far as it was known when its row was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where the catch-up begins: after this notification, or at the first unread one.
    pub resume_after: Option<i64>,
    /// The head of the stream, if there was nothing to catch up with: then no table need be read.
    pub nothing_up_to: Option<i64>,
    /// Nothing was unread, and the client has been told.
    pub is_unread_known: bool,
}

impl Entry {
    /// What is not certain is read from the tables: `newest` may have expired, or be read already.
    pub fn of(resume_after: Option<i64>, inbox: &Standing) -> Self {
        let is_all_read = inbox.newest <= inbox.read_up_to;
        let has_nothing_new = match resume_after {
            // One that is beyond the head, this database never gave out, and before the other nothing is certain any
            // more: the catch-up knows what to do.
            Some(position) => {
                let is_known = (inbox.pruned_up_to.0..=inbox.head.0).contains(&position);
                is_known && inbox.newest.0 <= position
            }
            None => is_all_read,
        };
        Self {
            resume_after,
            nothing_up_to: has_nothing_new.then_some(inbox.head.0),
            is_unread_known: is_all_read,
        }
    }
}

/// How a socket is being fed. The fan-out feeds only live sockets; one that catches up reads the same
/// notifications from the table, so none is sent twice and none is passed over.
#[derive(Debug)]
pub(super) enum Feed {
    CatchingUp {
        /// What has gone since it connected, and its catch-up may have read before.
        gone: Vec<NotificationId>,
    },
    Live {
        sent_up_to: i64,
    },
}

impl Default for Feed {
    fn default() -> Self {
        Self::CatchingUp { gone: Vec::new() }
    }
}

/// How many notifications that went are kept for a socket that catches up, the newest of them.
const MAX_GONE: usize = 1_000;

impl Seat {
    /// The user's role now.
    pub fn role(&self) -> Role {
        self.place().account.role
    }

    pub(super) fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The socket is gone.
    pub fn leave(&self) {
        self.left.store(true, Ordering::Relaxed);
    }

    /// Whether the socket is gone.
    pub fn has_left(&self) -> bool {
        self.left.load(Ordering::Relaxed)
    }

    /// Ends the catch-up, which has sent everything up to `sent_up_to`, unless `may_go_live` says that
    /// the fan-out has meanwhile begun something newer: then that is still to be read from the table. Returns what
    /// has gone while it caught up, which is to be said again.
    pub fn go_live(
        &self,
        sent_up_to: i64,
        may_go_live: impl FnOnce() -> bool,
    ) -> Option<Vec<NotificationId>> {
        let mut feed = self.feed.lock().unwrap_or_else(PoisonError::into_inner);
        if !may_go_live() {
            return None;
        }
        match std::mem::replace(&mut *feed, Feed::Live { sent_up_to }) {
            Feed::CatchingUp { gone } => Some(gone),
            Feed::Live { .. } => Some(Vec::new()),
        }
    }

    /// A notification is gone, and the socket has been told. If it catches up, it will have to be told again.
    pub fn misses(&self, id: NotificationId) {
        let mut feed = self.feed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Feed::CatchingUp { gone } = &mut *feed {
            if gone.len() >= MAX_GONE {
                gone.remove(0);
            }
            gone.push(id);
        }
    }

    /// Sends one notification of the live stream. Returns whether it was sent: not while the socket catches up, and
    /// not when it already has it.
    pub fn feed(&self, position: i64, send: impl FnOnce() -> bool) -> bool {
        let mut feed = self.feed.lock().unwrap_or_else(PoisonError::into_inner);
        match *feed {
            Feed::Live { sent_up_to } if sent_up_to < position => {
                *feed = Feed::Live {
                    sent_up_to: position,
                };
                send()
            }
            _ => false,
        }
    }
}

/// Feeds one notification of the live stream to a socket.
pub(crate) fn feed_live(member: &Member, position: i64, frame: &Frame) -> bool {
    let seat = member.state();
    seat.feed(position, || member.send(frame).is_ok())
}

#[cfg(test)]
mod tests {
    use atalaya_store::model::Position;

    use super::*;

    fn standing(newest: i64, read_up_to: i64) -> Standing {
        Standing {
            head: Position(100),
            newest: Position(newest),
            read_up_to: Position(read_up_to),
            version: 0,
            pruned_up_to: Position(10),
        }
    }

    #[test]
    fn with_nothing_unread_no_table_is_read() {
        let entry = Entry::of(None, &standing(80, 90));
        assert_eq!(entry.nothing_up_to, Some(100));
        assert!(entry.is_unread_known);
        let entry = Entry::of(None, &standing(0, 0));
        assert_eq!(entry.nothing_up_to, Some(100));
    }

    #[test]
    fn what_may_be_unread_is_read_from_the_table() {
        let entry = Entry::of(None, &standing(80, 79));
        assert_eq!(entry.nothing_up_to, None);
        assert!(!entry.is_unread_known);
    }

    #[test]
    fn a_position_says_what_is_new_and_not_what_is_unread() {
        let entry = Entry::of(Some(80), &standing(80, 79));
        assert_eq!(entry.nothing_up_to, Some(100));
        assert!(!entry.is_unread_known);
        // Read elsewhere, and yet not received here.
        let entry = Entry::of(Some(79), &standing(80, 80));
        assert_eq!(entry.nothing_up_to, None);
        assert!(entry.is_unread_known);
    }

    #[test]
    fn from_before_what_was_taken_away_nothing_is_certain() {
        let entry = Entry::of(Some(10), &standing(0, 0));
        assert_eq!(entry.nothing_up_to, Some(100));
        let entry = Entry::of(Some(9), &standing(0, 0));
        assert_eq!(entry.nothing_up_to, None);
    }

    #[test]
    fn a_position_beyond_the_head_is_not_believed() {
        let entry = Entry::of(Some(101), &standing(80, 80));
        assert_eq!(entry.nothing_up_to, None);
    }

    fn seat() -> Seat {
        let account = Account {
            role: Role::User,
            role_since: Position(0),
            topics: Vec::new(),
        };
        Seat {
            session_id: SessionId(1),
            recovered_from: None,
            user_id: UserId(7),
            connected_at: Timestamp(0),
            node: "node".into(),
            place: Mutex::new(Place {
                account,
                as_of: ChangePosition(0),
            }),
            entry: Entry::of(None, &standing(0, 0)),
            feed: Mutex::default(),
            left: AtomicBool::new(false),
        }
    }

    #[test]
    fn what_goes_while_it_catches_up_is_said_again_at_its_end() {
        let seat = seat();
        seat.misses(NotificationId(1));
        assert_eq!(seat.go_live(5, || false), None);
        seat.misses(NotificationId(2));
        let gone = vec![NotificationId(1), NotificationId(2)];
        assert_eq!(seat.go_live(6, || true), Some(gone));
        seat.misses(NotificationId(3));
        assert_eq!(seat.go_live(7, || true), Some(Vec::new()));
    }

    #[test]
    fn what_went_is_kept_up_to_a_bound() {
        let seat = seat();
        for id in 0..1_500 {
            seat.misses(NotificationId(id));
        }
        let gone = seat.go_live(1_500, || true).unwrap();
        assert_eq!((gone.len(), gone[0]), (MAX_GONE, NotificationId(500)));
    }
}
