//! Takes away what nobody needs any more, in small steps with pauses between them.

use std::{sync::Arc, time::Duration};

use atalaya_store::{Keep, Position, StoreError, Timestamp};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::App;

/// A server that starts has better things to do.
const FIRST: Duration = Duration::from_secs(60);
const EVERY: Duration = Duration::from_secs(60 * 60);

/// Between two steps, each of which takes some milliseconds: a tenth of the database's time at most.
const PAUSE: Duration = Duration::from_millis(50);

/// Runs until `stop`.
pub(crate) async fn prune(app: Arc<App>, stop: CancellationToken) {
    let Some(retention) = app.config.retention else {
        return;
    };
    let work = async {
        sleep(FIRST).await;
        loop {
            match walk(&app, retention).await {
                Ok(0) => {}
                Ok(gone) => {
                    tracing::info!(notifications = gone, "what was done with is taken away")
                }
                Err(error) => {
                    tracing::warn!(error = %error, "what is done with waits for the database")
                }
            }
            sleep(EVERY).await;
        }
    };
    stop.run_until_cancelled(work).await;
}

/// Once through the whole table. Returns how many notifications are gone.
async fn walk(app: &App, retention: Duration) -> Result<u64, StoreError> {
    let now = app.clock.now();
    let groups = app.config.broadcast_retention;
    let keep = Keep {
        since: before(now, retention),
        groups_since: groups.map(|groups| before(now, groups)),
    };
    let (mut at, mut gone) = (Position::START, 0);
    loop {
        let step = app.store.prune(at, keep).await?;
        gone += step.notifications;
        match step.next {
            Some(next) => at = next,
            None => return Ok(gone),
        }
        sleep(PAUSE).await;
    }
}

fn before(now: Timestamp, time: Duration) -> Timestamp {
    now.plus_ms(i64::try_from(time.as_millis()).map_or(i64::MIN, |ms| -ms))
}
