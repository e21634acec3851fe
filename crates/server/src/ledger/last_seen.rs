//! Writes down, once a minute, when each live socket was last heard from.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::last_seen_at;
use crate::App;

/// A row is at most this much older than the socket. Each round costs one small update for each socket.
const REFRESH_INTERVAL: Duration = Duration::from_secs(60);

/// How many rows one statement touches.
const BATCH: usize = 1_000;

/// Runs until `stop`.
pub(crate) async fn refresh_last_seen(app: Arc<App>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(REFRESH_INTERVAL) => {}
        }
        let now = app.clock.now();
        let seen: Vec<_> = app
            .hub
            .members()
            .iter()
            .map(|member| (member.state().session_id, last_seen_at(member, now)))
            .collect();
        for batch in seen.chunks(BATCH) {
            if let Err(error) = app.store.touch_sessions(batch).await {
                tracing::warn!(error = %error, "last_seen_at could not be written");
                break;
            }
        }
    }
}
