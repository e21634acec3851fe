//! The ground that other tests stand on, tested once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{net::SocketAddr, time::Duration};

use atalaya_testbed::{postgres, process::Process, proxy};
use sqlx::{Connection, PgConnection};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

const SHORT: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_secs(10);

/// Answers each byte with itself.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    address
}

async fn answer(stream: &mut TcpStream, byte: u8) -> Option<u8> {
    stream.write_all(&[byte]).await.ok()?;
    stream.read_u8().await.ok()
}

#[tokio::test]
async fn a_cut_proxy_ends_its_connections_and_takes_no_new_ones() {
    let proxy = proxy::cuttable(echo().await).await;
    let mut old = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(answer(&mut old, 1).await, Some(1));
    proxy.cut();
    assert_eq!(timeout(LONG, answer(&mut old, 2)).await, Ok(None));
    let mut new = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(timeout(LONG, answer(&mut new, 3)).await, Ok(None));
    proxy.restore();
    let mut new = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!((answer(&mut new, 4).await, proxy.accepted()), (Some(4), 3));
}

#[tokio::test]
async fn a_paused_proxy_keeps_its_connections_silent() {
    let proxy = proxy::cuttable(echo().await).await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(answer(&mut stream, 1).await, Some(1));
    proxy.pause();
    stream.write_all(&[2]).await.unwrap();
    assert!(timeout(SHORT, stream.read_u8()).await.is_err());
    proxy.restore();
    assert_eq!(stream.read_u8().await.unwrap(), 2);
}

#[tokio::test]
async fn an_answer_is_lost_after_the_request_arrived() {
    let proxy = proxy::cuttable(echo().await).await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    proxy.cut_before_answer_to(b"COMMIT");
    assert_eq!(answer(&mut stream, b'x').await, Some(b'x'));
    stream.write_all(b"please COMMIT now").await.unwrap();
    assert!(timeout(LONG, stream.read_u8()).await.unwrap().is_err());
}

#[tokio::test]
async fn a_process_is_read_terminated_and_waited_for() {
    let script =
        "trap 'echo bye; exit 3' TERM; echo listening on $PORT >&2; while :; do sleep 0.05; done";
    let mut process = Process::spawn("sh", ["-c", script], &[("PORT", "3001")]);
    assert_eq!(
        process.wait_for_line("listening", LONG).await,
        "listening on 3001"
    );
    process.terminate().await;
    assert_eq!(process.wait(LONG).await.code(), Some(3));
    process.wait_for_line("bye", LONG).await;
}

#[tokio::test]
async fn a_killed_process_ends_without_a_word() {
    let mut process = Process::spawn("sh", ["-c", "echo here; exec sleep 600"], &[]);
    process.wait_for_line("here", LONG).await;
    process.kill().await;
    assert_eq!(process.wait(LONG).await.code(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_fresh_and_gone_afterwards() {
    let database = postgres::database().await;
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    sqlx::query("CREATE TABLE here (id INT)")
        .execute(&mut connection)
        .await
        .unwrap();
    let url = database.url.clone();
    drop(database);
    assert!(PgConnection::connect(&url).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_keeps_its_data_through_a_crash_and_a_stop() {
    let mut server = postgres::Server::start().await;
    let mut connection = PgConnection::connect(&server.url("postgres"))
        .await
        .unwrap();
    sqlx::query("CREATE TABLE here (id INT)")
        .execute(&mut connection)
        .await
        .unwrap();
    server.kill().await;
    assert!(
        PgConnection::connect(&server.url("postgres"))
            .await
            .is_err()
    );
    server.resume().await;
    server.stop().await;
    server.resume().await;
    let mut connection = PgConnection::connect(&server.url("postgres"))
        .await
        .unwrap();
    sqlx::query("SELECT id FROM here")
        .execute(&mut connection)
        .await
        .unwrap();
}
