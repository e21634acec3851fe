//! Who came into an audience or left one: the open sockets go to their rooms, and are told.
//!
//! What is a user's is read from the tables anew, whatever the change says: so it does not matter how often one is
//! taken into account, nor in which order two are read.

use std::sync::Arc;

use atalaya_gateway::CloseReason;
use atalaya_store::{Changes, Membership, StoreError, UserId};

use crate::{App, sockets::Member};

/// How many users are asked for at a time.
const PAGE: usize = 500;

/// Takes into account what has changed.
pub(super) async fn follow(app: &App, changes: &Changes) -> Result<(), StoreError> {
    let moved = &changes.moved;
    if moved.users.is_empty() && !moved.anybody {
        return Ok(());
    }
    app.hub.begin_move(changes.up_to);
    let concerned: Vec<UserId> = match moved.anybody {
        true => app.hub.users().into_iter().collect(),
        false => {
            let users = moved.users.iter().copied();
            users.filter(|user| app.hub.is_here(*user)).collect()
        }
    };
    for users in concerned.chunks(PAGE) {
        for membership in app.store.memberships(users).await? {
            place(app, &membership);
        }
    }
    Ok(())
}

/// Reads for a socket that has just connected what is its user's: that may have changed since its row was committed.
pub(super) async fn place_newcomer(app: &App, member: &Member) -> Result<(), StoreError> {
    let _turn = app.delivery.turn().await;
    let user = member.state().user_id;
    for membership in app.store.memberships(&[user]).await? {
        place(app, &membership);
    }
    Ok(())
}

fn place(app: &App, membership: &Membership) {
    let Some(account) = &membership.account else {
        for member in app.hub.members_of_user(membership.user) {
            member.disconnect(CloseReason::Revoked);
        }
        return;
    };
    let moved: Vec<Arc<Member>> = app.hub.place(membership, account);
    if moved.is_empty() {
        return;
    }
    let frame = app.frames.membership(account);
    for member in &moved {
        // A socket that is gone reads the state on its next connection.
        let _ = member.send(&frame);
    }
    app.delivery.recount(&moved);
}
