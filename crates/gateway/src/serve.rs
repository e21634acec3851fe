//! Accepting connections and serving HTTP/1 on them, for whoever carries a gateway: one way, with its
//! limits, for the server, its operations listener, the examples and the tests.

use std::{
    cell::RefCell, convert::Infallible, future::Future, io, net::SocketAddr, sync::Arc,
    time::Duration,
};

use http::{Request, Response};
use hyper::{
    body::{Body, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::net::RecvFlags;
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::engine::Door;

/// How long to leave a listener alone that cannot accept, as when no file descriptor is left: another
/// try at once would fail alike, and burn a core.
const ACCEPT_BACK_OFF: Duration = Duration::from_millis(100);

/// How many connections the kernel holds for us until they are accepted; it takes less if `somaxconn` is
/// less. The usual 128 makes clients of a storm after a deploy wait a second and more to try again.
const BACKLOG: u32 = 4_096;

/// How long what was sent may stay unread: an answer that nobody takes must not keep its connection.
const UNREAD_LIMIT: Duration = Duration::from_secs(60);

/// A longer head is served the long way.
const FIRST_BYTES_AT_MOST: usize = 8 * 1024;

thread_local! {
    static FIRST_BYTES: RefCell<Vec<u8>> = RefCell::new(vec![0; FIRST_BYTES_AT_MOST]);
}

/// What one listener may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many HTTP connections are served at once; more wait in the kernel's queue. One that became a
    /// websocket does not count any more: the gateway counts it.
    pub max_connections: usize,
    /// How long the head of a request may take, and how long a connection may stay idle between two.
    pub header_read_timeout: Duration,
    /// How long the answers that are under way may take once the listener is shut down.
    pub shutdown_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 50_000,
            // Longer than the heartbeat, so that a polling client keeps its connection.
            header_read_timeout: Duration::from_secs(30),
            shutdown_grace: Duration::from_secs(10),
        }
    }
}

/// Listens there. What is accepted has the options of what it came by, so they are set here, once.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A restart must not wait for the connections of the last life to be forgotten.
    socket.set_reuseaddr(true)?;
    // Small packets must not wait for more.
    socket.set_nodelay(true)?;
    SockRef::from(&socket).set_tcp_user_timeout(Some(UNREAD_LIMIT))?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves every connection of a listener that [`listen`] made with `respond` until `shutdown`; then no new connection is
/// accepted, idle ones are closed, and it returns when the answers under way are given. A websocket
/// that `door` recognises goes to its engine at once.
pub async fn accept_loop<R, F, B>(
    listener: TcpListener,
    limits: Limits,
    door: Option<Arc<dyn Door>>,
    respond: R,
    shutdown: CancellationToken,
) where
    R: Fn(Request<Incoming>, SocketAddr) -> F + Clone + Send + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: std::error::Error + Send + Sync,
{
    let room = Arc::new(Semaphore::new(limits.max_connections));
    let connections = TaskTracker::new();
    let cut = CancellationToken::new();
    while let Some((permit, stream, peer)) = next(&listener, &room, &shutdown).await {
        // In a storm the request is there before its connection is accepted: then no task need wait for it.
        let Some(stream) = knock(stream, peer, door.as_ref()) else {
            continue;
        };
        let (door, respond) = (door.clone(), respond.clone());
        let (shutdown, cut) = (shutdown.clone(), cut.clone());
        let served = async move {
            if let Some(stream) = knock_once_readable(stream, peer, limits, door, &shutdown).await {
                // Boxed, so that one that goes through the door has no room for it.
                Box::pin(serve_http(stream, peer, limits, respond, shutdown)).await;
            }
        };
        connections.spawn(async move {
            cut.run_until_cancelled(served).await;
            drop(permit);
        });
    }
    drop(listener);
    connections.close();
    if timeout(limits.shutdown_grace, connections.wait())
        .await
        .is_err()
    {
        tracing::warn!(
            connections = connections.len(),
            "answers under way are cut off"
        );
        cut.cancel();
    }
}

/// The next connection, as soon as there is room for it; `None` at shutdown.
async fn next(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
    shutdown: &CancellationToken,
) -> Option<(OwnedSemaphorePermit, TcpStream, SocketAddr)> {
    let accept = async {
        let permit = Arc::clone(room).acquire_owned().await.ok()?;
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => return Some((permit, stream, peer)),
                Err(error) => back_off(&error).await,
            }
        }
    };
    tokio::select! {
        biased;
        () = shutdown.cancelled() => None,
        accepted = accept => accepted,
    }
}

async fn back_off(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    // The connection was gone before it was accepted: no reason to wait.
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionReset | Interrupted
    ) {
        tracing::warn!(%error, "no connection can be accepted");
        sleep(ACCEPT_BACK_OFF).await;
    }
}

/// Waits for the first bytes, and returns the stream if it is to be served as HTTP.
async fn knock_once_readable(
    stream: TcpStream,
    peer: SocketAddr,
    limits: Limits,
    door: Option<Arc<dyn Door>>,
    shutdown: &CancellationToken,
) -> Option<TcpStream> {
    if door.is_none() {
        return Some(stream);
    }
    tokio::select! {
        biased;
        readable = timeout(limits.header_read_timeout, stream.readable()) => {
            readable.ok()?.ok()?;
            knock(stream, peer, door.as_ref())
        }
        () = shutdown.cancelled() => None,
    }
}

/// Tries the door with the bytes that are there. Returns the stream, untouched, if it did not open.
fn knock(stream: TcpStream, peer: SocketAddr, door: Option<&Arc<dyn Door>>) -> Option<TcpStream> {
    let Some(door) = door else {
        return Some(stream);
    };
    let opening = FIRST_BYTES.with_borrow_mut(|buffer| {
        let flags = RecvFlags::DONTWAIT | RecvFlags::PEEK;
        let (read, _) = rustix::net::recv(&stream, &mut buffer[..], flags).ok()?;
        let opening = door.recognise(&buffer[..read], peer)?;
        let head = &mut buffer[..opening.head_bytes];
        let (taken, _) = rustix::net::recv(&stream, &mut *head, RecvFlags::DONTWAIT).ok()?;
        (taken == head.len()).then_some(opening)
    });
    match opening {
        Some(opening) => {
            Arc::clone(door).enter(opening, stream);
            None
        }
        None => Some(stream),
    }
}

async fn serve_http<R, F, B>(
    stream: TcpStream,
    peer: SocketAddr,
    limits: Limits,
    respond: R,
    shutdown: CancellationToken,
) where
    R: Fn(Request<Incoming>, SocketAddr) -> F,
    F: Future<Output = Response<B>>,
    B: Body + 'static,
    B::Error: std::error::Error + Send + Sync,
{
    let service = service_fn(move |request| {
        let response = respond(request, peer);
        async { Ok::<_, Infallible>(response.await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read_timeout)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%peer, %error, "an HTTP connection broke off");
    }
}
