//! From polling to a websocket: the client opens one beside its polling, probes it, lets its last poll
//! come home, and moves. Until it has moved nothing of the session depends on the websocket; when it does
//! not get there in time, the websocket is closed and the polling goes on.

use std::{sync::Arc, time::Duration};

use atalaya_protocol::engine;
use hyper::upgrade::OnUpgrade;
use tokio::time::{Instant, timeout};

use super::{
    FAREWELL_LIMIT,
    inbound::Item,
    packet::Packet,
    session::Session,
    websocket::{Lost, Websocket, take_over},
};
use crate::{CloseReason, Transport};

/// Why a session did not move.
#[derive(Debug, thiserror::Error)]
enum NotUpgraded {
    #[error("the session moves or has moved already")]
    AlreadyUpgraded,
    #[error("the client sent something else than the next step")]
    OutOfOrder,
    #[error("the client took too long")]
    TooSlow,
    #[error("the session ended meanwhile")]
    Ended,
    #[error(transparent)]
    Lost(#[from] Lost),
}

/// Carries one upgrade through to its end, whichever that is.
pub(super) async fn run(session: Arc<Session>, upgrade: OnUpgrade, limit: Duration) {
    let Some(websocket) = take_over(upgrade, session.max_payload(), limit).await else {
        return;
    };
    let outcome = match Attempt::begin(&session) {
        None => Err((NotUpgraded::AlreadyUpgraded, websocket)),
        Some(attempt) => attempt.carry_out(websocket, limit).await,
    };
    if let Err((why, websocket)) = outcome {
        tracing::debug!(engine.session = ?session.id(), error = %why, "a websocket did not take over");
        websocket
            .refuse(Vec::new(), CloseReason::TransportError, FAREWELL_LIMIT)
            .await;
    }
}

/// The one upgrade that a session may be in. Dropped, the polling goes on as before.
struct Attempt<'a>(&'a Session);

impl<'a> Attempt<'a> {
    fn begin(session: &'a Session) -> Option<Self> {
        let mut outbound = session.outbound();
        if outbound.upgrading || outbound.transport() != Transport::Polling {
            return None;
        }
        outbound.upgrading = true;
        Some(Self(session))
    }

    /// The attempt lasts until the websocket is the session's: another one beside it would be a second reader.
    async fn carry_out(
        self,
        mut websocket: Websocket,
        limit: Duration,
    ) -> Result<(), (NotUpgraded, Websocket)> {
        match self.probe(&mut websocket, limit).await {
            Ok(()) => hand_over(self.0, websocket),
            Err(why) => Err((why, websocket)),
        }
    }

    async fn probe(&self, websocket: &mut Websocket, limit: Duration) -> Result<(), NotUpgraded> {
        let steps = async {
            expect(websocket, engine::Packet::Ping("probe")).await?;
            websocket.write(&Packet::PROBED).await?;
            self.0.touch(Instant::now());
            self.0.outbound().release_polls = true;
            self.0.announce(false);
            expect(websocket, engine::Packet::Upgrade).await
        };
        tokio::select! {
            _ = self.0.ended() => Err(NotUpgraded::Ended),
            done = timeout(limit, steps) => done.unwrap_or(Err(NotUpgraded::TooSlow)),
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut outbound = self.0.outbound();
        outbound.upgrading = false;
        outbound.release_polls = false;
    }
}

/// Waits for the next step; control frames may come between.
async fn expect(websocket: &mut Websocket, step: engine::Packet<'_>) -> Result<(), NotUpgraded> {
    loop {
        match websocket.receive().await? {
            Item::Text(text) if engine::Packet::decode(&text) == Ok(step) => return Ok(()),
            Item::Ping(data) => websocket.write(&Packet::websocket_pong(&data)).await?,
            Item::Pong => {}
            Item::Close => return Err(Lost::Gone.into()),
            Item::Text(_) | Item::Binary(_) => return Err(NotUpgraded::OutOfOrder),
        }
    }
}

/// Gives the websocket to the session's task. What waited for a poll follows over the websocket.
fn hand_over(session: &Session, websocket: Websocket) -> Result<(), (NotUpgraded, Websocket)> {
    {
        let mut outbound = session.outbound();
        if outbound.ending().is_some() {
            return Err((NotUpgraded::Ended, websocket));
        }
        outbound.upgrade(Arc::clone(websocket.stream()));
        session.mailbox().upgraded = Some(Box::new(websocket));
    }
    session.touch(Instant::now());
    tracing::debug!(engine.session = ?session.id(), "moved to a websocket");
    session.announce(true);
    Ok(())
}
