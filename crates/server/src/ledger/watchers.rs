//! Tells the pages that show the ledger that it changed, at most twice a second: an administrator's of any
//! change, everybody else's of their own rows.
//!
//! The event is a hint to read again, not the change itself: the table decides what a page shows.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use atalaya_store::model::{Role, UserId};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::App;

/// A storm of connections is one hint each time, not one for each connection.
const TELL_INTERVAL: Duration = Duration::from_millis(500);

/// Whose rows changed since the watchers were last told. Bounded by the users who connect or leave in
/// [`TELL_INTERVAL`].
#[derive(Default)]
pub(super) struct Changes {
    users: Mutex<Changed>,
    added: Notify,
}

#[derive(Default)]
struct Changed {
    users: HashSet<UserId>,
    everyone: bool,
}

impl Changes {
    /// A change of this user's rows, or of anybody's.
    pub(super) fn add(&self, user: Option<UserId>) {
        let mut changed = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        match user {
            Some(user) => drop(changed.users.insert(user)),
            None => changed.everyone = true,
        }
        drop(changed);
        self.added.notify_one();
    }

    fn take(&self) -> Changed {
        std::mem::take(&mut self.users.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Runs until `stop`.
pub(crate) async fn tell_watchers(app: Arc<App>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.ledger.changes.added.notified() => {}
        }
        // Waiting first lets the change commit, and gathers its neighbours.
        tokio::time::sleep(TELL_INTERVAL).await;
        tell(&app, &app.ledger.changes.take());
    }
}

fn tell(app: &App, changed: &Changed) {
    let watchers = app.hub.watchers();
    if watchers.is_empty() {
        return;
    }
    let all_here = app.frames.sessions(app.hub.stats().sockets);
    for watcher in watchers {
        let (user, role) = (watcher.state().user_id, watcher.state().role());
        // A watcher that is gone reads the table when it is back.
        let _ = if role == Role::Admin {
            watcher.send(&all_here)
        } else if changed.everyone || changed.users.contains(&user) {
            let own = app.hub.members_of_user(user).len();
            watcher.send(&app.frames.sessions(own))
        } else {
            Ok(())
        };
    }
}
