//! Each admitted socket is told of once when it comes and once when it goes, whatever happens in between.

use std::time::Duration;

use atalaya_gateway::CloseReason;
use tokio::time::sleep;

use crate::support::{
    http::{Polling, begin},
    start, start_with,
    websocket::{Client, Received},
};

#[tokio::test]
async fn a_client_that_vanishes_during_its_admission_is_still_told_of() {
    let server = start().await;
    let mut client = Client::open(server.addr).await;
    client.send("40{\"hold\":true}").await;
    server.app.told("admit").await;
    drop(client);
    sleep(Duration::from_millis(20)).await;
    server.app.release();
    server.app.told("disconnected s0 transport_close").await;
    assert_eq!(server.app.count("connected s0"), 1);
    assert_eq!(server.app.count("disconnected"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_during_an_admission_waits_for_it() {
    let server = start().await;
    let mut client = Client::open(server.addr).await;
    client.send("40{\"hold\":true}").await;
    server.app.told("admit").await;
    let grace = Duration::from_secs(3);
    server
        .gateway
        .drain(CloseReason::ServerShutdown, grace)
        .await;
    assert_eq!(client.closed().await, Received::Close(1001));
    assert_eq!(server.app.calls(), ["admit / over websocket"]);
    server.app.release();
    server.app.told("disconnected s0 server_shutdown").await;
    assert_eq!(server.app.calls()[1], "connected s0 / sent=false");
    sleep(Duration::from_secs(3)).await;
    assert_eq!(server.gateway.connections(), 0);
}

#[tokio::test]
async fn a_polling_client_that_vanishes_during_its_admission_is_still_told_of() {
    let server = start().await;
    let client = Polling::open(server.addr).await;
    let post = begin(
        server.addr,
        "POST",
        &client.target(),
        &[],
        "40{\"hold\":true}",
    )
    .await;
    let poll = client.begin_get().await;
    server.app.told("admit").await;
    sleep(Duration::from_millis(20)).await;
    drop((post, poll));
    sleep(Duration::from_millis(50)).await;
    server.app.release();
    server.app.told("disconnected s0 transport_close").await;
    assert_eq!(server.app.count("connected s0"), 1);
}

#[tokio::test(start_paused = true)]
async fn the_heartbeat_keeps_a_client_that_answers_and_ends_one_that_does_not() {
    let server = start().await;
    let mut client = Client::join(server.addr).await;
    let socket = server.app.socket();
    for _ in 0..3 {
        assert_eq!(client.receive().await, Received::Text("2".into()));
        client.send("3").await;
        sleep(Duration::from_millis(1)).await;
        assert!(socket.last_seen().elapsed() < Duration::from_secs(1));
    }
    assert_eq!(client.receive().await, Received::Text("2".into()));
    assert_eq!(client.closed().await, Received::Close(1000));
    server.app.told("disconnected s0 ping_timeout").await;
    assert!(socket.last_seen().elapsed() >= Duration::from_secs(44));
}

#[tokio::test(start_paused = true)]
async fn a_long_event_does_not_cost_the_client_its_connection() {
    let server = start().await;
    let mut client = Client::join(server.addr).await;
    client.send("42[\"hold\"]").await;
    assert_eq!(client.receive().await, Received::Text("2".into()));
    client.send("3").await;
    client.send("42[\"echo\",1]").await;
    sleep(Duration::from_secs(50)).await;
    server.app.release();
    assert_eq!(client.text().await, "42[\"echo\",1]");
    // Now that it is read again, it must answer again.
    server.app.told("disconnected s0 ping_timeout").await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_never_ends_keeps_nobody_connected() {
    let server = start().await;
    let client = Polling::open(server.addr).await;
    client.post("40").await;
    let post = begin(server.addr, "POST", &client.target(), &[], "42[\"hold\"]").await;
    server.app.told("event hold").await;
    server.app.told("disconnected s0 ping_timeout").await;
    server.app.release();
    sleep(Duration::from_secs(3)).await;
    assert_eq!(server.gateway.connections(), 0);
    drop(post);
}

#[tokio::test(start_paused = true)]
async fn a_socket_does_not_outlive_its_token() {
    let server = start().await;
    let mut client = Client::open(server.addr).await;
    client.send("40{\"expires_ms\":5000}").await;
    client.text().await;
    client.text().await;
    let joined = tokio::time::Instant::now();
    assert_eq!(client.text().await, "41");
    assert!(joined.elapsed() < Duration::from_millis(5100));
    server.app.told("disconnected s0 token_expired").await;
}

#[tokio::test(start_paused = true)]
async fn a_fresh_token_lets_a_socket_stay() {
    let server = start().await;
    let mut client = Client::open(server.addr).await;
    client.send("40{\"expires_ms\":5000}").await;
    client.text().await;
    client.text().await;
    let joined = tokio::time::Instant::now();
    server
        .app
        .socket()
        .set_expiry(Some(Duration::from_secs(20)));
    assert_eq!(client.text().await, "41");
    assert!(joined.elapsed() >= Duration::from_secs(20));
}

#[tokio::test]
async fn a_revoked_client_is_told_not_to_return_and_cut_off() {
    let server = start().await;
    let mut client = Client::join(server.addr).await;
    let socket = server.app.socket();
    socket.emit("last", &[1]).unwrap();
    socket.disconnect(CloseReason::Revoked);
    socket.disconnect(CloseReason::ServerError);
    assert!(socket.emit("late", &[1]).is_err());
    assert_eq!(client.text().await, "42[\"last\",1]");
    assert_eq!(client.text().await, "41");
    assert_eq!(client.closed().await, Received::Close(1008));
    server.app.told("disconnected s0 revoked").await;
    assert_eq!(server.app.count("disconnected"), 1);
}

#[tokio::test]
async fn a_client_that_may_return_gets_no_disconnect_packet() {
    let server = start().await;
    let mut client = Client::join(server.addr).await;
    server.app.socket().disconnect(CloseReason::NodeLost);
    assert_eq!(client.receive().await, Received::Close(1001));
    server.app.told("disconnected s0 node_lost").await;
}

#[tokio::test]
async fn a_fault_in_the_application_ends_the_session_in_order() {
    let server = start().await;
    let mut client = Client::join(server.addr).await;
    client.send("42[\"panic\"]").await;
    assert_eq!(client.closed().await, Received::Close(1011));
    server.app.told("disconnected s0 server_error").await;
}

#[tokio::test]
async fn a_drain_tells_every_client_and_the_application() {
    let server = start().await;
    let mut websocket = Client::join(server.addr).await;
    let polling = Polling::open(server.addr).await;
    polling.post("40").await;
    polling.get().await;
    let poll = polling.begin_get().await;
    sleep(Duration::from_millis(20)).await;
    let gateway = server.gateway.clone();
    let drain = tokio::spawn(async move {
        gateway
            .drain(CloseReason::ServerShutdown, Duration::from_secs(10))
            .await;
    });
    assert_eq!(websocket.closed().await, Received::Close(1001));
    drop(websocket);
    assert_eq!(crate::support::http::finish(poll).await.body, "1");
    drain.await.unwrap();
    assert_eq!(server.app.count("disconnected s0 server_shutdown"), 1);
    assert_eq!(server.app.count("disconnected s1 server_shutdown"), 1);
    assert_eq!(server.gateway.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_drain_waits_no_longer_than_its_grace() {
    let server = start().await;
    let mut client = Client::open(server.addr).await;
    client.send("40{\"hold\":true}").await;
    server.app.told("admit").await;
    let begun = tokio::time::Instant::now();
    server
        .gateway
        .drain(CloseReason::ServerShutdown, Duration::from_secs(7))
        .await;
    assert_eq!(begun.elapsed().as_secs(), 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_socket_of_a_crowd_is_told_of_once_however_it_ends() {
    let server = start_with(|config| config.max_payload = 1_000).await;
    let mut tasks = Vec::new();
    for number in 0..200 {
        let addr = server.addr;
        tasks.push(tokio::spawn(async move {
            let mut client = Client::open(addr).await;
            client.send("40").await;
            match number % 5 {
                0 => drop(client),
                1 => client.send("41").await,
                2 => client.send("4nonsense").await,
                3 => client.send_frame(0x88, &[]).await,
                _ => {
                    client.text().await;
                    sleep(Duration::from_millis(number % 50)).await;
                }
            }
        }));
    }
    sleep(Duration::from_millis(30)).await;
    server
        .gateway
        .drain(CloseReason::ServerShutdown, Duration::from_secs(10))
        .await;
    for task in tasks {
        // A client that came too late for the drain has failed, and that is right.
        let _ = task.await;
    }
    let calls = server.app.calls();
    for socket in server.app.sockets() {
        let id = socket.id();
        let of = |what: &str| {
            calls
                .iter()
                .filter(|it| it.starts_with(&format!("{what} {id} ")))
                .count()
        };
        assert_eq!((of("connected"), of("disconnected")), (1, 1), "{id}");
    }
    assert_eq!(server.gateway.connections(), 0);
}
