//! Telling users anew how many are unread, where it changed by nobody's own doing.
//!
//! A recalled broadcast concerns every user who is connected. They are told one after the other, each once however much
//! has changed, so that counting costs the database no more than a few connections' reading.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use atalaya_store::{StoreError, UserId};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{App, sockets::Member};

/// How long to wait before asking again a database that did not answer.
const RETRY: Duration = Duration::from_secs(1);

/// The users who are still to be told: at most those who are connected.
#[derive(Default)]
pub(super) struct Recounts {
    users: Mutex<HashSet<UserId>>,
    wake: Notify,
}

impl Recounts {
    pub(super) fn add(&self, members: &[Arc<Member>]) {
        let users = members.iter().map(|member| member.state().user_id);
        self.lock().extend(users);
        self.wake.notify_one();
    }

    fn take(&self) -> Option<UserId> {
        let mut users = self.lock();
        let user = users.iter().next().copied()?;
        users.take(&user)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<UserId>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs until `stop`.
pub(crate) async fn recount(app: Arc<App>, stop: CancellationToken) {
    let work = async {
        loop {
            app.delivery.recounts.wake.notified().await;
            while let Some(user) = app.delivery.recounts.take() {
                tell(&app, user).await;
            }
        }
    };
    stop.run_until_cancelled(work).await;
}

async fn tell(app: &App, user: UserId) {
    let members = app.hub.members_of_user(user);
    if members.is_empty() {
        return;
    }
    let counted = {
        let _turn = app.delivery.turn().await;
        app.store.unread(user, app.clock.now()).await
    };
    match counted {
        Ok(unread) => {
            let frame = app.frames.unread(&unread);
            for member in &members {
                // A socket that is gone reads the state on its next connection.
                let _ = member.send(&frame);
            }
        }
        // The account is gone: nobody is left to be told.
        Err(StoreError::NotFound(_)) => {}
        Err(error) => {
            tracing::warn!(error = %error, "the unread count waits for the database");
            app.delivery.recount(&members);
            tokio::time::sleep(RETRY).await;
        }
    }
}
