//! Closes the rows of ended sockets, whatever the database does meanwhile (L2, L3).

use std::{collections::HashSet, sync::Arc};

use atalaya_gateway::CloseReason;
use atalaya_store::{
    StoreError,
    model::{Closed, SessionId, Timestamp, UserId},
};
use futures_util::future::join_all;
use tokio::sync::mpsc;

use super::last_seen_at;
use crate::{App, sockets::Member};

/// How many rows are handed to the store at a time: what it commits together.
const BATCH: usize = 512;

/// A row that is to be closed.
#[derive(Clone, Copy, Debug)]
pub struct Closing {
    session_id: SessionId,
    user_id: UserId,
    reason: &'static str,
    at: Timestamp,
    last_seen_at: Timestamp,
}

impl Closing {
    pub(super) fn of(member: &Member, reason: CloseReason, now: Timestamp) -> Self {
        Self {
            session_id: member.state().session_id,
            user_id: member.state().user_id,
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

/// Runs until the last sender is gone and every row is closed, or owed by the store, which goes on trying
/// when the database does not take it now.
pub(crate) async fn close_rows(app: Arc<App>, mut closings: mpsc::Receiver<Closing>) {
    let mut batch = Vec::with_capacity(BATCH);
    while closings.recv_many(&mut batch, BATCH).await > 0 {
        let users: HashSet<_> = batch.iter().map(|row| row.user_id).collect();
        let outcomes = join_all(batch.drain(..).map(|row| close(&app, row))).await;
        let errors = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
        if let Some(error) = errors.clone().next_back() {
            tracing::warn!(rows = errors.count(), error = %error, "rows wait to be closed");
        }
        for user in users {
            app.ledger.changed(user);
        }
    }
}

async fn close(app: &App, row: Closing) -> Result<Closed, StoreError> {
    app.store
        .close_session(row.session_id, row.reason, row.at, row.last_seen_at)
        .await
}
