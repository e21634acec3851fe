//! The lease of this server, and the rows of those that lost theirs.
//!
//! Every server renews a lease on its row in `nodes`. Whoever sees a lease run out closes that server's
//! rows as `node_lost`; a server which finds that this happened to itself cuts its sockets, so that their
//! clients come back to rows that are open.

use std::sync::Arc;

use atalaya_gateway::CloseReason;
use atalaya_store::model::{Lease, Reaped};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::App;

/// A lease is renewed this many times before it would run out, so that one lost renewal does no harm.
const RENEWALS_PER_LEASE: u32 = 3;

/// Renews the lease until `stop`.
pub(crate) async fn keep_lease(app: Arc<App>, stop: CancellationToken) {
    let mut ticks = interval(app.config.lease / RENEWALS_PER_LEASE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => renew(&app).await,
        }
    }
}

async fn renew(app: &App) {
    let ledger = &app.ledger;
    let asked_at = Instant::now();
    let renewed = ledger
        .store
        .renew_lease(&ledger.node_id(), ledger.clock.now(), ledger.lease)
        .await;
    match renewed {
        Ok(Lease::Renewed) => {
            ledger.leased_since(asked_at);
            app.health.wrote(Ok(()));
        }
        Ok(Lease::Lost) => begin_anew(app).await,
        Err(error) => {
            app.health.wrote(Err(&error));
            tracing::warn!(error = %error, "the lease could not be renewed");
        }
    }
}

/// Another server closed our rows: their sockets must not outlive them.
async fn begin_anew(app: &App) {
    tracing::error!(
        node = app.ledger.node_id().as_ref(),
        sockets = app.hub.stats().sockets,
        "another server took this one for dead and closed its rows: cutting the sockets, their clients come back"
    );
    if let Err(error) = app.ledger.begin_anew().await {
        tracing::warn!(error = %error, "a new lease could not be begun");
    }
    // Read after the id has changed: a socket that joins later compares its row's id by itself.
    let node = app.ledger.node_id();
    for member in app.hub.members() {
        if member.state().node != node {
            member.disconnect(CloseReason::NodeLost);
        }
    }
}

/// Closes the rows of servers whose lease ran out, until `stop`.
pub(crate) async fn reap(app: Arc<App>, stop: CancellationToken) {
    let mut ticks = interval(app.config.lease / RENEWALS_PER_LEASE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let (now, own) = (app.clock.now(), app.ledger.node_id());
        match app.store.reap_expired(now, &own).await {
            Ok(reaped) if reaped.is_empty() => {}
            Ok(reaped) => {
                log_reaped(&reaped);
                app.ledger.changed_for_everyone();
            }
            Err(error) => tracing::warn!(error = %error, "lost servers could not be looked for"),
        }
    }
}

pub(super) fn log_reaped(reaped: &[Reaped]) {
    for lost in reaped {
        tracing::warn!(
            node = lost.node.as_deref(),
            sessions = lost.sessions,
            close.reason = "node_lost",
            "a server is gone: its rows are closed"
        );
    }
}
