//! What has expired is told, so that it leaves the open tabs; and old changes are taken away.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::POLL_INTERVAL;
use crate::App;

/// How often old changes are taken away.
const TIDIES_EVERY: Duration = Duration::from_secs(60);

/// Runs until `stop`. Every server does this; what one has ended, the others do not find.
pub(crate) async fn end_expired(app: Arc<App>, stop: CancellationToken) {
    let work = async {
        let mut tidied = Instant::now();
        loop {
            tokio::time::sleep(POLL_INTERVAL).await;
            let now = app.clock.now();
            match app.store.end_expired(now).await {
                Ok(0) => {}
                Ok(_) => app.delivery.changed(),
                Err(error) => {
                    tracing::debug!(error = %error, "what has expired waits for the database")
                }
            }
            if tidied.elapsed() >= TIDIES_EVERY {
                tidied = Instant::now();
                if let Err(error) = app.store.forget_changes(now).await {
                    tracing::debug!(error = %error, "old changes wait for the database");
                }
            }
        }
    };
    stop.run_until_cancelled(work).await;
}
