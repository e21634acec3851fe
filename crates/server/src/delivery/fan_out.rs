//! The live stream: reads what is newly committed and feeds the sockets that are up to date.

use std::sync::Arc;

use atalaya_store::{StoreError, model::Position};
use tokio_util::sync::CancellationToken;

use super::POLL_INTERVAL;
use crate::{App, sockets::feed_live};

/// How many notifications are read at a time, at most.
const PAGE: u32 = 256;

/// How many sockets are written to before the other tasks of this thread have their turn: a few milliseconds.
const BETWEEN_YIELDS: usize = 256;

/// Runs until `stop`: waits for a wake-up or the poll interval, then sends everything newer than the last.
pub(crate) async fn fan_out(app: Arc<App>, stop: CancellationToken) {
    let mut unreachable = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.delivery.wake.notified() => {}
            () = tokio::time::sleep(POLL_INTERVAL) => {}
        }
        match send_what_is_new(&app).await {
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

async fn send_what_is_new(app: &App) -> Result<(), StoreError> {
    loop {
        let after = Position(app.hub.fanned_out());
        let page = app.store.published_after(after, PAGE).await?;
        let now = app.clock.now();
        for item in &page.items {
            let position = item.notification.id.0;
            // Before the rooms are read: a socket that goes live meanwhile either sees this number and
            // reads the table once more, or is found in its room.
            app.hub.begin_fan_out(position);
            let expires_at = item.notification.expires_at;
            if expires_at.is_some_and(|expires_at| expires_at <= now) {
                continue;
            }
            let frame = app.frames.published(item);
            let members = app.hub.members_of(&item.targets);
            for some in members.chunks(BETWEEN_YIELDS) {
                let sent = some
                    .iter()
                    .filter(|member| feed_live(member, position, &frame))
                    .count();
                app.metrics.delivered(sent);
                tokio::task::yield_now().await;
            }
        }
        if page.is_complete {
            return Ok(());
        }
    }
}
