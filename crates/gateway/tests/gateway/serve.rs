//! Accepting connections: limits, a head that does not come, and the shutdown.

use std::{net::SocketAddr, time::Duration};

use atalaya_gateway::serve::{Limits, accept_loop, listen};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::support::http::request;

async fn answer(request: Request<Incoming>, _: SocketAddr) -> Response<Full<Bytes>> {
    if request.uri().path() == "/slow" {
        sleep(Duration::from_secs(2)).await;
    }
    Response::new(Full::new(Bytes::from_static(b"hello")))
}

async fn start(limits: Limits) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
    let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let addr = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(accept_loop(
        listener,
        limits,
        None,
        answer,
        shutdown.clone(),
    ));
    (addr, shutdown, serving)
}

#[tokio::test]
async fn what_is_accepted_has_the_options_of_its_listener() {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let listener = listen(address.parse().unwrap()).unwrap();
        let addr = listener.local_addr().unwrap();
        let (_client, accepted) = tokio::join!(TcpStream::connect(addr), listener.accept());
        let (stream, _) = accepted.unwrap();
        assert!(stream.nodelay().unwrap());
        let unread_limit = SockRef::from(&stream).tcp_user_timeout().unwrap();
        assert_eq!(unread_limit, Some(Duration::from_secs(60)));
    }
}

#[tokio::test]
async fn a_connection_over_the_limit_waits_for_its_turn() {
    let limits = Limits {
        max_connections: 1,
        ..Limits::default()
    };
    let (addr, _shutdown, _serving) = start(limits).await;
    let mut first = TcpStream::connect(addr).await.unwrap();
    first
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    first.read_u8().await.unwrap();
    let second = tokio::spawn(async move { request(addr, "GET", "/", &[], "").await });
    sleep(Duration::from_millis(50)).await;
    assert!(!second.is_finished());
    drop(first);
    assert_eq!(second.await.unwrap().body, "hello");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let (addr, _shutdown, _serving) = start(Limits::default()).await;
    let mut client = TcpStream::connect(addr).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let mut rest = Vec::new();
    let ended = timeout(Duration::from_secs(31), client.read_to_end(&mut rest)).await;
    assert!(ended.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_lets_answers_under_way_finish_and_closes_idle_connections() {
    let (addr, shutdown, serving) = start(Limits::default()).await;
    let slow = tokio::spawn(async move { request(addr, "GET", "/slow", &[], "").await });
    let mut idle = TcpStream::connect(addr).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    idle.read_u8().await.unwrap();
    sleep(Duration::from_millis(10)).await;
    shutdown.cancel();
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    assert_eq!(slow.await.unwrap().body, "hello");
    serving.await.unwrap();
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_no_longer_than_its_grace() {
    let limits = Limits {
        shutdown_grace: Duration::from_secs(1),
        ..Limits::default()
    };
    let (addr, shutdown, serving) = start(limits).await;
    let mut slow = TcpStream::connect(addr).await.unwrap();
    slow.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    sleep(Duration::from_millis(10)).await;
    let begun = tokio::time::Instant::now();
    shutdown.cancel();
    serving.await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(1_500));
    let mut rest = Vec::new();
    let _ = slow.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
}
