//! A socket that has just connected reads its backlog, then goes live without a gap.

use std::time::Duration;

use atalaya_gateway::SendError;
use atalaya_store::{
    StoreError,
    model::{InboxItem, Position},
};

use super::{changes, membership};
use crate::{App, sockets::Member};

/// How many notifications are read at a time: what a client that reads slowly keeps in memory at most.
const PAGE: u32 = 50;

/// How long to wait before asking again a database that did not answer, at first and at most.
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_MOST: Duration = Duration::from_secs(5);

/// Sends a socket what it has not seen, oldest first, and hands it over to the fan-out. One that is not known to be
/// in the right rooms is put there first.
///
/// A database that goes away in the middle is asked again from where the socket is, as long as the socket
/// lives: nothing is passed over and nothing is sent twice.
pub(crate) async fn catch_up(app: &App, member: &Member, is_placed: bool) {
    let mut backlog = Backlog {
        is_placed,
        sent_up_to: member.state().entry.resume_after.unwrap_or(0),
        unread_only: member.state().entry.resume_after.is_none(),
    };
    let mut pause = RETRY_FIRST;
    while !member.state().has_left() {
        match backlog.drain(app, member).await {
            Ok(()) => return,
            // The account is gone: nobody is left to read an inbox.
            Err(StoreError::NotFound(_)) => return,
            Err(error) => {
                tracing::warn!(
                    session.id = member.state().session_id.0,
                    error = %error,
                    "catch-up waits for the database"
                );
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(RETRY_MOST);
            }
        }
    }
}

struct Backlog {
    is_placed: bool,
    sent_up_to: i64,
    unread_only: bool,
}

impl Backlog {
    /// Reads and sends until the socket is live or gone.
    async fn drain(&mut self, app: &App, member: &Member) -> Result<(), StoreError> {
        if !self.is_placed {
            // Boxed, as the reading is.
            Box::pin(membership::place_newcomer(app, member)).await?;
            self.is_placed = true;
        }
        while !member.state().has_left() {
            let (head, items) = self.read(app, member).await?;
            let complete = items.len() < PAGE as usize;
            if self.send(app, member, items).await.is_err() {
                return Ok(());
            }
            if !complete {
                continue;
            }
            let from = member.state().entry.resume_after;
            // Not where its own position could not be believed; nor where something was taken away after it.
            let is_complete = self.unread_only == from.is_none() && is_kept(app, from).await?;
            if self.meets_the_fan_out(app, member, head) {
                let sync = app.frames.sync(from, self.sent_up_to, is_complete);
                // A socket that is gone by now has been told of by whoever saw it go.
                let _ = member.send(&sync);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Waits for a turn, and reads. The reading is boxed: in a storm ten thousand wait, and a future that has
    /// room for queries would cost each of them some KiB.
    async fn read(
        &mut self,
        app: &App,
        member: &Member,
    ) -> Result<(Position, Vec<InboxItem>), StoreError> {
        // Held for the queries only: a client that reads slowly must not keep the others waiting.
        let _turn = app.delivery.turn().await;
        if member.state().has_left() {
            return Ok((Position(self.sent_up_to), Vec::new()));
        }
        Box::pin(self.query(app, member)).await
    }

    /// The head of the table, and the next page up to it. Ids are given out in commit order, so whatever
    /// is not above the head is visible to the second query.
    async fn query(
        &mut self,
        app: &App,
        member: &Member,
    ) -> Result<(Position, Vec<InboxItem>), StoreError> {
        let head = app.store.head().await?;
        self.distrust_a_position_beyond(head);
        let user = member.state().user_id;
        let after = Position(self.sent_up_to);
        let now = app.clock.now();
        let items = app
            .store
            .inbox_after(user, after, self.unread_only, PAGE, now)
            .await?;
        Ok((head, items))
    }

    /// A position that this database never gave out, as after a restored backup: the client has seen what is
    /// not there any more, and nobody knows what of the rest. Unread is what it needs.
    fn distrust_a_position_beyond(&mut self, head: Position) {
        if self.sent_up_to > head.0 {
            self.sent_up_to = 0;
            self.unread_only = true;
        }
    }

    /// Queues one page, no faster than the client reads: a backlog alone never makes a slow consumer.
    async fn send(
        &mut self,
        app: &App,
        member: &Member,
        items: Vec<InboxItem>,
    ) -> Result<(), SendError> {
        for item in &items {
            member.writable().await;
            member.send(&app.frames.notification(item))?;
            self.sent_up_to = item.notification.id.0;
        }
        app.metrics.delivered(items.len());
        Ok(())
    }

    fn meets_the_fan_out(&mut self, app: &App, member: &Member, head: Position) -> bool {
        self.sent_up_to = self.sent_up_to.max(head.0);
        meets_the_fan_out(app, member, self.sent_up_to)
    }
}

/// Whether everything after a position is still there. To be asked after it was read.
async fn is_kept(app: &App, from: Option<i64>) -> Result<bool, StoreError> {
    match from {
        Some(from) => Ok(from >= app.store.pruned_up_to().await?.0),
        None => Ok(true),
    }
}

/// Hands a socket that has everything up to a position to the fan-out, unless that has begun something newer.
/// The socket must have joined its rooms.
pub(crate) fn meets_the_fan_out(app: &App, member: &Member, sent_up_to: i64) -> bool {
    let gone = member
        .state()
        .go_live(sent_up_to, || app.hub.fanned_out() <= sent_up_to);
    let is_live = gone.is_some();
    changes::tell_again(app, member, gone.unwrap_or_default());
    is_live
}
