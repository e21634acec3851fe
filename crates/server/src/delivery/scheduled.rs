//! Publishing what was scheduled, at its time.

use std::{sync::Arc, time::Duration};

use atalaya_store::PublishError;
use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use super::POLL_INTERVAL;
use crate::App;

/// How many are published at a time: they share commits.
const PAGE: u32 = 200;

/// Runs until `stop`. Every server does this; what one has published, the others do not find.
pub(crate) async fn publish_scheduled(app: Arc<App>, stop: CancellationToken) {
    let work = async {
        loop {
            let pause = match publish_what_is_due(&app).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(error = %error, "what was scheduled waits for the database");
                    POLL_INTERVAL
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = app.delivery.scheduled.notified() => {}
            }
        }
    };
    stop.run_until_cancelled(work).await;
}

/// Returns for how long nothing more is due, as far as is known: another server may schedule something.
async fn publish_what_is_due(app: &App) -> Result<Duration, PublishError> {
    loop {
        let Some(next) = app.store.next_scheduled().await? else {
            return Ok(POLL_INTERVAL);
        };
        let now = app.clock.now();
        if let Ok(until) = u64::try_from(next.0 - now.0)
            && until > 0
        {
            return Ok(Duration::from_millis(until).min(POLL_INTERVAL));
        }
        let due = app.store.due(now, PAGE).await?;
        let publishes = due
            .iter()
            .map(|item| app.store.publish_scheduled(item, now));
        for published in join_all(publishes).await {
            if let Some(published) = published? {
                app.delivery.published(&published);
            }
        }
    }
}
