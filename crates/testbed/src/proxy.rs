//! A TCP proxy for outages: a test cuts its connections, pauses them or restores them.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Bytes flow.
    Open,
    /// Connections stay, and nothing flows: a network that swallows everything.
    Paused,
    /// Connections are cut, and new ones are closed at once.
    Cut,
}

/// A proxy in front of one server. Its connections end when it is dropped.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    mode: watch::Sender<Mode>,
    /// What a client must send for everything to be cut before it hears the answer.
    trigger: Mutex<Option<Vec<u8>>>,
    accepted: AtomicUsize,
}

/// A proxy in front of `upstream`, open, on a free port of the loopback address.
pub async fn cuttable(upstream: SocketAddr) -> Proxy {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("the loopback address has free ports");
    let address = listener.local_addr().expect("a listener has an address");
    let shared = Arc::new(Shared {
        mode: watch::Sender::new(Mode::Open),
        trigger: Mutex::new(None),
        accepted: AtomicUsize::new(0),
    });
    let accepting = tokio::spawn(accept(listener, upstream, Arc::clone(&shared)));
    Proxy {
        address,
        shared,
        accepting,
    }
}

impl Proxy {
    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts every connection, and each new one at once.
    pub fn cut(&self) {
        self.shared.mode.send_replace(Mode::Cut);
    }

    /// Lets nothing through, and keeps the connections: what a lost route looks like.
    pub fn pause(&self) {
        self.shared.mode.send_replace(Mode::Paused);
    }

    /// Lets bytes flow again, and new connections in.
    pub fn restore(&self) {
        self.shared.mode.send_replace(Mode::Open);
    }

    /// Cuts everything once the server has answered the next message that contains `bytes`, before the
    /// client hears the answer: what was asked is done, and who asked cannot know.
    pub fn cut_before_answer_to(&self, bytes: &[u8]) {
        *self.shared.trigger() = Some(bytes.to_vec());
    }

    /// How many connections were accepted so far.
    pub fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

impl Shared {
    fn trigger(&self) -> std::sync::MutexGuard<'_, Option<Vec<u8>>> {
        self.trigger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this chunk springs the trigger, which then is gone.
    fn is_sprung_by(&self, chunk: &[u8]) -> bool {
        self.trigger()
            .take_if(|bytes| {
                chunk
                    .windows(bytes.len())
                    .any(|window| window == bytes.as_slice())
            })
            .is_some()
    }
}

async fn accept(listener: TcpListener, upstream: SocketAddr, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        shared.accepted.fetch_add(1, Ordering::SeqCst);
        if *shared.mode.borrow() != Mode::Cut {
            tokio::spawn(serve(client, upstream, Arc::clone(&shared)));
        }
    }
}

async fn serve(client: TcpStream, upstream: SocketAddr, shared: Arc<Shared>) {
    let Ok(server) = TcpStream::connect(upstream).await else {
        return;
    };
    client.set_nodelay(true).ok();
    server.set_nodelay(true).ok();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let answer_is_lost = Arc::new(AtomicBool::new(false));
    let requests = pump(from_client, to_server, &shared, |chunk| {
        if shared.is_sprung_by(chunk) {
            answer_is_lost.store(true, Ordering::SeqCst);
        }
        true
    });
    let answers = pump(from_server, to_client, &shared, |_| {
        let lost = answer_is_lost.load(Ordering::SeqCst);
        if lost {
            shared.mode.send_replace(Mode::Cut);
        }
        !lost
    });
    // Either end ends both, as for a client of the server itself.
    tokio::select! {
        () = requests => {}
        () = answers => {}
    }
}

/// Copies one direction until its end, the cut, or a chunk that `passes` holds back.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    shared: &Shared,
    passes: impl Fn(&[u8]) -> bool,
) {
    let mut mode = shared.mode.subscribe();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = tokio::select! {
            changed = mode.wait_for(|mode| *mode == Mode::Cut) => { drop(changed); return }
            read = from.read(&mut buffer) => read,
        };
        let Ok(length @ 1..) = read else { return };
        let open = mode
            .wait_for(|mode| *mode != Mode::Paused)
            .await
            .map(|mode| *mode == Mode::Open);
        if !matches!(open, Ok(true)) || !passes(&buffer[..length]) {
            return;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
