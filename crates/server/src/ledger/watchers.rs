//! Tells the pages that show the ledger that it changed, at most twice a second.
//!
//! The event is a hint to read again, not the change itself: the table decides what a page shows.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::App;

/// A storm of connections is one hint each time, not one for each connection.
const TELL_INTERVAL: Duration = Duration::from_millis(500);

/// Runs until `stop`.
pub(crate) async fn tell_watchers(app: Arc<App>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.ledger.changed.notified() => {}
        }
        // Waiting first lets the change commit, and gathers its neighbours.
        tokio::time::sleep(TELL_INTERVAL).await;
        let watchers = app.hub.watchers();
        if watchers.is_empty() {
            continue;
        }
        let frame = app.frames.sessions(app.hub.stats().sockets);
        for watcher in watchers {
            let _ = watcher.send(&frame);
        }
    }
}
