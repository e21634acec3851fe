//! HTTP long-polling: what goes in and out, and what ends it.

use std::time::Duration;

use crate::support::{
    Server,
    http::{self, Polling, begin, finish},
    start, start_with,
};
use tokio::{io::AsyncWriteExt, time::sleep};

async fn join(server: &Server) -> Polling {
    let client = Polling::open(server.addr).await;
    assert_eq!(client.post("40").await.body, "ok");
    let body = client.get().await.body;
    assert_eq!(body, "40{\"sid\":\"s0\"}\u{1e}42[\"welcome\",\"s0\"]");
    client
}

#[tokio::test]
async fn packets_go_in_and_out_in_order() {
    let server = start().await;
    let client = join(&server).await;
    let post = "42[\"echo\",1]\u{1e}42[\"echo\",2]\u{1e}42[\"echo\",3]";
    assert_eq!(client.post(post).await.body, "ok");
    assert_eq!(client.get().await.body, post);
}

#[tokio::test]
async fn a_poll_waits_for_what_comes() {
    let server = start().await;
    let client = join(&server).await;
    let waiting = client.begin_get().await;
    client.post("42[\"echo\",\"€\"]").await;
    assert_eq!(finish(waiting).await.body, "42[\"echo\",\"€\"]");
}

#[tokio::test]
async fn binary_attachments_come_as_base64() {
    let server = start().await;
    let client = join(&server).await;
    let post = "451-[\"echo\",{\"_placeholder\":true,\"num\":0}]\u{1e}bAQIDBA==";
    client.post(post).await;
    assert_eq!(client.get().await.body, post);
}

#[tokio::test]
async fn a_post_is_answered_when_what_it_brought_is_done() {
    let server = start().await;
    let client = join(&server).await;
    let post = begin(server.addr, "POST", &client.target(), &[], "42[\"hold\"]").await;
    server.app.told("event hold").await;
    server.app.release();
    assert_eq!(finish(post).await.body, "ok");
}

#[tokio::test]
async fn two_polls_at_once_end_the_session() {
    let server = start().await;
    let client = join(&server).await;
    let first = client.begin_get().await;
    sleep(Duration::from_millis(20)).await;
    assert_eq!(client.get().await.status, 400);
    assert_eq!(finish(first).await.body, "1");
    assert_eq!(client.get().await.status, 400);
    server.app.told("disconnected s0 transport_error").await;
}

#[tokio::test]
async fn two_posts_at_once_end_the_session() {
    let server = start().await;
    let client = join(&server).await;
    let first = begin(server.addr, "POST", &client.target(), &[], "42[\"hold\"]").await;
    server.app.told("event hold").await;
    assert_eq!(client.post("42[\"echo\"]").await.status, 400);
    server.app.told("disconnected s0 transport_error").await;
    server.app.release();
    assert_eq!(finish(first).await.status, 400);
}

#[tokio::test]
async fn a_poll_that_is_broken_off_ends_the_session() {
    let server = start().await;
    let client = join(&server).await;
    let poll = client.begin_get().await;
    sleep(Duration::from_millis(20)).await;
    drop(poll);
    server.app.told("disconnected s0 transport_close").await;
    assert_eq!(client.get().await.status, 400);
}

#[tokio::test]
async fn a_post_that_is_broken_off_ends_the_session() {
    let server = start().await;
    let client = join(&server).await;
    let headers = ["Content-Length: 100"];
    let mut post = begin(server.addr, "POST", &client.target(), &headers, "").await;
    post.write_all(b"42[").await.unwrap();
    sleep(Duration::from_millis(20)).await;
    drop(post);
    server.app.told("disconnected s0 transport_close").await;
}

#[tokio::test(start_paused = true)]
async fn a_post_that_never_ends_is_given_up() {
    let server = start().await;
    let client = join(&server).await;
    let headers = ["Content-Length: 100"];
    let post = begin(server.addr, "POST", &client.target(), &headers, "").await;
    server.app.told("disconnected s0").await;
    assert_eq!(finish(post).await.status, 400);
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_and_ends_the_session() {
    let server = start_with(|config| config.max_payload = 100).await;
    for headers in [&[][..], &["Transfer-Encoding: chunked"]] {
        let client = Polling::open(server.addr).await;
        let body = format!("4{}", "x".repeat(200));
        let answer = match headers {
            [] => client.post(&body).await,
            _ => {
                let mut post = begin(server.addr, "POST", &client.target(), headers, "").await;
                let chunk = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
                post.write_all(chunk.as_bytes()).await.unwrap();
                finish(post).await
            }
        };
        assert_eq!(answer.status, 413);
        assert_eq!(client.get().await.status, 400, "the session is gone");
    }
}

#[tokio::test]
async fn a_body_that_is_no_payload_ends_the_session() {
    let server = start().await;
    let bodies = [
        "abc",
        "",
        "4\u{1e}",
        "\u{1e}",
        "42[\"a\"]\u{1e}9",
        "b!!!",
        "0{}",
        "2",
        "5",
        "6",
        "1x",
    ];
    for body in bodies {
        let client = Polling::open(server.addr).await;
        assert_eq!(client.post(body).await.status, 400, "{body:?}");
        assert_eq!(client.get().await.status, 400, "{body:?}");
    }
    let client = Polling::open(server.addr).await;
    let mut post = begin(
        server.addr,
        "POST",
        &client.target(),
        &["Content-Length: 2"],
        "",
    )
    .await;
    post.write_all(&[b'4', 0xFF]).await.unwrap();
    assert_eq!(finish(post).await.status, 400);
}

#[tokio::test]
async fn a_body_of_bytes_is_not_of_this_revision() {
    let server = start().await;
    let client = Polling::open(server.addr).await;
    let headers = ["Content-Type: application/octet-stream"];
    let answer = http::request(server.addr, "POST", &client.target(), &headers, "40").await;
    assert_eq!(answer.status, 400);
    assert_eq!(client.get().await.status, 400);
}

#[tokio::test]
async fn another_method_is_refused_and_the_session_lives() {
    let server = start().await;
    let client = join(&server).await;
    let answer = http::request(server.addr, "DELETE", &client.target(), &[], "").await;
    assert_eq!(answer.status, 400);
    client.post("42[\"echo\"]").await;
    assert_eq!(client.get().await.body, "42[\"echo\"]");
}

#[tokio::test]
async fn a_client_that_leaves_has_its_poll_released() {
    let server = start().await;
    let client = join(&server).await;
    let poll = client.begin_get().await;
    sleep(Duration::from_millis(20)).await;
    assert_eq!(client.post("1").await.body, "ok");
    assert_eq!(finish(poll).await.body, "6");
    server.app.told("disconnected s0 transport_close").await;
    assert_eq!(client.get().await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_nobody_polls_is_reclaimed() {
    let server = start().await;
    let client = Polling::open(server.addr).await;
    assert_eq!(server.gateway.connections(), 1);
    sleep(Duration::from_millis(45_010)).await;
    assert_eq!(server.gateway.connections(), 0);
    assert_eq!(client.get().await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn the_last_word_is_kept_for_the_next_poll_for_a_moment() {
    let server = start().await;
    let client = join(&server).await;
    server
        .app
        .socket()
        .disconnect(atalaya_gateway::CloseReason::Revoked);
    server.app.told("disconnected s0 revoked").await;
    // Each in an answer to itself: the client that reads both at once does not heed the first.
    assert_eq!(client.get().await.body, "41");
    assert_eq!(client.get().await.body, "1");
    assert_eq!(client.get().await.status, 400);

    let client = Polling::open(server.addr).await;
    client.post("40").await;
    client.get().await;
    server
        .app
        .socket()
        .disconnect(atalaya_gateway::CloseReason::Revoked);
    sleep(Duration::from_secs(3)).await;
    assert_eq!(client.get().await.status, 400);
    assert_eq!(server.gateway.connections(), 0);
}

#[tokio::test]
async fn a_post_that_waits_behind_a_long_event_is_answered_when_the_session_ends() {
    let server = start().await;
    let client = join(&server).await;
    let first = begin(server.addr, "POST", &client.target(), &[], "42[\"hold\"]").await;
    server.app.told("event hold").await;
    drop(first);
    sleep(Duration::from_millis(20)).await;
    let second = begin(server.addr, "POST", &client.target(), &[], "42[\"echo\"]").await;
    sleep(Duration::from_millis(20)).await;
    server
        .app
        .socket()
        .disconnect(atalaya_gateway::CloseReason::Revoked);
    assert_eq!(finish(second).await.status, 400);
    server.app.release();
    assert_eq!(server.app.count("event echo"), 0);
}
