//! The task that owns a session: it alone reads, keeps the heartbeat, calls the handler, and ends it.
//!
//! While the handler works on one message the next is not read (back-pressure on the client), but the
//! heartbeat and the end go on beside it.

use std::{collections::VecDeque, future, panic::AssertUnwindSafe, sync::Arc};

use atalaya_protocol::{Error, engine};
use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use tokio::{
    sync::oneshot,
    task::coop::consume_budget,
    time::{Instant, sleep_until, timeout},
};

use super::{
    Engine, FAREWELL_LIMIT, Handler, Message,
    heartbeat::{Beat, Heartbeat},
    inbound::Item,
    outbound::{Farewell, Outbound},
    packet::Packet,
    session::Session,
    websocket::{Lost, Websocket},
};
use crate::CloseReason;

/// What a client may send once its session is open.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    Message(Message),
    Pong,
    Close,
    /// A WebSocket's own ping, to be answered by the same bytes.
    WebsocketPing(Vec<u8>),
    /// Heard, and nothing to do.
    Nothing,
}

impl Received {
    /// Reads one text packet. What only a server sends, or only an upgrade, is out of order here.
    pub(super) fn decode(mut text: String) -> Result<Self, Error> {
        match engine::Packet::decode(&text)? {
            engine::Packet::Message(_) => {
                text.remove(0);
                Ok(Self::Message(Message::Text(text)))
            }
            engine::Packet::Pong(_) => Ok(Self::Pong),
            engine::Packet::Close => Ok(Self::Close),
            engine::Packet::Open(_) => Err(Error::UnknownType('0')),
            engine::Packet::Ping(_) => Err(Error::UnknownType('2')),
            engine::Packet::Upgrade => Err(Error::UnknownType('5')),
            engine::Packet::Noop => Err(Error::UnknownType('6')),
        }
    }

    pub(super) fn binary(bytes: impl Into<Bytes>) -> Self {
        Self::Message(Message::Binary(bytes.into()))
    }

    fn from_item(item: Item) -> Result<Self, Error> {
        match item {
            Item::Text(text) => Self::decode(text),
            Item::Binary(bytes) => Ok(Self::binary(bytes)),
            Item::Ping(data) => Ok(Self::WebsocketPing(data)),
            Item::Pong => Ok(Self::Nothing),
            Item::Close => Ok(Self::Close),
        }
    }
}

/// Where the task reads from: what a POST left, then the websocket if there is one.
#[derive(Default)]
struct Source {
    posted: VecDeque<Received>,
    done: Option<oneshot::Sender<()>>,
    websocket: Option<Box<Websocket>>,
}

impl Source {
    /// Takes what requests have left for the task.
    fn look(&mut self, session: &Session, is_handling: bool) {
        if self.posted.is_empty() && !is_handling {
            // What was posted before is carried out by now.
            if let Some(done) = self.done.take() {
                let _ = done.send(());
            }
            let posted = session.mailbox().posted.take();
            if let Some(posted) = posted {
                self.posted = posted.packets;
                self.done = Some(posted.done);
            }
        }
        if self.websocket.is_none() {
            self.websocket = session.mailbox().upgraded.take();
        }
        if let Some(websocket) = &mut self.websocket {
            websocket.limit(session.max_payload());
        }
    }

    async fn receive(&mut self) -> Result<Received, CloseReason> {
        // A POST can hold thousands of packets, each of which may need no waiting.
        consume_budget().await;
        if let Some(received) = self.posted.pop_front() {
            return Ok(received);
        }
        let Some(websocket) = &mut self.websocket else {
            return future::pending().await;
        };
        let item = websocket.receive().await.map_err(log_lost)?;
        Received::from_item(item).map_err(|error| {
            tracing::debug!(%error, "a client sent no Engine.IO packet");
            CloseReason::ParseError
        })
    }
}

fn log_lost(lost: Lost) -> CloseReason {
    tracing::debug!(error = %lost, "a websocket ended");
    lost.into()
}

/// One session's task, from the open packet to its last word.
pub(super) struct Task<H: Handler> {
    engine: Arc<Engine<H>>,
    session: Arc<Session>,
    client: Arc<H::Client>,
    heartbeat: Heartbeat,
    source: Source,
    /// The handler at work on a message.
    handling: Option<BoxFuture<'static, ()>>,
}

impl<H: Handler> Task<H> {
    pub(super) fn new(
        engine: Arc<Engine<H>>,
        session: Arc<Session>,
        websocket: Option<Websocket>,
    ) -> Self {
        let client = Arc::new(engine.handler.opened(&session));
        let config = &engine.config;
        Self {
            heartbeat: Heartbeat::new(
                config.ping_interval,
                config.ping_timeout,
                session.opened_at(),
            ),
            client,
            source: Source {
                websocket: websocket.map(Box::new),
                ..Source::default()
            },
            handling: None,
            engine,
            session,
        }
    }

    /// Runs the session to its end.
    pub(super) async fn run(mut self) {
        let (reason, farewell) = self.work().await;
        self.engine.handler.closed(&self.client, reason);
        let handling = self.handling.take();
        let goodbye = Box::pin(say_goodbye(&self.session, self.source, farewell));
        // A message that is being handled is handled to its end: what it committed must be followed up.
        tokio::join!(goodbye, async {
            if let Some(handling) = handling {
                handling.await;
            }
        });
        self.engine.registry.remove(self.session.id());
    }

    async fn work(&mut self) -> (CloseReason, Farewell) {
        let timer = sleep_until(self.heartbeat.next());
        tokio::pin!(timer);
        loop {
            self.source.look(&self.session, self.handling.is_some());
            let next = self.tend();
            if let Some(ending) = self.session.outbound().ending() {
                return ending;
            }
            if timer.deadline() != next {
                timer.as_mut().reset(next);
            }
            let needs_flush = self.session.outbound().needs_flush();
            let stream = self
                .source
                .websocket
                .as_ref()
                .map(|it| Arc::clone(it.stream()));
            tokio::select! {
                // The order does not matter for what is due, told or ended: each round looks at all of it.
                biased;
                () = flushable(stream), if needs_flush => self.flush(),
                () = finish(&mut self.handling), if self.handling.is_some() => self.handling = None,
                received = self.source.receive(), if self.handling.is_none() => {
                    self.take(received);
                }
                () = &mut timer => {}
                () = self.session.woken() => {}
            }
        }
    }

    /// Does what is due, and says when to look again.
    fn tend(&mut self) -> Instant {
        let now = Instant::now();
        match self.heartbeat.due(now, self.handling.is_some()) {
            Beat::Nothing => {}
            Beat::Ping => {
                let _ = self.session.send(&[Packet::PING]);
            }
            Beat::Dead => self.session.end(CloseReason::PingTimeout),
        }
        let next = self.heartbeat.next();
        match self.engine.handler.tend(&self.client, now) {
            Some(asked) => next.min(asked),
            None => next,
        }
    }

    fn take(&mut self, received: Result<Received, CloseReason>) {
        let now = Instant::now();
        let received = match received {
            Ok(received) => received,
            Err(reason) => return self.session.end(reason),
        };
        self.session.touch(now);
        self.heartbeat.heard();
        match received {
            Received::Message(message) => {
                let handling = self.engine.handler.message(&self.client, message);
                self.handling = handling.map(|it| guard(Arc::clone(&self.session), it));
            }
            Received::Pong => self.heartbeat.pong(now),
            Received::WebsocketPing(data) => {
                let _ = self.session.send(&[Packet::websocket_pong(&data)]);
            }
            Received::Close => {
                if let Some(done) = self.source.done.take() {
                    let _ = done.send(());
                }
                self.session
                    .end_with(CloseReason::TransportClose, Farewell::Acknowledge);
            }
            Received::Nothing => {}
        }
    }

    fn flush(&mut self) {
        if self.session.flush().is_err() {
            self.session.end(CloseReason::TransportClose);
        }
    }
}

/// A fault of the handler ends its session in order, so that nothing it opened is left open.
fn guard(session: Arc<Session>, handling: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        if AssertUnwindSafe(handling).catch_unwind().await.is_err() {
            tracing::error!(engine.session = ?session.id(), "a message could not be handled: a fault of the server");
            session.end(CloseReason::ServerError);
        }
    })
}

async fn finish(handling: &mut Option<BoxFuture<'static, ()>>) {
    if let Some(handling) = handling {
        handling.await;
    }
}

/// Waits until the kernel takes bytes again. Without a websocket there is nothing to wait for.
async fn flushable(stream: Option<Arc<tokio::net::TcpStream>>) {
    match stream {
        // An error shows itself in the write that follows.
        Some(stream) => drop(stream.writable().await),
        None => future::pending().await,
    }
}

/// Lets the client hear the last word, for as long as that may take.
async fn say_goodbye(session: &Session, source: Source, farewell: Farewell) {
    // A POST that still waits is told that nothing comes of it.
    drop(source.done);
    let left = std::mem::take(&mut *session.mailbox());
    drop(left.posted);
    let upgraded = left.upgraded;
    let websocket = source.websocket.or(upgraded);
    let goodbye = async {
        match (websocket, farewell) {
            (Some(websocket), Farewell::Nothing) => websocket.cut(),
            (None, Farewell::Nothing) => {}
            (Some(websocket), _) => {
                if flush_all(session, websocket.stream()).await.is_ok() {
                    session.outbound().abandon();
                    websocket.hang_up().await;
                }
            }
            (None, _) => {
                let is_said = |it: &mut Outbound| (!it.awaits_last_poll()).then_some(());
                session.until(is_said).await;
            }
        }
    };
    let _ = timeout(FAREWELL_LIMIT, goodbye).await;
    session.outbound().abandon();
}

async fn flush_all(session: &Session, stream: &tokio::net::TcpStream) -> std::io::Result<()> {
    while session.outbound().needs_flush() {
        stream.writable().await?;
        session.flush()?;
    }
    Ok(())
}
