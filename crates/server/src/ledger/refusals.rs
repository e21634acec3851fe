//! Keeps the record of refused connections from growing without end.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::App;

/// Enough to find what went wrong over a weekend, and no more than a minute's worth of disk reading.
const KEEP: u64 = 100_000;
const PRUNE_INTERVAL: Duration = Duration::from_secs(15 * 60);

/// Prunes the oldest refusals until `stop`.
pub(crate) async fn prune_refusals(app: Arc<App>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PRUNE_INTERVAL) => {}
        }
        if let Err(error) = app.store.prune_refusals(KEEP).await {
            tracing::warn!(error = %error, "old refusals could not be pruned");
        }
    }
}
