//! How a session opens, and what is refused before it does.

use std::time::Duration;

use crate::support::{
    http::{Polling, request},
    start, start_with,
    websocket::Client,
};
use atalaya_gateway::CloseReason;

#[tokio::test]
async fn a_polling_handshake_offers_the_websocket_and_says_the_limits() {
    let server = start().await;
    let answer = request(
        server.addr,
        "GET",
        "/socket.io/?EIO=4&transport=polling&t=x",
        &[],
        "",
    )
    .await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; charset=UTF-8")
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let open: serde_json::Value = serde_json::from_str(&answer.body[1..]).unwrap();
    assert_eq!(open["upgrades"], serde_json::json!(["websocket"]));
    assert_eq!(open["pingInterval"], 25_000);
    assert_eq!(open["pingTimeout"], 20_000);
    assert_eq!(open["maxPayload"], 1_000_000);
    assert_eq!(open["sid"].as_str().unwrap().len(), 22, "128 bits");
}

#[tokio::test]
async fn a_websocket_handshake_offers_no_upgrade() {
    let server = start().await;
    let mut client =
        Client::connect(server.addr, "/socket.io/?EIO=4&transport=websocket", &[]).await;
    assert!(client.text().await.contains(r#""upgrades":[]"#));
}

#[tokio::test]
async fn bad_requests_are_answered_as_the_public_server_does() {
    let server = start().await;
    let cases = [
        ("GET", "", r#"{"code":0,"message":"Transport unknown"}"#),
        (
            "GET",
            "?EIO=4",
            r#"{"code":0,"message":"Transport unknown"}"#,
        ),
        (
            "GET",
            "?EIO=4&transport=carrier-pigeon",
            r#"{"code":0,"message":"Transport unknown"}"#,
        ),
        (
            "GET",
            "?EIO=4&transport=polling&sid=abc",
            r#"{"code":1,"message":"Session ID unknown"}"#,
        ),
        (
            "GET",
            "?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAAAA",
            r#"{"code":1,"message":"Session ID unknown"}"#,
        ),
        (
            "POST",
            "?EIO=4&transport=polling",
            r#"{"code":2,"message":"Bad handshake method"}"#,
        ),
        (
            "PUT",
            "?EIO=4&transport=polling",
            r#"{"code":2,"message":"Bad handshake method"}"#,
        ),
        (
            "GET",
            "?EIO=4&transport=websocket",
            r#"{"code":3,"message":"Bad request"}"#,
        ),
        (
            "GET",
            "?transport=polling",
            r#"{"code":5,"message":"Unsupported protocol version"}"#,
        ),
        (
            "GET",
            "?EIO=3&transport=polling",
            r#"{"code":5,"message":"Unsupported protocol version"}"#,
        ),
    ];
    for (method, query, body) in cases {
        let answer = request(server.addr, method, &format!("/socket.io/{query}"), &[], "").await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (400, body),
            "{method} {query}"
        );
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    assert_eq!(server.app.count("refused unsupported_protocol"), 2);
    assert_eq!(server.gateway.connections(), 0);
}

#[tokio::test]
async fn a_websocket_handshake_that_is_none_is_refused() {
    let server = start().await;
    let upgrade = ["Connection: Upgrade", "Upgrade: websocket"];
    let target = "/socket.io/?EIO=4&transport=websocket";
    let without_key = request(server.addr, "GET", target, &upgrade, "").await;
    assert_eq!(without_key.status, 400);
    let old = [
        &upgrade[..],
        &["Sec-WebSocket-Key: abc", "Sec-WebSocket-Version: 8"],
    ]
    .concat();
    assert_eq!(
        request(server.addr, "GET", target, &old, "").await.status,
        400
    );
}

#[tokio::test]
async fn only_the_own_path_matches() {
    let gateway = start().await.gateway;
    assert!(gateway.matches("/socket.io/"));
    assert!(gateway.matches("/socket.io"));
    assert!(!gateway.matches("/socket.io/x"));
    assert!(!gateway.matches("/"));
}

#[tokio::test]
async fn the_connection_over_the_limit_is_told_to_come_back() {
    let server = start_with(|config| config.max_connections = 2).await;
    let _first = Polling::open(server.addr).await;
    let _second = Client::open(server.addr).await;
    let target = "/socket.io/?EIO=4&transport=polling";
    let third = request(server.addr, "GET", target, &[], "").await;
    assert_eq!(third.status, 503);
    assert_eq!(third.header("retry-after"), Some("1"));
    assert_eq!(server.app.calls(), ["refused too_many_connections -"]);
    assert_eq!(server.gateway.connections(), 2);
}

#[tokio::test]
async fn a_server_that_drains_takes_nobody_in() {
    let server = start().await;
    let grace = Duration::from_secs(5);
    server
        .gateway
        .drain(CloseReason::ServerShutdown, grace)
        .await;
    let target = "/socket.io/?EIO=4&transport=polling";
    assert_eq!(
        request(server.addr, "GET", target, &[], "").await.status,
        503
    );
}

#[tokio::test]
async fn the_public_socket_id_opens_no_transport() {
    let server = start().await;
    let client = Client::join(server.addr).await;
    let socket = server.app.socket();
    assert_ne!(socket.id(), client.sid);
    for id in [socket.id(), "0"] {
        let stolen = Polling {
            addr: server.addr,
            sid: id.to_owned(),
        };
        assert_eq!(stolen.get().await.status, 400);
    }
}

#[tokio::test]
async fn what_the_request_said_is_kept_with_the_connection() {
    let server =
        start_with(|config| config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()]).await;
    let headers = [
        "User-Agent: test/1",
        "Origin: http://page.example",
        "X-Forwarded-For: 6.6.6.6, 203.0.113.9",
        "X-Forwarded-Proto: https",
    ];
    let mut client = Client::open_with(server.addr, &headers).await;
    client.send("40").await;
    client.text().await;
    let handshake = server.app.handshake();
    assert_eq!(handshake.remote_addr.to_string(), "203.0.113.9");
    assert_eq!(handshake.user_agent.as_deref(), Some("test/1"));
    assert_eq!(handshake.origin.as_deref(), Some("http://page.example"));
    assert_eq!(handshake.host.as_deref(), Some(&*server.addr.to_string()));
    assert!(handshake.secure);
    assert_eq!(handshake.transport.as_str(), "websocket");
}
