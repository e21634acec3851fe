//! The websocket transport: frames in and out, and frames that no client should send.

use std::time::Duration;

use tokio::{io::AsyncWriteExt, time::sleep};

use crate::support::{
    start, start_with,
    websocket::{BINARY, CLOSE, Client, PING, Received, TEXT, frame},
};

#[tokio::test]
async fn messages_go_in_and_out() {
    let server = start().await;
    let mut client = Client::join(server.addr).await;
    client.send("42[\"echo\",\"€\"]").await;
    assert_eq!(client.text().await, "42[\"echo\",\"€\"]");
}

#[tokio::test]
async fn many_messages_in_one_segment_are_all_read_in_order() {
    let server = start().await;
    let mut client = Client::join(server.addr).await;
    let events: Vec<String> = (0..500).map(|n| format!("42[\"echo\",{n}]")).collect();
    let bytes: Vec<u8> = events
        .iter()
        .flat_map(|it| frame(0x80 | TEXT, it.as_bytes()))
        .collect();
    client.stream.write_all(&bytes).await.unwrap();
    for event in events {
        assert_eq!(client.text().await, event);
    }
}

#[tokio::test]
async fn a_long_message_and_one_in_fragments_arrive_whole() {
    let server = start().await;
    let mut client = Client::join(server.addr).await;
    let long = format!("42[\"echo\",\"{}\"]", "x".repeat(900_000));
    client.send(&long).await;
    assert_eq!(client.text().await, long);
    client.send_frame(TEXT, b"42[\"ec").await;
    client.send_frame(0, b"ho\",").await;
    client.send_frame(0x80 | PING, b"?").await;
    client.send_frame(0x80, b"1]").await;
    assert_eq!(client.receive().await, Received::Pong(b"?".to_vec()));
    assert_eq!(client.text().await, "42[\"echo\",1]");
}

#[tokio::test]
async fn what_was_sent_with_the_handshake_is_not_lost() {
    let server = start().await;
    let mut client =
        Client::connect(server.addr, "/socket.io/?EIO=4&transport=websocket", &[]).await;
    client.send("40").await;
    assert!(client.text().await.starts_with("0{"));
    assert!(client.text().await.starts_with("40{"));
}

#[tokio::test]
async fn a_message_over_the_limit_closes_with_1009() {
    let server = start_with(|config| config.max_payload = 100).await;
    let mut client = Client::join(server.addr).await;
    client.send(&format!("42[\"{}\"]", "x".repeat(100))).await;
    assert_eq!(client.closed().await, Received::Close(1009));
    server.app.told("disconnected s0 payload_too_large").await;
    // In fragments, each of them short enough.
    let mut client = Client::join(server.addr).await;
    client.send_frame(TEXT, &[b'4'; 90]).await;
    client.send_frame(0, &[b'4'; 90]).await;
    assert_eq!(client.closed().await, Received::Close(1009));
}

#[tokio::test]
async fn frames_against_the_rules_close_with_a_reason() {
    let server = start().await;
    let unmasked = [0x81, 1, b'2'];
    let cases: [(&[u8], u16, &str); 5] = [
        (&unmasked, 1002, "transport_error"),
        (&frame(0xC1, b"2"), 1002, "transport_error"),
        (&frame(0x83, b"2"), 1002, "transport_error"),
        (&frame(0x80, b"2"), 1002, "transport_error"),
        (&frame(0x81, &[0xFF, 0xFE]), 1002, "parse_error"),
    ];
    for (number, (bytes, code, reason)) in cases.into_iter().enumerate() {
        let mut client = Client::join(server.addr).await;
        client.stream.write_all(bytes).await.unwrap();
        assert_eq!(client.closed().await, Received::Close(code), "{bytes:?}");
        server
            .app
            .told(&format!("disconnected s{number} {reason}"))
            .await;
    }
}

#[tokio::test]
async fn packets_out_of_order_end_the_session() {
    let server = start().await;
    let packets = ["0{}", "2", "2probe", "5", "6", "7", "", "abc", "1x"];
    for (number, packet) in packets.into_iter().enumerate() {
        let mut client = Client::join(server.addr).await;
        client.send(packet).await;
        assert_eq!(client.closed().await, Received::Close(1002), "{packet:?}");
        server
            .app
            .told(&format!("disconnected s{number} parse_error"))
            .await;
    }
}

#[tokio::test]
async fn a_binary_message_that_belongs_to_nothing_ends_the_session() {
    let server = start().await;
    let mut client = Client::join(server.addr).await;
    client.send_frame(0x80 | BINARY, &[1]).await;
    assert_eq!(client.closed().await, Received::Close(1002));
    server.app.told("disconnected s0 parse_error").await;
}

#[tokio::test]
async fn a_close_frame_is_answered() {
    let server = start().await;
    let mut client = Client::join(server.addr).await;
    client
        .send_frame(0x80 | CLOSE, &1001u16.to_be_bytes())
        .await;
    assert_eq!(client.closed().await, Received::Close(1000));
    server.app.told("disconnected s0 transport_close").await;
}

#[tokio::test]
async fn a_close_packet_closes() {
    let server = start().await;
    let mut client = Client::join(server.addr).await;
    client.send("1").await;
    assert_eq!(client.closed().await, Received::Close(1000));
    server.app.told("disconnected s0 transport_close").await;
}

#[tokio::test]
async fn a_connection_that_breaks_is_noticed() {
    let server = start().await;
    let client = Client::join(server.addr).await;
    drop(client);
    server.app.told("disconnected s0 transport_close").await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_hang_up_is_cut() {
    let server = start().await;
    let client = Client::join(server.addr).await;
    server
        .app
        .socket()
        .disconnect(atalaya_gateway::CloseReason::Revoked);
    sleep(Duration::from_secs(3)).await;
    assert_eq!(server.gateway.connections(), 0);
    drop(client);
}
