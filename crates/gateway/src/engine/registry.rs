//! The open sessions by their secret id, and the one place that says whether another may open.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::{id::Id, session::Session};

pub(super) struct Registry {
    open: Mutex<Open>,
    limit: usize,
    /// Told when the last session is gone; waited for by whoever drains.
    emptied: Notify,
}

#[derive(Default)]
struct Open {
    sessions: HashMap<Id, Arc<Session>>,
    is_draining: bool,
}

/// Why no session may open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoRoom {
    Draining,
    Full,
}

impl Registry {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            open: Mutex::default(),
            limit,
            emptied: Notify::new(),
        }
    }

    /// Whether another session may open now. [`Self::insert`] asks again.
    pub(super) fn has_room(&self) -> Result<(), NoRoom> {
        self.lock().has_room(self.limit)
    }

    pub(super) fn insert(&self, session: &Arc<Session>) -> Result<(), NoRoom> {
        let mut open = self.lock();
        open.has_room(self.limit)?;
        open.sessions.insert(*session.id(), Arc::clone(session));
        Ok(())
    }

    pub(super) fn find(&self, id: &Id) -> Option<Arc<Session>> {
        self.lock().sessions.get(id).cloned()
    }

    pub(super) fn remove(&self, id: &Id) {
        let mut open = self.lock();
        open.sessions.remove(id);
        if open.sessions.is_empty() {
            open.sessions.shrink_to_fit();
            self.emptied.notify_waiters();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.lock().sessions.len()
    }

    /// Lets nobody in any more, and says who is inside.
    pub(super) fn close(&self) -> Vec<Arc<Session>> {
        let mut open = self.lock();
        open.is_draining = true;
        open.sessions.values().cloned().collect()
    }

    pub(super) async fn emptied(&self) {
        loop {
            let emptied = self.emptied.notified();
            tokio::pin!(emptied);
            // Registered before the look, or the last one could leave in between.
            emptied.as_mut().enable();
            if self.len() == 0 {
                return;
            }
            emptied.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // A panic while the lock was held leaves a map that is still a map: go on.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn has_room(&self, limit: usize) -> Result<(), NoRoom> {
        match (self.is_draining, self.sessions.len() >= limit) {
            (true, _) => Err(NoRoom::Draining),
            (false, true) => Err(NoRoom::Full),
            (false, false) => Ok(()),
        }
    }
}
