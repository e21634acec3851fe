//! Packets of one client, in order, to the namespaces: who may join, what goes to the application, and
//! what is against the protocol. What the public server closes the connection for is closed here too.

use std::{borrow::Cow, sync::Arc, time::Duration};

use atalaya_protocol::{
    Error,
    socket::{self, Kind, Limits, Packet, Reassembly},
};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::{
    Ack, Frame, Socket,
    client::{Client, Progress},
    packets,
};
use crate::{
    Admission, Application, CloseReason, Config, ConnectRequest, Event, Handshake,
    RefusedConnection,
    engine::{self, Handler, Message, Session},
};

/// How long a message may be before the client has joined a namespace: room for any token, and little memory
/// for whoever shows none.
const MAX_UNKNOWN_BYTES: usize = 64 * 1024;

/// How many times a client may be refused on one connection: each time costs a look at its token and a line of
/// the log, and a client that means well waits in between.
const MAX_REFUSALS: u32 = 10;

/// What becomes of a packet: nothing more, or work that the next packet waits for.
type Outcome = Result<Option<BoxFuture<'static, ()>>, Rejected>;

/// Why a packet ends the connection.
#[derive(Debug, thiserror::Error)]
enum Rejected {
    #[error(transparent)]
    Malformed(#[from] Error),
    #[error("a {0} packet for a namespace that is not joined")]
    NotJoined(&'static str),
    #[error("CONNECT to a namespace that is joined already")]
    JoinedAlready,
}

/// The Socket.IO side of the engine.
pub(crate) struct Namespaces<A> {
    application: Arc<A>,
    names: Box<[Arc<str>]>,
    connect_timeout: Duration,
    attachments: Limits,
    max_payload: usize,
}

impl<A: Application> Namespaces<A> {
    pub(crate) fn new(config: &Config, application: Arc<A>) -> Self {
        let names = config.namespaces.iter();
        Self {
            application,
            names: names.map(|name| Arc::from(name.as_str())).collect(),
            connect_timeout: config.connect_timeout,
            attachments: Limits {
                max_attachments: config.max_attachments,
                max_bytes: config.max_payload,
            },
            max_payload: config.max_payload,
        }
    }
}

impl<A: Application> Handler for Namespaces<A> {
    type Client = Client<A::State>;

    fn opened(&self, session: &Arc<Session>) -> Self::Client {
        session.limit_payload(self.max_payload.min(MAX_UNKNOWN_BYTES));
        Client::new(session)
    }

    fn message(
        self: &Arc<Self>,
        client: &Arc<Self::Client>,
        message: Message,
    ) -> Option<BoxFuture<'static, ()>> {
        let outcome = match message {
            Message::Text(text) => self.text(client, &text),
            Message::Binary(bytes) => self.attachment(client, bytes),
        };
        outcome.unwrap_or_else(|rejected| {
            tracing::debug!(error = %rejected, "a packet ended its connection");
            client.session.end(CloseReason::ParseError);
            None
        })
    }

    fn tend(&self, client: &Arc<Self::Client>, now: Instant) -> Option<Instant> {
        for socket in client.take_closing() {
            self.disconnected(&socket, CloseReason::ServerError);
        }
        let expiry = self.expire(client, now);
        let patience = self.connect_deadline(client, now);
        expiry.into_iter().chain(patience).min()
    }

    fn closed(&self, client: &Arc<Self::Client>, reason: CloseReason) {
        for socket in client.end(reason) {
            self.disconnected(&socket, reason);
        }
    }

    fn refused(&self, handshake: Handshake, code: &'static str, message: &'static str) {
        self.application.refused(RefusedConnection {
            handshake: Arc::new(handshake),
            namespace: None,
            code,
            message: Cow::Borrowed(message),
        });
    }
}

impl<A: Application> Namespaces<A> {
    fn text(self: &Arc<Self>, client: &Arc<Client<A::State>>, text: &str) -> Outcome {
        let packet = Packet::decode(text)?;
        if client.lock().reassembly.is_some() {
            return Err(Error::UnexpectedText.into());
        }
        if packet.attachments == 0 {
            return self.dispatch(client, packet, Vec::new());
        }
        // Before anything is kept for it: only who has joined may send attachments.
        self.joined(client, &packet)?;
        let waiting = Reassembly::new(packet, self.attachments)?;
        client.lock().reassembly = Some(Box::new(waiting));
        Ok(None)
    }

    fn attachment(self: &Arc<Self>, client: &Arc<Client<A::State>>, bytes: Bytes) -> Outcome {
        let waiting = client.lock().reassembly.take();
        let mut waiting = waiting.ok_or(Error::UnexpectedBinary)?;
        waiting.push(bytes)?;
        if !waiting.is_complete() {
            client.lock().reassembly = Some(waiting);
            return Ok(None);
        }
        let whole = waiting.finish()?;
        self.dispatch(client, whole.packet, whole.attachments)
    }

    fn dispatch(
        self: &Arc<Self>,
        client: &Arc<Client<A::State>>,
        packet: Packet<'_>,
        attachments: Vec<Bytes>,
    ) -> Outcome {
        match packet.kind {
            Kind::Connect => self.connect(client, packet),
            Kind::Disconnect => {
                let socket = self.joined(client, &packet)?;
                client.remove(&socket);
                self.disconnected(&socket, CloseReason::ClientDisconnect);
                Ok(None)
            }
            Kind::Event | Kind::BinaryEvent => {
                let socket = self.joined(client, &packet)?;
                self.event(client, socket, packet, attachments)
            }
            // The server asks for no acknowledgement, so these answer nothing.
            Kind::Ack | Kind::BinaryAck => self.joined(client, &packet).map(|_| None),
            Kind::ConnectError => Err(Rejected::NotJoined(packet.kind.as_str())),
        }
    }

    fn joined(
        &self,
        client: &Client<A::State>,
        packet: &Packet<'_>,
    ) -> Result<Arc<Socket<A::State>>, Rejected> {
        client
            .find(&packet.namespace)
            .ok_or(Rejected::NotJoined(packet.kind.as_str()))
    }

    fn event(
        self: &Arc<Self>,
        client: &Client<A::State>,
        socket: Arc<Socket<A::State>>,
        packet: Packet<'_>,
        attachments: Vec<Bytes>,
    ) -> Outcome {
        let (name, args) = socket::event(packet.data.as_deref().unwrap_or_default())?;
        let namespace = self.configured(&packet.namespace);
        let ack = namespace.zip(packet.ack_id);
        let event = Event {
            name,
            args,
            attachments,
            ack: ack.map(|(namespace, id)| Ack::new(&client.session, namespace, id)),
        };
        let this = Arc::clone(self);
        Ok(Some(Box::pin(async move {
            this.application.event(&socket, event).await;
        })))
    }

    fn connect(self: &Arc<Self>, client: &Arc<Client<A::State>>, packet: Packet<'_>) -> Outcome {
        if client.find(&packet.namespace).is_some() {
            return Err(Rejected::JoinedAlready);
        }
        let Some(namespace) = self.configured(&packet.namespace).cloned() else {
            self.refuse(
                client,
                &packet.namespace,
                "invalid_namespace",
                "Invalid namespace",
                None,
            );
            return Ok(None);
        };
        let handshake = Arc::clone(client.session.handshake());
        if !handshake.origin_allowed {
            let code = "origin_denied";
            let message = "this page's origin is not allowed to connect";
            self.refuse(client, &namespace, code, message, Some(code));
            return Ok(None);
        }
        let auth = packet.data.map(|it| RawValue::from_string(it.into_owned()));
        let request = ConnectRequest {
            namespace,
            auth: auth.transpose().map_err(|_| Error::InvalidJson)?,
            handshake,
            transport: client.session.transport(),
        };
        client.lock().progress = Progress::Asking;
        Ok(Some(Box::pin(admit(
            Arc::clone(self),
            Arc::clone(client),
            request,
        ))))
    }

    /// CONNECT and the greeting go out, and only then can anybody send to the socket.
    fn join(
        &self,
        client: &Client<A::State>,
        namespace: Arc<str>,
        mut admission: Admission<A::State>,
    ) {
        let pid = admission.pid.take();
        let mut welcome = vec![packets::connect(
            &namespace,
            &admission.socket_id,
            pid.as_deref(),
        )];
        let greeting = std::mem::take(&mut admission.greeting);
        welcome.extend(greeting.iter().flat_map(Frame::packets).cloned());
        let socket = Arc::new(Socket::new(&client.session, namespace, admission));
        // A client that is gone meanwhile changes nothing: the application has admitted it, and is told.
        let _ = client.session.send(&welcome);
        client.session.limit_payload(self.max_payload);
        let ended = client.join(&socket);
        self.application.connected(&socket);
        if let Some(reason) = ended {
            self.disconnected(&socket, reason);
        }
    }

    /// Refuses a CONNECT without asking the application, and tells it.
    fn refuse(
        &self,
        client: &Client<A::State>,
        namespace: &str,
        code: &'static str,
        message: &'static str,
        public_code: Option<&str>,
    ) {
        tell_refused(
            client,
            packets::connect_error(namespace, message, public_code),
        );
        self.application.refused(RefusedConnection {
            handshake: Arc::clone(client.session.handshake()),
            namespace: Some(namespace.into()),
            code,
            message: Cow::Borrowed(message),
        });
    }

    fn disconnected(&self, socket: &Arc<Socket<A::State>>, reason: CloseReason) {
        // What the server said when it closed the socket is more exact than how the transport ended.
        let reason = socket.mark_closed(reason);
        self.application.disconnected(socket, reason);
    }

    /// Cuts off the sockets whose token has run out; returns when the next one does.
    fn expire(&self, client: &Client<A::State>, now: Instant) -> Option<Instant> {
        let (expired, next) = client.expired(now);
        for socket in expired {
            socket.disconnect(CloseReason::TokenExpired);
        }
        next
    }

    /// Ends a connection that has joined nothing for too long; returns until when it may still do so.
    fn connect_deadline(&self, client: &Client<A::State>, now: Instant) -> Option<Instant> {
        let (progress, since) = {
            let joined = client.lock();
            (joined.progress, joined.outside_since)
        };
        if matches!(progress, Progress::Joined | Progress::Asking) {
            return None;
        }
        let deadline = since + self.connect_timeout;
        if now < deadline {
            return Some(deadline);
        }
        if client.session.closed().is_none() {
            client.session.end(CloseReason::ConnectTimeout);
            if progress == Progress::Silent {
                let handshake = Handshake::clone(client.session.handshake());
                self.refused(
                    handshake,
                    "connect_timeout",
                    "no namespace was joined in time",
                );
            }
        }
        None
    }

    fn configured(&self, namespace: &str) -> Option<&Arc<str>> {
        self.names.iter().find(|name| ***name == *namespace)
    }
}

/// Asks the application, and answers the client. Runs in the session's task, beside its heartbeat and its
/// end, so that none of them can come between two lines without an await.
async fn admit<A: Application>(
    namespaces: Arc<Namespaces<A>>,
    client: Arc<Client<A::State>>,
    request: ConnectRequest,
) {
    let namespace = Arc::clone(&request.namespace);
    match namespaces.application.admit(request).await {
        Ok(admission) => namespaces.join(&client, namespace, admission),
        Err(refusal) => {
            let code = Some(refusal.code);
            tell_refused(
                &client,
                packets::connect_error(&namespace, &refusal.message, code),
            );
        }
    }
}

/// Tells a client that it may not join, and ends a connection that was told so too often.
fn tell_refused<S>(client: &Client<S>, connect_error: engine::Packet) {
    let refusals = {
        let mut joined = client.lock();
        if joined.progress != Progress::Joined {
            joined.progress = Progress::Refused;
        }
        joined.refusals += 1;
        joined.refusals
    };
    let _ = client.session.send(&[connect_error]);
    if refusals >= MAX_REFUSALS {
        client.session.end(CloseReason::ConnectTimeout);
    }
}
