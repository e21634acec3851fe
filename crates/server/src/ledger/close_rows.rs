//! Closes the rows of ended sockets, whatever the database does meanwhile (L2, L3).

use std::{sync::Arc, time::Duration};

use atalaya_gateway::CloseReason;
use atalaya_store::model::{SessionId, Timestamp};
use futures_util::future::join_all;
use tokio::sync::mpsc;

use super::last_seen_at;
use crate::{App, sockets::Member};

/// How many rows are handed to the store at a time: what it commits together.
const BATCH: usize = 512;

/// How long to wait before asking again a database that did not answer, at first and at most.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_MOST: Duration = Duration::from_secs(2);

/// A row that is to be closed.
#[derive(Clone, Copy, Debug)]
pub struct Closing {
    session_id: SessionId,
    reason: &'static str,
    at: Timestamp,
    last_seen_at: Timestamp,
}

impl Closing {
    pub(super) fn of(member: &Member, reason: CloseReason, now: Timestamp) -> Self {
        Self {
            session_id: member.state().session_id,
            reason: reason.as_str(),
            at: now,
            last_seen_at: last_seen_at(member, now),
        }
    }

    pub(super) fn log(&self, member: &Member, reason: CloseReason) {
        let seat = member.state();
        tracing::info!(
            session.id = self.session_id.0,
            socket.id = member.id(),
            user.id = seat.user_id.0,
            close.reason = reason.as_str(),
            duration_ms = self.at.0 - seat.connected_at.0,
            "connection closed"
        );
    }
}

/// Runs until the last sender is gone and every row is closed.
pub(crate) async fn close_rows(app: Arc<App>, mut closings: mpsc::Receiver<Closing>) {
    let mut batch = Vec::with_capacity(BATCH);
    while closings.recv_many(&mut batch, BATCH).await > 0 {
        let mut pause = RETRY_FIRST;
        while !batch.is_empty() {
            batch = close_batch(&app, batch).await;
            if !batch.is_empty() {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(RETRY_MOST);
            }
        }
        app.ledger.changed();
    }
}

/// Closes a batch; gives back what the database did not take.
async fn close_batch(app: &App, batch: Vec<Closing>) -> Vec<Closing> {
    let outcomes = join_all(batch.iter().map(|row| {
        app.store
            .close_session(row.session_id, row.reason, row.at, row.last_seen_at)
    }))
    .await;
    let mut left = Vec::new();
    let mut last_error = None;
    for (row, outcome) in batch.into_iter().zip(outcomes) {
        if let Err(error) = outcome {
            left.push(row);
            last_error = Some(error);
        }
    }
    if let Some(error) = last_error {
        tracing::warn!(rows = left.len(), error = %error, "rows wait to be closed");
    }
    left
}
