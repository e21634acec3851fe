//! `POST /api/notifications/batch`: a line in, a line out, and none harms another.

use std::{fmt::Write, io};

use atalaya_store::Role;
use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt;
use http::{Method, header};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::app::{Answer, Client, TestApp};

const PATH: &str = "/api/notifications/batch";
const NDJSON: (header::HeaderName, &str) = (header::CONTENT_TYPE, "application/x-ndjson");
const LINE: &[u8] = br#"{"to":{"all":true},"title":"x"}"#;

async fn send(client: &Client, body: impl Into<Body>) -> Answer {
    client.send(Method::POST, PATH, &[NDJSON], body).await
}

/// The lines of an answer.
#[track_caller]
fn lines(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let lines = answer.text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// So many lines that are right, with their numbers as titles.
fn numbered(count: usize) -> String {
    (1..=count).fold(String::new(), |mut text, number| {
        writeln!(text, r#"{{"to":{{"all":true}},"title":"{number}"}}"#).unwrap();
        text
    })
}

/// A request whose lines are sent one by one.
struct Open {
    lines: mpsc::Sender<io::Result<Vec<u8>>>,
    answer: BodyDataStream,
}

impl Open {
    async fn by(client: &Client) -> Self {
        let (lines, sent) = mpsc::channel(16);
        let sent = futures_util::stream::unfold(sent, async |mut sent| {
            sent.recv().await.map(|piece| (piece, sent))
        });
        let body = Body::from_stream(sent);
        let response = client.open(Method::POST, PATH, &[NDJSON], body).await;
        assert_eq!(response.status(), 200);
        Self {
            lines,
            answer: response.into_body().into_data_stream(),
        }
    }

    async fn send(&self, line: &[u8]) {
        let line = [line, b"\n"].concat();
        self.lines.send(Ok(line)).await.unwrap();
    }

    async fn next(&mut self) -> Value {
        let piece = self.answer.next().await.unwrap().unwrap();
        serde_json::from_slice(&piece).unwrap()
    }
}

#[tokio::test]
async fn each_line_is_answered_in_its_place_and_a_bad_one_fails_alone() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    let longest = format!(
        r#"{{"to":{{"all":true}},"title":"{}"}}"#,
        "x".repeat(256 * 1024)
    );
    let body = [
        LINE,
        b"{\"title\":",
        br#"{"to":{"users":[]},"title":" ","color":1}"#,
        b" \t\r",
        br#"{"to":{"users":[900]},"title":"x"}"#,
        b"{\"to\":{\"all\":true},\"title\":\"\xff\"}",
        longest.as_bytes(),
        b"[]",
        LINE,
    ]
    .join(&b'\n');
    let answer = send(&operator, body).await;
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/x-ndjson");
    insta::assert_snapshot!(answer.text, @r#"
    {"line":1,"status":201,"id":1,"created_at":"2027-01-15T08:00:00.000Z","recipients":1}
    {"line":2,"status":400,"code":"invalid_json","message":"EOF while parsing a value at column 9","column":9}
    {"line":3,"status":422,"code":"invalid_field","message":"to.users: must name at least one user; title: must not be blank; color: unknown field; there are to, title, body, severity, type, event, link, data, expires_at, requires_ack, collapse_key, idempotency_key, deliver_at","errors":[{"field":"to.users","message":"must name at least one user"},{"field":"title","message":"must not be blank"},{"field":"color","message":"unknown field; there are to, title, body, severity, type, event, link, data, expires_at, requires_ack, collapse_key, idempotency_key, deliver_at"}]}
    {"line":5,"status":422,"code":"unknown_recipients","message":"no users with the ids 900","users":[900]}
    {"line":6,"status":400,"code":"invalid_json","message":"invalid unicode code point at column 29","column":29}
    {"line":7,"status":413,"code":"body_too_large","message":"the line is larger than 262144 bytes"}
    {"line":8,"status":400,"code":"invalid_json","message":"the body is not a JSON object"}
    {"line":9,"status":201,"id":2,"created_at":"2027-01-15T08:00:00.000Z","recipients":1}
    "#);
    let inbox = operator.get("/api/notifications").await.json(200);
    assert_eq!(inbox["unread"], 2);
}

#[tokio::test]
async fn ten_thousand_lines_are_published_in_their_order_and_no_more_are_read() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    let answer = send(&operator, numbered(10_000)).await;
    let results = lines(&answer);
    assert_eq!(results.len(), 10_000);
    for (n, result) in (1..).zip(&results) {
        assert_eq!(
            (&result["line"], &result["status"]),
            (&json!(n), &json!(201))
        );
        assert_eq!(result["id"], n, "ids are in the order of the lines");
    }
    let newest = operator.get("/api/notifications?limit=2").await.json(200);
    let titles = [&newest["items"][0]["title"], &newest["items"][1]["title"]];
    assert_eq!(titles, ["10000", "9999"]);

    let blank = "\n".repeat(9_999);
    let answer = send(&operator, format!("{blank}{}", numbered(3))).await;
    let results = lines(&answer);
    assert_eq!(
        (&results[0]["line"], &results[0]["id"]),
        (&json!(10_000), &json!(10_001))
    );
    insta::assert_json_snapshot!(results[1..], @r#"
    [
      {
        "code": "too_many_lines",
        "line": 10001,
        "message": "a batch has at most 10000 lines",
        "status": 413
      }
    ]
    "#);
}

#[tokio::test]
async fn a_client_may_send_everything_before_it_reads() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    let unread = operator
        .open(Method::POST, PATH, &[NDJSON], numbered(2_000))
        .await;
    app.app.tasks.close();
    app.app.tasks.wait().await;
    assert_eq!(app.app.store.head().await.unwrap().0, 2_000);
    assert_eq!(lines(&Answer::read(unread).await).len(), 2_000);
}

#[tokio::test]
async fn a_line_is_answered_while_the_next_is_not_yet_written() {
    let app = TestApp::start().await;
    let mut open = Open::by(&app.operator().await).await;
    for n in 1..=3 {
        open.send(LINE).await;
        assert_eq!(open.next().await["id"], n);
    }
    drop(open.lines);
    assert!(open.answer.next().await.is_none());
}

#[tokio::test]
async fn what_was_sent_before_the_connection_broke_stays() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    let open = Open::by(&operator).await;
    open.send(LINE).await;
    open.send(LINE).await;
    let reset = io::Error::from(io::ErrorKind::ConnectionReset);
    open.lines.send(Err(reset)).await.unwrap();
    drop(open.answer);
    app.app.tasks.close();
    app.app.tasks.wait().await;
    let inbox = operator.get("/api/notifications").await.json(200);
    assert!(inbox["unread"].as_i64().unwrap() >= 1, "{inbox}");
}

#[tokio::test]
async fn without_the_database_each_line_hears_so() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    let mut open = Open::by(&operator).await;
    open.send(LINE).await;
    assert_eq!(open.next().await["status"], 201);
    app.app.store.close().await;
    for n in [2, 3] {
        open.send(LINE).await;
        let result = open.next().await;
        assert_eq!(
            (&result["line"], &result["status"]),
            (&json!(n), &json!(503))
        );
        assert_eq!(result["code"], "database_unavailable");
    }
    send(&operator, LINE)
        .await
        .problem(503, "database_unavailable");
}

#[tokio::test]
async fn a_server_that_stops_says_which_lines_it_did_not_read() {
    let app = TestApp::start().await;
    let mut open = Open::by(&app.operator().await).await;
    open.send(LINE).await;
    assert_eq!(open.next().await["status"], 201);
    app.app.health.drain();
    open.send(LINE).await;
    insta::assert_json_snapshot!(open.next().await, @r#"
    {
      "code": "server_stopping",
      "line": 2,
      "message": "the server stops; this line and what follows it were not read",
      "status": 503
    }
    "#);
    assert!(open.answer.next().await.is_none());
}

#[tokio::test]
async fn who_sends_nothing_more_is_told_which_line_was_awaited() {
    let app = TestApp::start().await;
    let mut open = Open::by(&app.operator().await).await;
    open.send(LINE).await;
    assert_eq!(open.next().await["status"], 201);
    tokio::time::pause();
    insta::assert_json_snapshot!(open.next().await, @r#"
    {
      "code": "body_too_slow",
      "line": 2,
      "message": "this line was not complete after 15 s",
      "status": 408
    }
    "#);
    assert!(open.answer.next().await.is_none());
}

#[tokio::test]
async fn only_administrators_and_operators_publish_a_batch() {
    let app = TestApp::start().await;
    let ana = app.user("ana", Role::User).await;
    send(&ana, LINE).await.problem(403, "forbidden");
    send(&app.anonymous(), LINE)
        .await
        .problem(401, "token_missing");
    assert_eq!(ana.get("/api/notifications").await.json(200)["unread"], 0);
}

#[tokio::test]
async fn a_batch_must_be_declared_as_lines_of_json() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    let declared = |name: &'static str| [(header::CONTENT_TYPE, name)];
    for wrong in ["application/json", "text/plain"] {
        operator
            .send(Method::POST, PATH, &declared(wrong), LINE)
            .await
            .problem(415, "unsupported_media_type");
    }
    let right = declared("Application/NDJSON; charset=utf-8");
    let answer = operator.send(Method::POST, PATH, &right, LINE).await;
    assert_eq!(lines(&answer)[0]["status"], 201);
}

#[tokio::test]
async fn a_line_of_nothing_but_mistakes_has_a_short_answer() {
    let app = TestApp::start().await;
    let fields: Vec<_> = (0..5_000).map(|n| format!("\"unknown-{n}\":1")).collect();
    let answer = send(&app.operator().await, format!("{{{}}}", fields.join(","))).await;
    assert!(answer.text.len() < 10_000, "{}", answer.text.len());
    assert_eq!(lines(&answer)[0]["errors"].as_array().unwrap().len(), 32);
}

#[tokio::test]
async fn lines_are_not_held_back_to_be_compressed() {
    let app = TestApp::start().await;
    let gzip = [NDJSON, (header::ACCEPT_ENCODING, "gzip")];
    let operator = app.operator().await;
    let answer = operator.send(Method::POST, PATH, &gzip, numbered(50)).await;
    assert_eq!(answer.header(header::CONTENT_ENCODING), "");
    assert_eq!(lines(&answer).len(), 50);
}
