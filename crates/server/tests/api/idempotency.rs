//! A publish that is repeated under its key.

use atalaya_store::Role;
use http::{HeaderName, Method, header};
use serde_json::{Value, json};

use crate::app::{Answer, Client, TestApp};

const JSON: (HeaderName, &str) = (header::CONTENT_TYPE, "application/json");
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

async fn publish(client: &Client, keys: &[&str], body: &Value) -> Answer {
    let keys = keys.iter().map(|key| (KEY, *key));
    let headers: Vec<_> = keys.chain([JSON]).collect();
    let body = body.to_string();
    client
        .send(Method::POST, "/api/notifications", &headers, body)
        .await
}

fn notification(title: &str) -> Value {
    json!({"to": {"all": true}, "title": title})
}

#[tokio::test]
async fn it_is_answered_as_the_first_time_and_says_so() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    let first = publish(&operator, &["k 1"], &notification("x")).await;
    assert_eq!((first.status.as_u16(), first.header(REPLAYED)), (201, ""));
    let again = publish(&operator, &["k 1"], &notification("x")).await;
    assert_eq!(
        (again.status.as_u16(), again.header(REPLAYED)),
        (201, "true")
    );
    assert_eq!(again.text, first.text);
    // The same key in the body.
    let mut body = notification("x");
    body["idempotency_key"] = json!("k 1");
    assert_eq!(publish(&operator, &[], &body).await.text, first.text);
    assert_eq!(publish(&operator, &["k 1"], &body).await.text, first.text);
    // Another publisher's key is another key.
    let other = app.user("otto", Role::Operator).await;
    let answer = publish(&other, &["k 1"], &notification("y")).await;
    assert_eq!((answer.status.as_u16(), answer.header(REPLAYED)), (201, ""));
}

#[tokio::test]
async fn another_notification_under_it_is_a_conflict() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    publish(&operator, &["k"], &notification("x"))
        .await
        .json(201);
    let refused = publish(&operator, &["k"], &notification("y")).await;
    refused.problem(409, "idempotency_key_reused");
    // What is refused for its content takes no key.
    let blank = publish(&operator, &["k2"], &notification(" ")).await;
    blank.problem(422, "invalid_field");
    publish(&operator, &["k2"], &notification("z"))
        .await
        .json(201);
}

#[tokio::test]
async fn a_key_that_cannot_be_one_is_refused_by_name() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    let long = "k".repeat(256);
    for keys in [&[""][..], &[&long], &["ñ"], &["a", "b"], &["a\tb"]] {
        let answer = publish(&operator, keys, &notification("x")).await;
        let errors = answer.problem(422, "invalid_field")["errors"].take();
        assert_eq!(errors[0]["field"], "Idempotency-Key", "{keys:?}");
    }
    let mut body = notification("x");
    body["idempotency_key"] = json!("a");
    let answer = publish(&operator, &["b"], &body).await;
    let errors = answer.problem(422, "invalid_field")["errors"].take();
    assert_eq!(errors[0]["field"], "idempotency_key");
}

#[tokio::test]
async fn each_line_of_a_batch_may_have_its_own() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    let line = |title: &str, key: &str| {
        let mut line = notification(title);
        line["idempotency_key"] = json!(key);
        format!("{line}\n")
    };
    let body = [
        line("a", "1"),
        line("b", "2"),
        line("a", "1"),
        line("c", "2"),
    ]
    .concat();
    let ndjson = [(header::CONTENT_TYPE, "application/x-ndjson")];
    let send = || {
        operator.send(
            Method::POST,
            "/api/notifications/batch",
            &ndjson,
            body.clone(),
        )
    };
    let of = |answer: &Answer, name: &str| -> Vec<Value> {
        let lines = answer.text.lines();
        lines
            .map(|line| serde_json::from_str::<Value>(line).unwrap()[name].take())
            .collect()
    };
    let first = send().await;
    assert_eq!(of(&first, "status"), [201, 201, 201, 409]);
    assert_eq!(of(&first, "id")[..3], [json!(1), json!(2), json!(1)]);
    assert_eq!(
        of(&first, "replayed")[..3],
        [json!(null), json!(null), json!(true)]
    );
    let again = send().await;
    assert_eq!(of(&again, "id"), of(&first, "id"));
    assert_eq!(
        of(&again, "replayed")[..3],
        [json!(true), json!(true), json!(true)]
    );
}
