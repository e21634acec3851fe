//! What a client that nobody knows yet may cost: little memory, few refusals, and nobody else's turn.

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::timeout;

use crate::support::{
    http::{Polling, request},
    start, start_with,
    websocket::{Client, Received, frame},
};

const TEXT: u8 = 0x81;

/// On one thread, so that a session that never waits would keep the whole server.
#[tokio::test]
async fn a_client_that_never_stops_sending_leaves_the_others_their_turn() {
    let server = start().await;
    let client = Client::open(server.addr).await;
    let mut flood = client.stream.into_std().unwrap();
    flood.set_nonblocking(false).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let flooding = tokio::task::spawn_blocking({
        let stop = Arc::clone(&stop);
        move || {
            let pongs = frame(TEXT, b"3").repeat(8_192);
            let mut rounds = 0;
            while !stop.load(Ordering::Relaxed) && rounds < 20_000 {
                rounds += 1;
                if flood.write_all(&pongs).is_err() {
                    break;
                }
            }
            rounds
        }
    });
    for _ in 0..20 {
        let target = "/socket.io/?EIO=4&transport=polling";
        let handshake = request(server.addr, "GET", target, &[], "");
        let answer = timeout(Duration::from_secs(20), handshake).await;
        assert_eq!(answer.expect("nobody else is served").status, 200);
    }
    stop.store(true, Ordering::Relaxed);
    let rounds = timeout(Duration::from_secs(20), flooding).await.unwrap();
    assert!(rounds.unwrap() < 20_000, "the flood ended before the test");
}

#[tokio::test]
async fn a_long_message_is_for_those_who_have_joined() {
    let server = start().await;
    let long = format!("42[\"long\",\"{}\"]", "x".repeat(100_000));
    let mut known = Client::join(server.addr).await;
    known.send(&long).await;
    server.app.told("event").await;

    let mut stranger = Client::open(server.addr).await;
    // Its header is enough to refuse it: nothing is kept for what would follow.
    let whole = frame(TEXT, long.as_bytes());
    tokio::io::AsyncWriteExt::write_all(&mut stranger.stream, &whole[..20])
        .await
        .unwrap();
    assert_eq!(stranger.closed().await, Received::Close(1009));

    let stranger = Polling::open(server.addr).await;
    assert_eq!(stranger.post(&long).await.status, 413);
}

#[tokio::test]
async fn a_client_that_is_refused_again_and_again_loses_its_connection() {
    let server = start().await;
    let mut client = Client::open(server.addr).await;
    for _ in 0..10 {
        client.send("40/nowhere,").await;
        assert!(client.text().await.starts_with("44/nowhere,"));
    }
    assert_eq!(client.closed().await, Received::Close(1000));
    assert_eq!(server.app.count("refused invalid_namespace"), 10);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_left_every_namespace_must_join_again_in_time() {
    let server = start_with(|config| config.connect_timeout = Duration::from_secs(2)).await;
    let mut client = Client::join(server.addr).await;
    client.send("41").await;
    server.app.told("disconnected s0 client_disconnect").await;
    assert_eq!(client.closed().await, Received::Close(1000));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(server.gateway.connections(), 0);
}
