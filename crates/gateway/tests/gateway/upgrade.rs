//! From polling to a websocket, and the ways of not getting there.

use std::time::Duration;

use tokio::time::sleep;

use crate::support::{
    Server,
    http::{Polling, finish},
    start,
    websocket::{BINARY, Client, PING, Received},
};

async fn joined(server: &Server) -> Polling {
    let client = Polling::open(server.addr).await;
    client.post("40").await;
    client.get().await;
    client
}

#[tokio::test]
async fn a_session_moves_to_the_websocket() {
    let server = start().await;
    let polling = joined(&server).await;
    let poll = polling.begin_get().await;
    let mut websocket = Client::beside(&polling).await;
    websocket.send("2probe").await;
    assert_eq!(websocket.text().await, "3probe");
    assert_eq!(finish(poll).await.body, "6", "the poll is released");
    assert_eq!(server.app.socket().transport().as_str(), "polling");
    websocket.send("5").await;
    websocket.send("42[\"echo\",1]").await;
    assert_eq!(websocket.text().await, "42[\"echo\",1]");
    assert_eq!(server.app.socket().transport().as_str(), "websocket");
    assert_eq!(
        server.app.socket().handshake().transport.as_str(),
        "polling"
    );
    assert_eq!(polling.get().await.status, 400);
    assert_eq!(polling.post("42[\"echo\"]").await.status, 400);
    websocket.send("42[\"echo\",2]").await;
    assert_eq!(websocket.text().await, "42[\"echo\",2]");
    assert_eq!(server.gateway.connections(), 1);
}

#[tokio::test]
async fn what_waits_for_a_poll_follows_over_the_websocket_in_order() {
    let server = start().await;
    let polling = joined(&server).await;
    let mut websocket = Client::beside(&polling).await;
    websocket.send("2probe").await;
    assert_eq!(websocket.text().await, "3probe");
    for number in 0..3 {
        server.app.socket().emit("n", &[number]).unwrap();
    }
    websocket.send("5").await;
    for number in 0..3 {
        assert_eq!(websocket.text().await, format!("42[\"n\",{number}]"));
    }
}

#[tokio::test]
async fn what_is_posted_before_the_move_comes_before_what_is_sent_after_it() {
    let server = start().await;
    let polling = joined(&server).await;
    let mut websocket = Client::beside(&polling).await;
    websocket.send("2probe").await;
    websocket.text().await;
    let post = tokio::spawn(async move { polling.post("42[\"hold\"]\u{1e}42[\"echo\",1]").await });
    server.app.told("event hold").await;
    websocket.send("5").await;
    websocket.send("42[\"echo\",2]").await;
    sleep(Duration::from_millis(20)).await;
    server.app.release();
    assert_eq!(websocket.text().await, "42[\"echo\",1]");
    assert_eq!(websocket.text().await, "42[\"echo\",2]");
    assert_eq!(post.await.unwrap().body, "ok");
}

#[tokio::test]
async fn a_second_websocket_is_refused_during_and_after_the_move() {
    let server = start().await;
    let polling = joined(&server).await;
    let mut first = Client::beside(&polling).await;
    first.send("2probe").await;
    first.text().await;
    let mut second = Client::beside(&polling).await;
    assert_eq!(second.closed().await, Received::Close(1002));
    first.send("5").await;
    first.send("42[\"echo\",1]").await;
    first.text().await;
    let mut third = Client::beside(&polling).await;
    assert_eq!(third.closed().await, Received::Close(1002));
    first.send("42[\"echo\",2]").await;
    assert_eq!(first.text().await, "42[\"echo\",2]");
}

#[tokio::test(start_paused = true)]
async fn a_half_done_upgrade_is_given_up_and_the_polling_goes_on() {
    let server = start().await;
    let polling = joined(&server).await;
    let mut silent = Client::beside(&polling).await;
    assert_eq!(silent.closed().await, Received::Close(1002));
    let mut probed = Client::beside(&polling).await;
    probed.send("2probe").await;
    assert_eq!(probed.closed().await, Received::Close(1002));
    polling.post("42[\"echo\",1]").await;
    assert_eq!(polling.get().await.body, "42[\"echo\",1]");
    let mut third = Client::beside(&polling).await;
    third.send("2probe").await;
    assert_eq!(third.text().await, "3probe");
}

#[tokio::test]
async fn steps_out_of_order_are_refused_and_the_polling_goes_on() {
    let server = start().await;
    let polling = joined(&server).await;
    for step in ["5", "2", "42[\"echo\"]", "abc", ""] {
        let mut websocket = Client::beside(&polling).await;
        websocket.send(step).await;
        assert_eq!(websocket.closed().await, Received::Close(1002), "{step:?}");
    }
    let mut websocket = Client::beside(&polling).await;
    websocket.send_frame(0x80 | BINARY, b"2probe").await;
    assert_eq!(websocket.closed().await, Received::Close(1002));
    polling.post("42[\"echo\",1]").await;
    assert_eq!(polling.get().await.body, "42[\"echo\",1]");
}

#[tokio::test]
async fn control_frames_between_the_steps_are_answered() {
    let server = start().await;
    let polling = joined(&server).await;
    let mut websocket = Client::beside(&polling).await;
    websocket.send_frame(0x80 | PING, b"?").await;
    assert_eq!(websocket.receive().await, Received::Pong(b"?".to_vec()));
    websocket.send("2probe").await;
    assert_eq!(websocket.text().await, "3probe");
}

#[tokio::test]
async fn a_websocket_that_breaks_before_the_move_costs_nothing() {
    let server = start().await;
    let polling = joined(&server).await;
    let mut websocket = Client::beside(&polling).await;
    websocket.send("2probe").await;
    websocket.text().await;
    drop(websocket);
    polling.post("42[\"echo\",1]").await;
    let mut body = polling.get().await.body;
    // A poll may still have been released by the probe.
    for _ in 0..10 {
        if body != "6" {
            break;
        }
        body = polling.get().await.body;
    }
    assert_eq!(body, "42[\"echo\",1]");
    assert_eq!(server.app.count("disconnected"), 0);
}

#[tokio::test]
async fn a_session_that_ends_takes_its_upgrade_with_it() {
    let server = start().await;
    let polling = joined(&server).await;
    let mut websocket = Client::beside(&polling).await;
    websocket.send("2probe").await;
    websocket.text().await;
    polling.post("1").await;
    assert_eq!(websocket.closed().await, Received::Close(1002));
    server.app.told("disconnected s0 transport_close").await;
}

#[tokio::test]
async fn a_websocket_for_an_unknown_session_is_refused() {
    let server = start().await;
    let target = "/socket.io/?EIO=4&transport=websocket&sid=AAAAAAAAAAAAAAAAAAAAAA";
    let answer = crate::support::http::request(server.addr, "GET", target, &[], "").await;
    assert_eq!(answer.body, r#"{"code":1,"message":"Session ID unknown"}"#);
}
