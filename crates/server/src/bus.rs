//! What other servers on the same database have committed, heard at once instead of at the next poll.

use std::sync::Arc;

use atalaya_store::bus::{Bus, Listening};
use tokio_util::sync::CancellationToken;

use crate::App;

/// Runs until `stop`: wakes whoever follows the tables for what is heard.
pub(crate) async fn listen(app: Arc<App>, bus: Arc<Bus>, stop: CancellationToken) {
    let mut is_lost = false;
    let on = |listening| match listening {
        Listening::Heard(wake) => app.delivery.hear(&app.hub, wake),
        Listening::Connected => {
            app.metrics.bus(true);
            if is_lost {
                tracing::info!("the bus between the servers is back");
            }
            is_lost = false;
        }
        Listening::Lost => {
            app.metrics.bus(false);
            if !is_lost {
                tracing::warn!(
                    "the bus between the servers is lost: what others publish comes by the poll"
                );
            }
            is_lost = true;
        }
    };
    bus.listen(on, stop).await;
}

/// Runs until `stop`: tells the other servers.
pub(crate) async fn speak(bus: Arc<Bus>, stop: CancellationToken) {
    bus.speak(stop).await;
}
