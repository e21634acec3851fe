//! The product's side of the gateway: who may connect, and what a client's events do.
//!
//! `admit` decides and commits the row, `events` has one file for each client event, `hub` holds the
//! rooms. Knows no HTTP.

mod admit;
mod events;
mod hub;
#[cfg(test)]
mod interleavings;
mod resume;
mod seat;

use std::sync::Arc;

use atalaya_gateway::{
    Admission, Application, CloseReason, ConnectRequest, Event, Handshake, Refusal,
    RefusedConnection,
};
use atalaya_store::model::{NewRefusal, Timestamp};

use crate::{App, delivery};

pub(crate) use hub::Hub;
pub(crate) use seat::{Member, Seat, feed_live};

/// The application that the gateway carries.
pub(crate) struct Sockets(pub Arc<App>);

impl Application for Sockets {
    type State = Seat;

    async fn admit(&self, request: ConnectRequest) -> Result<Admission<Seat>, Refusal> {
        admit::admit(&self.0, &request).await
    }

    fn connected(&self, member: &Arc<Member>) {
        let app = &self.0;
        let is_placed = app.hub.join(member);
        supersede(app, member);
        app.ledger.changed(member.state().user_id);
        if member.state().node != app.ledger.node_id() {
            // The lease was lost between the commit and now: another server has closed this row.
            member.disconnect(CloseReason::NodeLost);
        }
        log_opened(app, member);
        let entry = member.state().entry;
        let is_live = is_placed
            && entry
                .nothing_up_to
                .is_some_and(|head| delivery::meets_the_fan_out(app, member, head));
        if is_live && entry.is_unread_known {
            return;
        }
        let (app, member) = (Arc::clone(app), Arc::clone(member));
        self.0.tasks.spawn(async move {
            if !is_live {
                delivery::catch_up(&app, &member, is_placed).await;
            }
            // After the backlog: a client that counts what arrives would count it twice.
            if !entry.is_unread_known {
                events::tell_inbox(&app, &member).await;
            }
        });
    }

    async fn event(&self, member: &Arc<Member>, event: Event) {
        events::answer(&self.0, member, event).await;
    }

    fn disconnected(&self, member: &Arc<Member>, reason: CloseReason) {
        let app = &self.0;
        member.state().leave();
        app.hub.leave(member);
        app.ledger.close(member, reason);
        app.ledger.changed(member.state().user_id);
        app.metrics.closed(reason.as_str());
    }

    fn refused(&self, refused: RefusedConnection) {
        let app = &self.0;
        let refusal = NewRefusal {
            namespace: refused.namespace.as_deref().map(str::to_owned),
            ..refusal_of(
                app,
                &refused.handshake,
                refused.code,
                &refused.message,
                app.clock.now(),
            )
        };
        record_refusal(app, refusal);
    }
}

/// A client that comes back before anybody has noticed that it was gone leaves a connection behind on which nobody
/// listens: it ends now, instead of when its heartbeat fails.
fn supersede(app: &App, member: &Member) {
    let left_behind = member.state().recovered_from;
    if let Some(left_behind) = left_behind.and_then(|id| app.hub.member(id)) {
        left_behind.disconnect(CloseReason::Superseded);
    }
}

/// What every refusal says of its handshake. Who and to which namespace, the caller adds as far as it is known.
fn refusal_of(
    app: &App,
    handshake: &Handshake,
    code: &'static str,
    detail: &str,
    now: Timestamp,
) -> NewRefusal {
    NewRefusal {
        at: now,
        code,
        detail: Some(detail.to_owned()),
        ip_address: Some(handshake.remote_addr.to_string()),
        user_agent: handshake.user_agent.as_deref().map(str::to_owned),
        origin: handshake.origin.as_deref().map(str::to_owned),
        namespace: None,
        user_id: None,
        node: app.ledger.node_id().to_string(),
        transport: handshake.transport.as_str(),
    }
}

/// One line and one row for each connection that was refused.
fn record_refusal(app: &App, refusal: NewRefusal) {
    app.metrics.refused(refusal.code);
    tracing::info!(
        refusal.code = %refusal.code,
        refusal.detail = refusal.detail.as_deref(),
        client.address = refusal.ip_address.as_deref(),
        user.id = refusal.user_id.map(|user| user.0),
        namespace = refusal.namespace.as_deref(),
        transport = %refusal.transport,
        "connection refused"
    );
    app.store.record_refusal(refusal);
}

fn log_opened(app: &App, member: &Member) {
    let seat = member.state();
    tracing::info!(
        session.id = seat.session_id.0,
        session.recovered_from = seat.recovered_from.map(|id| id.0),
        socket.id = member.id(),
        user.id = seat.user_id.0,
        client.address = %member.handshake().remote_addr,
        transport = member.transport().as_str(),
        node = app.ledger.node_id().as_ref(),
        "connection opened"
    );
}
