//! The application of the tests: it does what the client's `auth` and events say, and writes down every call.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use atalaya_gateway::{
    Admission, Application, CloseReason, ConnectRequest, Event, Frame, Handshake, Refusal,
    RefusedConnection, Socket,
};
use serde::Deserialize;
use tokio::sync::{Notify, Semaphore};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Auth {
    /// Refuse with this code.
    refuse: Option<String>,
    pid: Option<String>,
    expires_ms: Option<u64>,
    /// Decide only when [`Recorder::release`] is called.
    hold: bool,
}

pub struct Recorder {
    calls: Mutex<Vec<String>>,
    sockets: Mutex<Vec<Arc<Socket<()>>>>,
    handshakes: Mutex<Vec<Arc<Handshake>>>,
    changed: Notify,
    gate: Semaphore,
    admitted: AtomicUsize,
}

impl Default for Recorder {
    fn default() -> Self {
        Self {
            calls: Mutex::default(),
            sockets: Mutex::default(),
            handshakes: Mutex::default(),
            changed: Notify::new(),
            gate: Semaphore::new(0),
            admitted: AtomicUsize::new(0),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recorder {
    /// Everything so far, in order.
    pub fn calls(&self) -> Vec<String> {
        lock(&self.calls).clone()
    }

    pub fn count(&self, beginning: &str) -> usize {
        self.calls()
            .iter()
            .filter(|it| it.starts_with(beginning))
            .count()
    }

    /// Waits for a call that begins so.
    pub async fn told(&self, beginning: &str) -> String {
        super::within(async {
            loop {
                let changed = self.changed.notified();
                if let Some(call) = self
                    .calls()
                    .into_iter()
                    .find(|it| it.starts_with(beginning))
                {
                    return call;
                }
                changed.await;
            }
        })
        .await
    }

    /// Lets one held `admit` or event go on.
    pub fn release(&self) {
        self.gate.add_permits(1);
    }

    pub fn sockets(&self) -> Vec<Arc<Socket<()>>> {
        lock(&self.sockets).clone()
    }

    pub fn socket(&self) -> Arc<Socket<()>> {
        self.sockets().last().expect("nobody has connected").clone()
    }

    pub fn handshake(&self) -> Arc<Handshake> {
        lock(&self.handshakes).last().expect("nobody asked").clone()
    }

    fn write(&self, call: String) {
        lock(&self.calls).push(call);
        self.changed.notify_waiters();
    }

    async fn hold(&self) {
        self.gate.acquire().await.unwrap().forget();
    }
}

impl Application for Recorder {
    type State = ();

    async fn admit(&self, request: ConnectRequest) -> Result<Admission<()>, Refusal> {
        self.write(format!(
            "admit {} over {}",
            request.namespace,
            request.transport.as_str()
        ));
        lock(&self.handshakes).push(request.handshake);
        let auth: Auth = match &request.auth {
            Some(auth) => serde_json::from_str(auth.get()).unwrap(),
            None => Auth::default(),
        };
        if auth.hold {
            self.hold().await;
        }
        if let Some(code) = auth.refuse {
            return Err(Refusal {
                code: code.leak(),
                message: "no".into(),
            });
        }
        Ok(Admission {
            socket_id: format!("s{}", self.admitted.fetch_add(1, Ordering::Relaxed)).into(),
            pid: auth.pid.map(Into::into),
            state: (),
            greeting: Vec::new(),
            expires_in: auth.expires_ms.map(Duration::from_millis),
        })
    }

    fn connected(&self, socket: &Arc<Socket<()>>) {
        lock(&self.sockets).push(Arc::clone(socket));
        let sent = socket.emit("welcome", &[socket.id()]).is_ok();
        self.write(format!(
            "connected {} {} sent={sent}",
            socket.id(),
            socket.namespace()
        ));
    }

    async fn event(&self, socket: &Arc<Socket<()>>, event: Event) {
        self.write(format!("event {} {}", event.name, event.args));
        match event.name.as_str() {
            "echo" => {
                let frame = Frame::binary_event(
                    socket.namespace(),
                    "echo",
                    &event.args,
                    &event.attachments,
                );
                let plain = Frame::event(socket.namespace(), "echo", &event.args);
                let frame = if event.attachments.is_empty() {
                    plain
                } else {
                    frame
                };
                let _ = socket.send(&frame.unwrap());
            }
            "hold" => self.hold().await,
            "panic" => panic!("as the test asked"),
            _ => {}
        }
        if let Some(ack) = event.ack {
            let _ = ack.send(&event.args);
        }
    }

    fn disconnected(&self, socket: &Arc<Socket<()>>, reason: CloseReason) {
        self.write(format!("disconnected {} {reason}", socket.id()));
    }

    fn refused(&self, refused: RefusedConnection) {
        let namespace = refused.namespace.as_deref().unwrap_or("-");
        self.write(format!("refused {} {namespace}", refused.code));
    }
}
