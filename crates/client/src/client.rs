//! The handle of one connected socket. The connection itself belongs to a task ([`crate::task`]); the two
//! talk over bounded channels, and the task ends when the handle is dropped.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use atalaya_protocol::engine::Open;
use atalaya_protocol::socket;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::connect::{Accepted, connect_namespace};
use crate::task::{self, Ack, Command, Sink, Task};
use crate::transport::{Transport, within};
use crate::{Closed, ConnectError, Error, Events, Mode, Options, Step, TransportKind};

/// Commands that may wait for the task; emitting waits when there are more.
const COMMANDS: usize = 16;

/// An event of the server.
#[derive(Debug, Clone)]
pub struct Event {
    pub name: String,
    /// The JSON array of the arguments.
    pub args: Box<RawValue>,
    pub attachments: Vec<Bytes>,
}

impl Event {
    /// The arguments as a tuple, an array or a [`Value`].
    ///
    /// # Errors
    /// When they are something else.
    pub fn parse<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(self.args.get())
    }

    /// One argument, or null if there are fewer.
    #[must_use]
    pub fn arg(&self, index: usize) -> Value {
        nth(&self.args, index)
    }
}

/// A socket, connected to one namespace. Dropping it drops the TCP connection without a word.
#[derive(Debug)]
pub struct Client {
    id: String,
    pid: Option<String>,
    open: Open,
    transport: TransportKind,
    timeout: Duration,
    commands: mpsc::Sender<Command>,
    events: mpsc::Receiver<Event>,
    task: JoinHandle<()>,
    /// Set by the task, once, before it ends.
    closed: Arc<OnceLock<Closed>>,
}

impl Client {
    /// Open a transport, send CONNECT, wait for the answer, and upgrade if the mode says so; all of it within
    /// the timeout of the options.
    ///
    /// # Errors
    /// [`ConnectError::Refused`] for a CONNECT_ERROR, [`ConnectError::Timeout`], or what went wrong underneath.
    pub async fn connect(options: Options) -> Result<Self, ConnectError> {
        let deadline = Instant::now() + options.timeout;
        let (mut transport, open) = within(deadline, Step::Open, Transport::open(&options)).await?;
        let connect = connect_namespace(&mut transport, &options);
        let accepted = within(deadline, Step::Connect, connect).await?;
        if options.mode == Mode::PollingThenWebSocket {
            transport = within(deadline, Step::Upgrade, transport.upgrade()).await?;
        }
        Ok(Self::start(transport, open, accepted, options))
    }

    fn start(transport: Transport, open: Open, accepted: Accepted, options: Options) -> Self {
        let closed = Arc::new(OnceLock::new());
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let (sink, events) = match options.events {
            Events::Queue(length) => {
                let (sender, events) = mpsc::channel(length.max(1));
                (Sink::Queue(sender), events)
            }
            Events::Handler(handler) => (Sink::Handler(handler), mpsc::channel(1).1),
        };
        let kind = transport.kind();
        let task = Task::new(
            transport,
            &open,
            options.namespace,
            options.answers_heartbeats,
            receiver,
            sink,
        );
        let task = tokio::spawn(task.run(Arc::clone(&closed)));
        Self {
            id: accepted.sid,
            pid: accepted.pid,
            open,
            transport: kind,
            timeout: options.timeout,
            commands,
            events,
            task,
            closed,
        }
    }

    /// The socket id, as the server shows and stores it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The private id with which a later connection can ask for recovery.
    #[must_use]
    pub fn pid(&self) -> Option<&str> {
        self.pid.as_deref()
    }

    /// What the server said when the transport opened.
    #[must_use]
    pub fn handshake(&self) -> &Open {
        &self.open
    }

    #[must_use]
    pub fn transport(&self) -> TransportKind {
        self.transport
    }

    /// Why the connection is over, or `None` while it is not known to be.
    #[must_use]
    pub fn closed(&self) -> Option<Closed> {
        self.closed.get().cloned()
    }

    /// The next event, in the order of their arrival.
    ///
    /// # Errors
    /// [`Error::Timeout`] after the timeout of the options; [`Error::Closed`] once all events before the end
    /// have been taken.
    pub async fn next_event(&mut self) -> Result<Event, Error> {
        self.next_event_within(self.timeout).await
    }

    /// As [`Self::next_event`], with a time of its own.
    ///
    /// # Errors
    /// As [`Self::next_event`].
    pub async fn next_event_within(&mut self, timeout: Duration) -> Result<Event, Error> {
        limited(timeout, async {
            match self.events.recv().await {
                Some(event) => Ok(event),
                None => Err(Error::Closed(end(&mut self.task, &self.closed).await)),
            }
        })
        .await
    }

    /// The next event of this name; others that come before it are dropped.
    ///
    /// # Errors
    /// As [`Self::next_event`].
    pub async fn next_event_named(&mut self, name: &str) -> Result<Event, Error> {
        limited(self.timeout, async {
            loop {
                match self.events.recv().await {
                    Some(event) if event.name == name => return Ok(event),
                    Some(_) => {}
                    None => return Err(Error::Closed(end(&mut self.task, &self.closed).await)),
                }
            }
        })
        .await
    }

    /// Emit an event; `args` becomes a JSON array (a tuple, a slice). Does not wait until it is on the wire.
    ///
    /// # Errors
    /// [`Error::InvalidArguments`], [`Error::Closed`] or [`Error::Timeout`].
    pub async fn emit(&self, name: &str, args: &impl Serialize) -> Result<(), Error> {
        self.emit_binary(name, args, Vec::new()).await
    }

    /// Emit an event with attachments, which `args` mentions as `{"_placeholder":true,"num":n}`.
    ///
    /// # Errors
    /// As [`Self::emit`].
    pub async fn emit_binary(
        &self,
        name: &str,
        args: &impl Serialize,
        attachments: Vec<Bytes>,
    ) -> Result<(), Error> {
        let data = event_data(name, args)?;
        limited(
            self.timeout,
            self.command(Command::Emit {
                data,
                attachments,
                ack: None,
            }),
        )
        .await
    }

    /// Emit an event and wait for the first argument of its acknowledgement (null if it has none).
    ///
    /// # Errors
    /// As [`Self::emit`]; [`Error::Timeout`] when no acknowledgement comes.
    pub async fn emit_with_ack(&self, name: &str, args: &impl Serialize) -> Result<Value, Error> {
        let data = event_data(name, args)?;
        let (sender, answer) = oneshot::channel::<Ack>();
        limited(self.timeout, async {
            self.command(Command::Emit {
                data,
                attachments: Vec::new(),
                ack: Some(sender),
            })
            .await?;
            match answer.await {
                Ok(Ok(args)) => Ok(nth(&args, 0)),
                Ok(Err(task::TooManyAcks)) => Err(Error::TooManyAcks),
                Err(_) => Err(self.over()),
            }
        })
        .await
    }

    /// Send this as an Engine.IO packet, however wrong it is.
    ///
    /// # Errors
    /// [`Error::Closed`] or [`Error::Timeout`].
    pub async fn send_raw(&self, packet: &str) -> Result<(), Error> {
        limited(self.timeout, self.command(Command::Raw(packet.to_owned()))).await
    }

    /// Send DISCONNECT, close the transport, and return when both are done.
    ///
    /// # Errors
    /// [`Error::Closed`] if the connection was over before, [`Error::Timeout`].
    pub async fn disconnect(mut self) -> Result<(), Error> {
        limited(self.timeout, async {
            self.command(Command::Disconnect).await?;
            match end(&mut self.task, &self.closed).await {
                Closed::ByClient => Ok(()),
                other => Err(Error::Closed(other)),
            }
        })
        .await
    }

    /// Drop the TCP connection without a word, and return when it is closed on this side.
    pub async fn abandon(self) {
        self.task.abort();
        // It ends at once, cancelled: there is nothing to learn from it.
        let _ = self.task.await;
    }

    /// Wait until the connection is over. Events that nobody takes may keep it from ending.
    ///
    /// # Errors
    /// [`Error::Timeout`].
    pub async fn wait_closed(&mut self, timeout: Duration) -> Result<Closed, Error> {
        limited(timeout, async {
            Ok(end(&mut self.task, &self.closed).await)
        })
        .await
    }

    async fn command(&self, command: Command) -> Result<(), Error> {
        self.commands.send(command).await.map_err(|_| self.over())
    }

    fn over(&self) -> Error {
        Error::Closed(self.closed.get().cloned().unwrap_or(Closed::Transport))
    }
}

/// Wait for the task, which says why before it ends. If it was waited for before, it says so again.
async fn end(task: &mut JoinHandle<()>, closed: &OnceLock<Closed>) -> Closed {
    if closed.get().is_none() {
        // Cancelled or panicked, the cell stays empty and the answer below is the best there is.
        let _ = task.await;
    }
    closed.get().cloned().unwrap_or(Closed::Transport)
}

async fn limited<T>(
    timeout: Duration,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match tokio::time::timeout(timeout, work).await {
        Ok(result) => result,
        Err(_) => Err(Error::Timeout(timeout)),
    }
}

fn event_data(name: &str, args: &impl Serialize) -> Result<String, Error> {
    let args = serde_json::to_string(args).map_err(Error::InvalidArguments)?;
    socket::event_data(name, &args).map_err(|_| {
        Error::InvalidArguments(serde::ser::Error::custom(
            "arguments must serialize as an array",
        ))
    })
}

fn nth(array: &RawValue, index: usize) -> Value {
    let elements: Vec<Value> = serde_json::from_str(array.get()).unwrap_or_default();
    elements.into_iter().nth(index).unwrap_or(Value::Null)
}
