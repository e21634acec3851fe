//! What became of notifications, told to the live sockets: recalled, expired, acknowledged.
//!
//! The fan-out's task does it, after it has sent all that was published before: so no socket hears that something is
//! gone and then gets it.

use atalaya_store::model::{Change, NotificationId, What};

use crate::{App, sockets::Member};

/// Tells whoever of the audience is here.
pub(super) fn tell(app: &App, change: &Change) {
    let members = app.hub.members_of(&change.targets);
    if members.is_empty() {
        return;
    }
    let id = change.notification;
    let frame = match &change.what {
        What::Recalled | What::Expired => app.frames.removed(id),
        What::Acknowledged { by } => app.frames.acknowledged(id, by, change.at),
    };
    for member in &members {
        // A socket that is gone reads the state on its next connection.
        let _ = member.send(&frame);
    }
    if matches!(change.what, What::Recalled | What::Expired) {
        for member in &members {
            member.state().misses(id);
        }
        app.delivery.recount(&members);
    }
}

/// Says again what went while a socket caught up: the catch-up may have read it before that.
pub(super) fn tell_again(app: &App, member: &Member, gone: Vec<NotificationId>) {
    for id in gone {
        let _ = member.send(&app.frames.removed(id));
    }
}
