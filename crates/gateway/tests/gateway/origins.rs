//! Pages of other origins: who is let in, and what the browser is told.

use crate::support::{Server, http::request, start, start_with, websocket::Client};
use atalaya_gateway::Origins;

const TARGET: &str = "/socket.io/?EIO=4&transport=polling";
const GOOD: &str = "Origin: https://app.example.com";
const BAD: &str = "Origin: https://evil.example";

async fn start_listed() -> Server {
    start_with(|config| {
        config.allowed_origins = Origins::List(vec!["https://app.example.com".to_owned()]);
    })
    .await
}

#[tokio::test]
async fn any_page_may_ask_by_default_without_credentials() {
    let server = start().await;
    let answer = request(server.addr, "GET", TARGET, &[BAD], "").await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    let answer = request(server.addr, "GET", TARGET, &[], "").await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_listed_page_is_named_and_another_gets_no_header() {
    let server = start_listed().await;
    let answer = request(server.addr, "GET", TARGET, &[GOOD], "").await;
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://app.example.com")
    );
    assert_eq!(
        answer.header("access-control-allow-credentials"),
        Some("true")
    );
    assert_eq!(answer.header("vary"), Some("Origin"));
    let answer = request(server.addr, "GET", TARGET, &[BAD], "").await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
    // Errors too, or the page could not read why.
    let answer = request(server.addr, "GET", "/socket.io/", &[GOOD], "").await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://app.example.com")
    );
}

#[tokio::test]
async fn a_preflight_is_answered() {
    let server = start_listed().await;
    let ask = "Access-Control-Request-Headers: x-mine";
    let answer = request(server.addr, "OPTIONS", TARGET, &[GOOD, ask], "").await;
    assert_eq!(answer.status, 204);
    assert_eq!(
        answer.header("access-control-allow-methods"),
        Some("GET, POST")
    );
    assert_eq!(
        answer.header("access-control-allow-headers"),
        Some("x-mine")
    );
    let answer = request(server.addr, "OPTIONS", TARGET, &[BAD, ask], "").await;
    assert_eq!(answer.header("access-control-allow-methods"), None);
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_page_that_is_not_allowed_is_refused_at_connect() {
    let server = start_listed().await;
    let mut client = Client::open_with(server.addr, &[BAD]).await;
    client.send("40").await;
    assert_eq!(
        client.text().await,
        r#"44{"data":{"code":"origin_denied"},"message":"this page's origin is not allowed to connect"}"#
    );
    assert_eq!(server.app.calls(), ["refused origin_denied /"]);
}

#[tokio::test]
async fn a_listed_page_the_own_host_and_programs_may_connect() {
    let server = start_listed().await;
    let own = format!("Origin: http://{}", server.addr);
    for headers in [&[GOOD][..], &[&own], &[]] {
        let mut client = Client::open_with(server.addr, headers).await;
        client.send("40").await;
        assert!(client.text().await.starts_with("40{"));
    }
}
