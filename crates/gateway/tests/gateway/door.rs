//! The short way in for websockets, and that the long way (through hyper) comes to the same end.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

use crate::support::{
    start, start_with,
    websocket::{TEXT, frame},
    within,
};
use atalaya_gateway::{CloseReason, Origins};

const HANDSHAKE: &str = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n\
    Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: https://app.example\r\n";

/// The status line and the headers but for `date`, sorted, and the rest up to the end of the open packet.
async fn answer(stream: &mut TcpStream) -> (Vec<String>, String) {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"}") {
        bytes.push(within(stream.read_u8()).await.unwrap());
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, rest) = text.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<String> = head.lines().map(str::to_lowercase).collect();
    lines.retain(|line| !line.starts_with("date:"));
    lines.sort();
    (lines, rest.to_owned())
}

async fn send_in_pieces(stream: &mut TcpStream, request: &str) {
    let (first, second) = request.split_at(70);
    stream.set_nodelay(true).unwrap();
    stream.write_all(first.as_bytes()).await.unwrap();
    sleep(Duration::from_millis(30)).await;
    stream.write_all(second.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn a_head_in_one_piece_and_one_in_pieces_get_the_same_answer() {
    for origins in [
        Origins::Any,
        Origins::List(vec!["https://app.example".parse().unwrap()]),
    ] {
        let server = start_with(|config| config.allowed_origins = origins).await;
        let request = format!("{HANDSHAKE}\r\n");
        let mut whole = TcpStream::connect(server.addr).await.unwrap();
        whole.write_all(request.as_bytes()).await.unwrap();
        let mut pieces = TcpStream::connect(server.addr).await.unwrap();
        send_in_pieces(&mut pieces, &request).await;
        let (short, long) = (answer(&mut whole).await, answer(&mut pieces).await);
        assert_eq!(short.0, long.0);
        assert!(
            short.0.iter().any(|it| it.starts_with("http/1.1 101 ")),
            "{short:?}"
        );
        assert!(short.1.contains("0{\"sid\":"), "{short:?}");
        assert!(long.1.contains("0{\"sid\":"), "{long:?}");
        assert_eq!(server.gateway.connections(), 2);
    }
}

#[tokio::test]
async fn what_follows_a_head_at_once_is_read() {
    let server = start().await;
    for is_late in [false, true] {
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        if is_late {
            // It is accepted, and waited for.
            sleep(Duration::from_millis(30)).await;
        }
        let mut bytes = format!("{HANDSHAKE}\r\n").into_bytes();
        bytes.extend(frame(0x80 | TEXT, b"40"));
        stream.write_all(&bytes).await.unwrap();
        let (_, open) = answer(&mut stream).await;
        assert!(open.contains("0{\"sid\":"), "{open}");
        let mut joined = Vec::new();
        while !joined.ends_with(b"}") {
            joined.push(within(stream.read_u8()).await.unwrap());
        }
        let joined = String::from_utf8_lossy(&joined).into_owned();
        assert!(joined.contains("40{\"sid\":"), "{joined}");
    }
}

#[tokio::test]
async fn a_websocket_may_follow_other_requests_on_its_connection() {
    let server = start().await;
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    let first = "GET /socket.io/?EIO=4&transport=nothing HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(first.as_bytes()).await.unwrap();
    let (head, _) = answer(&mut stream).await;
    assert!(
        head.iter().any(|it| it.starts_with("http/1.1 400")),
        "{head:?}"
    );
    stream
        .write_all(format!("{HANDSHAKE}\r\n").as_bytes())
        .await
        .unwrap();
    let (head, open) = answer(&mut stream).await;
    assert!(
        head.iter().any(|it| it.starts_with("http/1.1 101")),
        "{head:?}"
    );
    assert!(open.contains("0{\"sid\":"), "{open}");
}

#[tokio::test]
async fn a_head_with_more_than_the_door_takes_goes_the_long_way() {
    let server = start().await;
    for extra in [
        (0..60).map(|n| format!("X-{n}: y\r\n")).collect::<String>(),
        format!("Cookie: {}\r\n", "c".repeat(9_000)),
    ] {
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        let request = format!("{HANDSHAKE}{extra}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let (_, open) = answer(&mut stream).await;
        assert!(open.contains("0{\"sid\":"), "{open}");
    }
}

#[tokio::test]
async fn what_is_no_handshake_is_answered_as_ever() {
    let server = start().await;
    for (from, to, status) in [
        ("EIO=4", "EIO=3", "400"),
        ("Version: 13", "Version: 8", "400"),
        ("GET ", "POST ", "400"),
        ("Upgrade: websocket", "Upgrade: h2c", "400"),
    ] {
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        let request = format!("{}\r\n", HANDSHAKE.replace(from, to));
        stream.write_all(request.as_bytes()).await.unwrap();
        let (head, _) = answer(&mut stream).await;
        let expected = format!("http/1.1 {status}");
        assert!(
            head.iter().any(|it| it.starts_with(&expected)),
            "{to}: {head:?}"
        );
    }
    assert_eq!(server.gateway.connections(), 0);
}

#[tokio::test]
async fn a_server_that_stops_answers_503() {
    let server = start().await;
    server
        .gateway
        .drain(CloseReason::ServerShutdown, Duration::from_secs(1))
        .await;
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream
        .write_all(format!("{HANDSHAKE}\r\n").as_bytes())
        .await
        .unwrap();
    let (head, _) = answer(&mut stream).await;
    assert!(
        head.iter().any(|it| it.starts_with("http/1.1 503")),
        "{head:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_cut_off() {
    let server = start().await;
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    let begun = tokio::time::Instant::now();
    let mut rest = Vec::new();
    within(stream.read_to_end(&mut rest)).await.unwrap();
    assert!(rest.is_empty());
    assert!(begun.elapsed() >= Duration::from_secs(30));
}
