//! The live stream: reads what is newly committed and feeds the sockets that are up to date.

use std::sync::Arc;

use atalaya_store::{
    Changes, StoreError,
    model::{ChangePosition, Outgoing, Position, Target},
};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::{POLL_INTERVAL, changes, membership};
use crate::{App, sockets::feed_live};

/// How many notifications are read at a time, at most.
const PAGE: u32 = 256;

/// How many sockets are written to before the other tasks of this thread have their turn: a few milliseconds.
const BETWEEN_YIELDS: usize = 256;

/// Runs until `stop`: waits for a wake-up or the poll interval, then sends everything newer than the last, and tells
/// what has changed after `changes`.
pub(crate) async fn fan_out(app: Arc<App>, changes: ChangePosition, stop: CancellationToken) {
    let mut fan_out = FanOut {
        app: &app,
        told: changes,
        followed: changes,
    };
    let mut unreachable = false;
    let mut poll = tokio::time::interval(POLL_INTERVAL);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // A publish is far more frequent than a change, and must not pay for looking for one.
        let looks_for_changes = tokio::select! {
            () = stop.cancelled() => return,
            () = app.delivery.wake.notified() => false,
            () = app.delivery.changed.notified() => true,
            _ = poll.tick() => true,
        };
        let sent = match looks_for_changes {
            true => fan_out.send_and_tell().await,
            false => fan_out.send_what_is_new().await,
        };
        match sent {
            Ok(()) if unreachable => {
                unreachable = false;
                tracing::info!("the fan-out reads the database again");
            }
            Ok(()) => {}
            Err(error) if !unreachable => {
                unreachable = true;
                tracing::warn!(error = %error, "the fan-out waits for the database");
            }
            Err(_) => {}
        }
    }
}

struct FanOut<'a> {
    app: &'a App,
    /// Up to where what changed was told.
    told: ChangePosition,
    /// Up to where changes of memberships were taken into account: no less.
    followed: ChangePosition,
}

impl FanOut<'_> {
    /// The changes are read first: what they are about was published before, so it is sent before they are told.
    async fn send_and_tell(&mut self) -> Result<(), StoreError> {
        loop {
            let changes = self.app.store.changes_after(self.told).await?;
            self.follow(&changes).await?;
            self.send_what_is_new().await?;
            for change in &changes.items {
                changes::tell(self.app, change);
            }
            self.told = changes.up_to;
            if changes.is_complete {
                return Ok(());
            }
        }
    }

    async fn send_what_is_new(&mut self) -> Result<(), StoreError> {
        loop {
            let after = Position(self.app.hub.fanned_out());
            let page = self.app.store.published_after(after, PAGE).await?;
            if page.items.iter().any(is_for_a_topic) {
                // Whoever subscribed before one of these was published must be in the room before it is sent.
                self.follow_all().await?;
            }
            for item in &page.items {
                send(self.app, item).await;
            }
            if page.is_complete {
                return Ok(());
            }
        }
    }

    async fn follow_all(&mut self) -> Result<(), StoreError> {
        loop {
            let changes = self.app.store.changes_after(self.followed).await?;
            self.follow(&changes).await?;
            if changes.is_complete {
                return Ok(());
            }
        }
    }

    async fn follow(&mut self, changes: &Changes) -> Result<(), StoreError> {
        if changes.up_to > self.followed {
            membership::follow(self.app, changes).await?;
            self.followed = changes.up_to;
        }
        Ok(())
    }
}

fn is_for_a_topic(item: &Outgoing) -> bool {
    let mut targets = item.targets.iter();
    targets.any(|target| matches!(target, Target::Topic(_)))
}

async fn send(app: &App, item: &Outgoing) {
    let position = item.notification.id.0;
    // Before the rooms are read: a socket that goes live meanwhile either sees this number and
    // reads the table once more, or is found in its room.
    app.hub.begin_fan_out(position);
    let expires_at = item.notification.expires_at;
    if expires_at.is_some_and(|expires_at| expires_at <= app.clock.now()) {
        return;
    }
    let frame = app.frames.published(item);
    let members = app.hub.readers_of(&item.targets, position);
    for some in members.chunks(BETWEEN_YIELDS) {
        let sent = some
            .iter()
            .filter(|member| feed_live(member, position, &frame))
            .count();
        app.metrics.delivered(sent);
        tokio::task::yield_now().await;
    }
    if item.notification.replaces.is_some() {
        // Whether one less is unread depends on who reads.
        app.delivery.recount(&members);
    }
}
