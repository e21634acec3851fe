//! A client that does not read costs a bounded amount, and nobody else a delay.

use std::time::Duration;

use atalaya_gateway::{Frame, SendError};
use tokio::time::{sleep, timeout};

use crate::support::{http::Polling, start, start_with, websocket::Client};

fn big_frame() -> Frame {
    Frame::event("/", "big", &["x".repeat(100_000)]).unwrap()
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off_at_the_bound_of_bytes() {
    let server = start().await;
    let slow = Client::join(server.addr).await;
    let mut quick = Client::join(server.addr).await;
    let [slow_socket, quick_socket] = &server.app.sockets()[..] else {
        panic!()
    };
    let frame = big_frame();
    let mut sent = 0;
    while slow_socket.send(&frame).is_ok() {
        sent += 1;
        assert!(sent < 1_000, "never cut off");
        if sent % 10 == 0 {
            quick_socket.emit("tick", &[sent]).unwrap();
            assert_eq!(quick.text().await, format!("42[\"tick\",{sent}]"));
        }
    }
    assert!(sent >= 40, "4 MiB may wait");
    assert!(matches!(slow_socket.send(&frame), Err(SendError::Closed)));
    server.app.told("disconnected s0 slow_consumer").await;
    drop(slow);
}

#[tokio::test]
async fn a_client_that_does_not_poll_is_cut_off_at_the_bound_of_messages() {
    let server = start_with(|config| config.outbound_max_messages = 50).await;
    let client = Polling::open(server.addr).await;
    client.post("40").await;
    client.get().await;
    let socket = server.app.socket();
    let sent = (0..100)
        .take_while(|n| socket.emit("n", &[n]).is_ok())
        .count();
    assert_eq!(sent, 50);
    server.app.told("disconnected s0 slow_consumer").await;
    assert_eq!(client.get().await.status, 400);
}

#[tokio::test]
async fn what_the_kernel_does_not_take_at_once_arrives_whole_and_in_order() {
    let server = start().await;
    let mut client = Client::join(server.addr).await;
    let socket = server.app.socket();
    let expected: Vec<String> = (0..30)
        .map(|n| format!("42[\"n\",{n},\"{}\"]", "x".repeat(100_000)))
        .collect();
    for (n, _) in expected.iter().enumerate() {
        socket.emit("n", &(n, "x".repeat(100_000))).unwrap();
    }
    for text in expected {
        assert_eq!(client.text().await, text);
    }
}

#[tokio::test]
async fn a_sender_can_wait_for_room() {
    let server = start().await;
    let mut client = Client::join(server.addr).await;
    let socket = server.app.socket();
    let sending = tokio::spawn(async move {
        let frame = big_frame();
        for _ in 0..300 {
            socket.writable().await;
            socket.send(&frame).unwrap();
        }
    });
    for _ in 0..300 {
        assert!(client.text().await.starts_with("42[\"big\""));
    }
    sending.await.unwrap();
}

#[tokio::test]
async fn waiting_for_room_ends_with_the_connection() {
    let server = start().await;
    let client = Client::join(server.addr).await;
    let socket = server.app.socket();
    let frame = big_frame();
    while timeout(Duration::from_millis(50), socket.writable())
        .await
        .is_ok()
    {
        socket.send(&frame).unwrap();
    }
    let waiting = tokio::spawn(async move { socket.writable().await });
    sleep(Duration::from_millis(20)).await;
    drop(client);
    timeout(Duration::from_secs(5), waiting)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn pings_that_are_not_read_count_too() {
    let server = start_with(|config| config.outbound_max_messages = 100).await;
    let client = Client::join(server.addr).await;
    let (_reading, mut writing) = client.stream.into_split();
    let flood = async {
        let ping = crate::support::websocket::frame(0x89, &[b'x'; 125]).repeat(100);
        while tokio::io::AsyncWriteExt::write_all(&mut writing, &ping)
            .await
            .is_ok()
        {}
    };
    let told = server.app.told("disconnected s0");
    tokio::select! {
        () = flood => {}
        _ = told => {}
    }
    let told = server.app.told("disconnected s0").await;
    assert!(
        told.ends_with("slow_consumer") || told.ends_with("transport_close"),
        "{told}"
    );
}
