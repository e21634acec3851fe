//! Joining and leaving namespaces, events and acknowledgements, and packets against the protocol.

use std::time::Duration;

use atalaya_gateway::CloseReason;
use tokio::time::sleep;

use crate::support::{
    start, start_with,
    websocket::{BINARY, Client, Received},
};

#[tokio::test]
async fn connect_goes_out_before_anything_else() {
    let server = start().await;
    let mut client = Client::open(server.addr).await;
    client.send("40/chat,{\"pid\":\"secret\"}").await;
    assert_eq!(
        client.text().await,
        r#"40/chat,{"sid":"s0","pid":"secret"}"#
    );
    assert_eq!(client.text().await, r#"42/chat,["welcome","s0"]"#);
    assert_eq!(
        server.app.calls(),
        ["admit /chat over websocket", "connected s0 /chat sent=true"]
    );
}

#[tokio::test]
async fn an_unknown_namespace_is_refused_and_the_session_stays() {
    let server = start().await;
    let mut client = Client::open(server.addr).await;
    client.send("40/nowhere,{\"a\":1}").await;
    assert_eq!(
        client.text().await,
        r#"44/nowhere,{"message":"Invalid namespace"}"#
    );
    client.send("40").await;
    assert!(client.text().await.starts_with("40{"));
    assert_eq!(server.app.calls()[0], "refused invalid_namespace /nowhere");
}

#[tokio::test]
async fn a_refusal_carries_its_code_and_may_be_followed_by_another_try() {
    let server = start().await;
    let mut client = Client::open(server.addr).await;
    client.send("40{\"refuse\":\"token_expired\"}").await;
    assert_eq!(
        client.text().await,
        r#"44{"data":{"code":"token_expired"},"message":"no"}"#
    );
    client.send("40").await;
    assert!(client.text().await.starts_with("40{"));
    assert_eq!(
        server.app.count("refused"),
        0,
        "the application knows already"
    );
}

#[tokio::test]
async fn two_namespaces_on_one_connection_live_side_by_side() {
    let server = start().await;
    let mut client = Client::join(server.addr).await;
    client.send("40/chat").await;
    assert!(client.text().await.starts_with("40/chat,{"));
    client.text().await;
    client.send("41/chat").await;
    server.app.told("disconnected s1 client_disconnect").await;
    client.send("42[\"echo\",1]").await;
    assert_eq!(client.text().await, "42[\"echo\",1]");
    drop(client);
    server.app.told("disconnected s0 transport_close").await;
    assert_eq!(server.app.count("disconnected"), 2);
}

#[tokio::test]
async fn a_client_may_leave_and_join_again() {
    let server = start().await;
    let mut client = Client::join(server.addr).await;
    client.send("41").await;
    client.send("40").await;
    assert!(client.text().await.starts_with("40{\"sid\":\"s1\"}"));
    assert_eq!(server.app.count("disconnected s0 client_disconnect"), 1);
}

#[tokio::test]
async fn packets_against_the_protocol_end_the_session() {
    let server = start().await;
    let packets = [
        "40",                    // joined already
        "42/chat,[\"echo\"]",    // not joined
        "41/chat,",              // not joined
        "43/chat,1[]",           // not joined
        "44{\"message\":\"x\"}", // only a server refuses
        "4",                     // empty
        "4abc",                  // no kind
        "42{}",                  // not an array
        "42[]",                  // no name
        "42[\"connect\"]",       // reserved
        "42[\"a\"",              // broken JSON
        "42abc[\"a\"]",          // no acknowledgement id
        "4299999999999999999999[\"a\"]",
        "451-[\"a\",{\"_placeholder\":true,\"num\":5}]",
        "4599-[\"a\"]", // too many attachments
        "45[\"a\"]",    // how many?
        "40[1]",        // auth is an object
    ];
    for (number, packet) in packets.into_iter().enumerate() {
        let mut client = Client::join(server.addr).await;
        client.send(packet).await;
        assert_eq!(client.closed().await, Received::Close(1002), "{packet}");
        server
            .app
            .told(&format!("disconnected s{number} parse_error"))
            .await;
    }
    assert_eq!(server.app.count("event"), 0);
}

#[tokio::test]
async fn binary_events_come_with_their_attachments() {
    let server = start().await;
    let mut client = Client::join(server.addr).await;
    let text = r#"452-["echo",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
    client.send(text).await;
    client.send_frame(0x80 | BINARY, &[1, 2]).await;
    client.send_frame(0x80 | BINARY, &[]).await;
    assert_eq!(client.text().await, text);
    assert_eq!(client.receive().await, Received::Binary(vec![1, 2]));
    assert_eq!(client.receive().await, Received::Binary(vec![]));
}

#[tokio::test]
async fn attachments_are_bounded_in_number_and_in_bytes() {
    let server = start_with(|config| {
        config.max_attachments = 2;
        config.max_payload = 100;
    })
    .await;
    let mut client = Client::join(server.addr).await;
    client.send("453-[\"echo\"]").await;
    assert_eq!(client.closed().await, Received::Close(1002));
    let mut client = Client::join(server.addr).await;
    client.send("452-[\"echo\"]").await;
    client.send_frame(0x80 | BINARY, &[0; 60]).await;
    client.send_frame(0x80 | BINARY, &[0; 60]).await;
    assert_eq!(client.closed().await, Received::Close(1002));
}

#[tokio::test]
async fn a_text_in_place_of_an_attachment_ends_the_session() {
    let server = start().await;
    let mut client = Client::join(server.addr).await;
    client.send("451-[\"echo\"]").await;
    client.send("42[\"echo\"]").await;
    assert_eq!(client.closed().await, Received::Close(1002));
    server.app.told("disconnected s0 parse_error").await;
}

#[tokio::test]
async fn an_acknowledgement_answers_its_event() {
    let server = start().await;
    let mut client = Client::join(server.addr).await;
    client.send("427[\"ask\",1]").await;
    assert_eq!(client.text().await, "437[[1]]");
    client.send("43[]").await;
    assert_eq!(
        client.closed().await,
        Received::Close(1002),
        "an ack of nothing"
    );
}

#[tokio::test]
async fn an_acknowledgement_that_nobody_asked_for_is_ignored() {
    let server = start().await;
    let mut client = Client::join(server.addr).await;
    client.send("435[1]").await;
    client.send("42[\"echo\"]").await;
    assert_eq!(client.text().await, "42[\"echo\"]");
}

#[tokio::test]
async fn the_next_event_is_not_read_before_the_last_is_done() {
    let server = start().await;
    let mut client = Client::join(server.addr).await;
    client.send("42[\"hold\"]").await;
    client.send("42[\"echo\",1]").await;
    server.app.told("event hold").await;
    sleep(Duration::from_millis(20)).await;
    assert_eq!(server.app.count("event echo"), 0);
    server.app.release();
    assert_eq!(client.text().await, "42[\"echo\",1]");
}

#[tokio::test]
async fn the_server_can_put_a_client_out_of_one_namespace() {
    let server = start().await;
    let mut client = Client::join(server.addr).await;
    client.send("40/chat").await;
    client.text().await;
    client.text().await;
    let chat = server.app.socket();
    chat.leave_namespace(CloseReason::Revoked);
    assert!(chat.emit("late", &[1]).is_err());
    assert_eq!(client.text().await, "41/chat,");
    server.app.told("disconnected s1 revoked").await;
    client.send("42[\"echo\",1]").await;
    assert_eq!(client.text().await, "42[\"echo\",1]");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_joins_nothing_is_closed() {
    let server = start_with(|config| config.connect_timeout = Duration::from_secs(10)).await;
    let mut client = Client::open(server.addr).await;
    assert_eq!(client.closed().await, Received::Close(1000));
    assert_eq!(server.app.calls(), ["refused connect_timeout -"]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_was_refused_and_stays_is_closed_too() {
    let server = start_with(|config| config.connect_timeout = Duration::from_secs(10)).await;
    let mut client = Client::open(server.addr).await;
    client.send("40{\"refuse\":\"token_invalid\"}").await;
    client.text().await;
    assert_eq!(client.closed().await, Received::Close(1000));
    assert_eq!(
        server.app.count("refused"),
        0,
        "it was recorded when it was refused"
    );
}

#[tokio::test(start_paused = true)]
async fn the_connect_timeout_does_not_cut_off_a_slow_decision() {
    let server = start_with(|config| config.connect_timeout = Duration::from_secs(10)).await;
    let mut client = Client::open(server.addr).await;
    client.send("40{\"hold\":true}").await;
    server.app.told("admit").await;
    sleep(Duration::from_secs(15)).await;
    server.app.release();
    assert!(client.text().await.starts_with("40{"));
}
