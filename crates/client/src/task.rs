//! The task that owns a connection: it reads packets, answers heartbeats, obeys the handle, and ends with
//! the reason. One step at a time; only reading is ever cancelled, so that nothing is sent by halves.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use atalaya_protocol::engine::{self, Open};
use atalaya_protocol::socket::{self, Kind, Packet, Reassembly};
use bytes::Bytes;
use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::transport::{Incoming, Outgoing, Transport, silence_allowed};
use crate::{Closed, Event};

/// Acknowledgements awaited at once.
const MAX_ACKS: usize = 1024;

/// Of a server's binary event; far more than any real one has.
const LIMITS: socket::Limits = socket::Limits {
    max_attachments: 64,
    max_bytes: 16 << 20,
};

pub(crate) struct TooManyAcks;

/// The JSON array of the answer's arguments.
pub(crate) type Ack = Result<Box<RawValue>, TooManyAcks>;

pub(crate) enum Command {
    Emit {
        data: String,
        attachments: Vec<Bytes>,
        ack: Option<oneshot::Sender<Ack>>,
    },
    Raw(String),
    Disconnect,
}

/// Where events go: to the handle, which may be slow, or to a function, which may not.
pub(crate) enum Sink {
    Queue(mpsc::Sender<Event>),
    Handler(Arc<dyn Fn(Event) + Send + Sync>),
}

pub(crate) struct Task {
    transport: Transport,
    namespace: String,
    answers_heartbeats: bool,
    commands: mpsc::Receiver<Command>,
    events: Sink,
    acks: HashMap<u64, oneshot::Sender<Ack>>,
    next_ack: u64,
    reassembly: Option<Box<Reassembly>>,
    silence_allowed: Duration,
    deadline: Instant,
}

impl Task {
    pub(crate) fn new(
        transport: Transport,
        open: &Open,
        namespace: String,
        answers_heartbeats: bool,
        commands: mpsc::Receiver<Command>,
        events: Sink,
    ) -> Self {
        let silence_allowed = silence_allowed(open);
        Self {
            transport,
            namespace,
            answers_heartbeats,
            commands,
            events,
            acks: HashMap::new(),
            next_ack: 0,
            reassembly: None,
            silence_allowed,
            deadline: Instant::now() + silence_allowed,
        }
    }

    pub(crate) async fn run(mut self, closed: Arc<OnceLock<Closed>>) {
        let reason = loop {
            if let Err(reason) = self.step().await {
                break reason;
            }
        };
        tracing::debug!(%reason, "the client's connection is over");
        // Set before the channels close with `self`, so that whoever finds them closed finds the reason.
        let _ = closed.set(reason);
    }

    async fn step(&mut self) -> Result<(), Closed> {
        tokio::select! {
            command = self.commands.recv() => match command {
                Some(command) => self.obey(command).await,
                None => Err(Closed::ByClient),
            },
            incoming = self.transport.read() => self.take(incoming?).await,
            () = sleep_until(self.deadline) => Err(Closed::HeartbeatMissed),
        }
    }

    async fn obey(&mut self, command: Command) -> Result<(), Closed> {
        match command {
            Command::Emit {
                data,
                attachments,
                ack,
            } => self.emit(data, attachments, ack).await,
            Command::Raw(packet) => Ok(self.transport.write(vec![Outgoing::Text(packet)]).await?),
            Command::Disconnect => {
                let goodbye = Packet::new(Kind::Disconnect, self.namespace.as_str(), None);
                self.transport.write(vec![message(&goodbye)]).await?;
                // The server may close first, on hearing the goodbye.
                let _ = self.transport.close().await;
                Err(Closed::ByClient)
            }
        }
    }

    async fn emit(
        &mut self,
        data: String,
        attachments: Vec<Bytes>,
        ack: Option<oneshot::Sender<Ack>>,
    ) -> Result<(), Closed> {
        let ack_id = match ack {
            None => None,
            Some(ack) => match self.register(ack) {
                Some(id) => Some(id),
                None => return Ok(()),
            },
        };
        let kind = if attachments.is_empty() {
            Kind::Event
        } else {
            Kind::BinaryEvent
        };
        let packet = Packet {
            ack_id,
            attachments: attachments.len(),
            ..Packet::new(kind, self.namespace.as_str(), Some(data.into()))
        };
        let mut messages = vec![message(&packet)];
        messages.extend(attachments.into_iter().map(Outgoing::Binary));
        Ok(self.transport.write(messages).await?)
    }

    /// Remember who waits for an answer, forgetting those who gave up; `None` when there are too many.
    fn register(&mut self, ack: oneshot::Sender<Ack>) -> Option<u64> {
        if self.acks.len() >= MAX_ACKS {
            self.acks.retain(|_, waiting| !waiting.is_closed());
        }
        if self.acks.len() >= MAX_ACKS {
            let _ = ack.send(Err(TooManyAcks));
            return None;
        }
        let id = self.next_ack;
        self.next_ack += 1;
        self.acks.insert(id, ack);
        Some(id)
    }

    async fn take(&mut self, incoming: Incoming) -> Result<(), Closed> {
        let text = match incoming {
            Incoming::Text(text) => text,
            Incoming::Binary(bytes) => return self.take_attachment(bytes).await,
        };
        match engine::Packet::decode(&text)? {
            engine::Packet::Message(text) => self.take_packet(Packet::decode(text)?).await,
            engine::Packet::Ping(data) => {
                self.deadline = Instant::now() + self.silence_allowed;
                match self.answers_heartbeats {
                    true => Ok(self.transport.write(vec![pong(data)]).await?),
                    false => Ok(()),
                }
            }
            engine::Packet::Close => Err(Closed::Transport),
            _ => Ok(()),
        }
    }

    async fn take_packet(&mut self, packet: Packet<'_>) -> Result<(), Closed> {
        if self.reassembly.is_some() {
            return Err(atalaya_protocol::Error::UnexpectedText.into());
        }
        if packet.kind.is_binary() {
            let reassembly = Reassembly::new(packet, LIMITS)?;
            self.reassembly = Some(Box::new(reassembly));
            return self.take_whole().await;
        }
        self.deliver(&packet, Vec::new()).await
    }

    async fn take_attachment(&mut self, bytes: Bytes) -> Result<(), Closed> {
        let reassembly = self.reassembly.as_mut();
        reassembly
            .ok_or(atalaya_protocol::Error::UnexpectedBinary)?
            .push(bytes)?;
        self.take_whole().await
    }

    /// Deliver the packet whose last attachment has come, if it has.
    async fn take_whole(&mut self) -> Result<(), Closed> {
        match self
            .reassembly
            .take_if(|reassembly| reassembly.is_complete())
        {
            None => Ok(()),
            Some(reassembly) => {
                let whole = reassembly.finish()?;
                self.deliver(&whole.packet, whole.attachments).await
            }
        }
    }

    async fn deliver(
        &mut self,
        packet: &Packet<'_>,
        attachments: Vec<Bytes>,
    ) -> Result<(), Closed> {
        if packet.namespace != self.namespace {
            return Ok(());
        }
        let data = packet.data.as_deref().unwrap_or("[]");
        match packet.kind {
            Kind::Event | Kind::BinaryEvent => {
                let (name, args) = socket::event(data)?;
                self.hand_on(Event {
                    name,
                    args,
                    attachments,
                })
                .await
            }
            Kind::Ack | Kind::BinaryAck => {
                let waiting = packet.ack_id.and_then(|id| self.acks.remove(&id));
                let args = RawValue::from_string(data.to_owned())
                    .map_err(|_| atalaya_protocol::Error::InvalidJson)?;
                if let Some(waiting) = waiting {
                    // Whoever waited may have given up.
                    let _ = waiting.send(Ok(args));
                }
                Ok(())
            }
            Kind::Disconnect => Err(Closed::ByServer),
            Kind::Connect | Kind::ConnectError => Ok(()),
        }
    }

    async fn hand_on(&mut self, event: Event) -> Result<(), Closed> {
        match &self.events {
            Sink::Handler(handler) => {
                handler(event);
                Ok(())
            }
            Sink::Queue(queue) => queue.send(event).await.map_err(|_| Closed::ByClient),
        }
    }
}

/// A Socket.IO packet inside an Engine.IO message.
pub(crate) fn message(packet: &Packet<'_>) -> Outgoing {
    let mut text = String::from("4");
    packet.encode_into(&mut text);
    Outgoing::Text(text)
}

pub(crate) fn pong(data: &str) -> Outgoing {
    Outgoing::Text(engine::Packet::Pong(data).encode())
}
