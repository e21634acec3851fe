//! What is kept with each engine session: the namespaces that its client has joined, and a packet that
//! waits for its attachments.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use atalaya_protocol::socket::Reassembly;
use tokio::time::Instant;

use super::Socket;
use crate::{CloseReason, engine::Session};

pub(crate) struct Client<S> {
    pub(super) session: Arc<Session>,
    /// Held for a few lines, never while the application is called.
    joined: Mutex<Joined<S>>,
}

pub(super) struct Joined<S> {
    sockets: Vec<Arc<Socket<S>>>,
    /// A binary packet whose attachments have not all come.
    pub(super) reassembly: Option<Box<Reassembly>>,
    pub(super) progress: Progress,
    /// Since when nothing is joined, while nothing is.
    pub(super) outside_since: Instant,
    /// How many times it was refused.
    pub(super) refusals: u32,
    /// Why the session has ended, once the application was told of all sockets.
    ended: Option<CloseReason>,
}

/// How far a client has come on its way into a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It has sent no CONNECT yet.
    Silent,
    /// The application decides.
    Asking,
    /// It was refused, and may ask again.
    Refused,
    /// It has joined a namespace.
    Joined,
    /// It has left the last one that it had joined.
    Left,
}

impl<S> Joined<S> {
    fn note_left(&mut self) {
        if self.sockets.is_empty() && self.progress == Progress::Joined {
            self.progress = Progress::Left;
            self.outside_since = Instant::now();
        }
    }
}

impl<S> Client<S> {
    pub(super) fn new(session: &Arc<Session>) -> Self {
        Self {
            session: Arc::clone(session),
            joined: Mutex::new(Joined {
                sockets: Vec::new(),
                reassembly: None,
                progress: Progress::Silent,
                outside_since: session.opened_at(),
                refusals: 0,
                ended: None,
            }),
        }
    }

    pub(super) fn find(&self, namespace: &str) -> Option<Arc<Socket<S>>> {
        let joined = self.lock();
        let mut sockets = joined.sockets.iter();
        sockets.find(|it| it.namespace() == namespace).cloned()
    }

    /// Takes in a socket; returns why the session has ended if it is too late for that.
    pub(super) fn join(&self, socket: &Arc<Socket<S>>) -> Option<CloseReason> {
        let mut joined = self.lock();
        joined.progress = Progress::Joined;
        if joined.ended.is_none() {
            // One namespace is the rule: room for exactly one.
            joined.sockets.reserve_exact(1);
            joined.sockets.push(Arc::clone(socket));
        }
        joined.ended
    }

    pub(super) fn remove(&self, socket: &Arc<Socket<S>>) {
        let mut joined = self.lock();
        joined.sockets.retain(|it| !Arc::ptr_eq(it, socket));
        joined.note_left();
    }

    /// Takes out the sockets that the server has closed one by one.
    pub(super) fn take_closing(&self) -> Vec<Arc<Socket<S>>> {
        let mut joined = self.lock();
        let closing = joined
            .sockets
            .extract_if(.., |it| it.closing().is_some())
            .collect();
        joined.note_left();
        closing
    }

    /// Takes out all sockets, for good.
    pub(super) fn end(&self, reason: CloseReason) -> Vec<Arc<Socket<S>>> {
        let mut joined = self.lock();
        joined.ended = Some(reason);
        joined.reassembly = None;
        std::mem::take(&mut joined.sockets)
    }

    /// The sockets whose time is up, and when the next one's is.
    pub(super) fn expired(&self, now: Instant) -> (Vec<Arc<Socket<S>>>, Option<Instant>) {
        let joined = self.lock();
        let is_over = |it: &&Arc<Socket<S>>| it.expires_at().is_some_and(|at| at <= now);
        let expired = joined.sockets.iter().filter(is_over).cloned().collect();
        let times = joined.sockets.iter().filter_map(|it| *it.expires_at());
        (expired, times.filter(|at| *at > now).min())
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Joined<S>> {
        // A panic while the lock was held leaves lists that are still lists: go on.
        self.joined.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
