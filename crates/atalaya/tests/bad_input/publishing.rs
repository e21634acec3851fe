//! Bad bodies of `POST /api/notifications`: a problem that says what is wrong, nothing stored, nothing delivered.

use atalaya_store::model::{Role, UserId};
use serde_json::{Value, json};

use crate::{
    wire::{Answer, request},
    world::{World, token},
};

on_both_databases!(
    a_bad_notification_is_refused_and_neither_stored_nor_delivered,
    a_bad_line_of_a_batch_fails_alone,
    a_batch_of_too_many_lines_is_answered_to_its_end,
);

async fn a_bad_notification_is_refused_and_neither_stored_nor_delivered(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let user = world.user(Role::User).await;
    world.start().await;
    let mut reader = world.connect(user).await.unwrap();
    for (body, status, code) in bodies(user.0) {
        let answer = post(&world, &token(operator, 3_600), &body).await;
        assert_eq!(answer.status, status, "{body:.80}: {}", answer.body);
        let problem = answer.json();
        assert_eq!(problem["code"], code, "{body:.80}: {problem}");
        for words in ["title", "detail"] {
            assert!(
                problem[words].as_str().is_some_and(|text| text.len() > 5),
                "{problem}"
            );
        }
    }
    who_may_not_publish_stores_nothing(&world, user).await;
    for table in [
        "SELECT count(*) FROM notifications",
        "SELECT count(*) FROM notification_targets",
    ] {
        assert_eq!(world.number(table).await, 0, "{table}");
    }
    let right = json!({"to": {"users": [user.0]}, "title": "the first that is right"});
    world.publish(operator, right).await;
    let event = reader.next_event_named("notification").await.unwrap();
    assert_eq!(event.arg(0)["title"], "the first that is right");
}

/// What is sent, and the answer to it.
fn bodies(user: i64) -> Vec<(String, u16, &'static str)> {
    let to_users = |users: Value| json!({"to": {"users": users}, "title": "x"}).to_string();
    let right_but = |field: &str, value: Value| {
        let mut body = json!({"to": {"users": [user]}, "title": "x"});
        body[field] = value;
        body.to_string()
    };
    let deep = format!(
        r#"{{"to":{{"all":true}},"title":"x","data":{}1{}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    vec![
        (String::new(), 400, "invalid_json"),
        ("{".to_owned(), 400, "invalid_json"),
        ("[]".to_owned(), 400, "invalid_json"),
        (
            format!("{} trailing", right_but("title", json!("x"))),
            400,
            "invalid_json",
        ),
        (
            r#"{"to":{"all":true},"title":"a","title":"b"}"#.to_owned(),
            400,
            "invalid_json",
        ),
        (to_users(json!([user, 987_654])), 422, "unknown_recipients"),
        (to_users(json!([i64::MAX])), 422, "unknown_recipients"),
        (to_users(json!([])), 422, "invalid_field"),
        (to_users(json!(["ana"])), 422, "invalid_field"),
        (
            json!({"to": {"roles": ["boss"]}, "title": "x"}).to_string(),
            422,
            "invalid_field",
        ),
        (
            json!({"title": "to nobody"}).to_string(),
            422,
            "invalid_field",
        ),
        (right_but("title", json!("")), 422, "invalid_field"),
        (right_but("severity", json!("fatal")), 422, "invalid_field"),
        (
            right_but("expires_at", json!("2001-01-01T00:00:00Z")),
            422,
            "invalid_field",
        ),
        (right_but("collapse_key", json!("")), 422, "invalid_field"),
        (
            right_but("deliver_at", json!("2001-01-01T00:00:00Z")),
            422,
            "invalid_field",
        ),
        (
            right_but("idempotency_key", json!("ñ")),
            422,
            "invalid_field",
        ),
        (right_but("unheard_of", json!(1)), 422, "invalid_field"),
        (deep, 422, "invalid_field"),
        (
            right_but("body", json!("x".repeat(2_000_000))),
            413,
            "body_too_large",
        ),
    ]
}

async fn who_may_not_publish_stores_nothing(world: &World, user: UserId) {
    let right = json!({"to": {"all": true}, "title": "x"}).to_string();
    for (token, status) in [
        (token(user, 3_600), 403),
        (token(user, -1), 401),
        ("hunter2".to_owned(), 401),
    ] {
        assert_eq!(post(world, &token, &right).await.status, status);
    }
    let plain = ["Content-Type: text/plain"];
    let answer = request(
        world.address(),
        "POST",
        "/api/notifications",
        &plain,
        right.as_bytes(),
    )
    .await;
    assert_eq!(answer.status, 401);
}

async fn a_bad_line_of_a_batch_fails_alone(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let user = world.user(Role::User).await;
    world.start().await;
    let mut reader = world.connect(user).await.unwrap();
    let right = |title: usize| json!({"to": {"users": [user.0]}, "title": title.to_string()});
    // An empty body is a blank line here, and a line of two megabytes is one of many.
    let bad: Vec<_> = bodies(user.0).into_iter().skip(1).collect();
    let body = bad
        .iter()
        .enumerate()
        .fold(String::new(), |text, (n, bad)| {
            format!("{text}{}\n{}\n\n", right(n), bad.0)
        });
    let results = post_batch(&world, operator, &body).await;
    assert_eq!(results.len(), 2 * bad.len());
    for (n, (pair, (line, status, code))) in results.chunks(2).zip(&bad).enumerate() {
        assert_eq!(pair[0]["line"], 3 * n + 1, "{}", pair[0]);
        assert_eq!(pair[0]["status"], 201, "{}", pair[0]);
        assert_eq!(pair[1]["line"], 3 * n + 2, "{}", pair[1]);
        assert_eq!(pair[1]["status"], *status, "{line:.80}: {}", pair[1]);
        assert_eq!(pair[1]["code"], *code, "{line:.80}: {}", pair[1]);
    }
    for n in 0..bad.len() {
        let event = reader.next_event_named("notification").await.unwrap();
        assert_eq!(event.arg(0)["title"], n.to_string());
    }
    let stored = world.number("SELECT count(*) FROM notifications").await;
    assert_eq!(stored, i64::try_from(bad.len()).unwrap());
}

/// By a client that sends all of it before it reads anything.
async fn a_batch_of_too_many_lines_is_answered_to_its_end(mut world: World) {
    let operator = world.user(Role::Operator).await;
    world.start().await;
    let line = json!({"to": {"users": [operator.0]}, "title": "x".repeat(150)});
    let body = format!("{line}\n").repeat(15_000);
    let results = post_batch(&world, operator, &body).await;
    assert_eq!(results.len(), 10_001);
    assert!(results[..10_000].iter().all(|it| it["status"] == 201));
    let last = &results[10_000];
    assert_eq!(
        (&last["line"], &last["status"]),
        (&json!(10_001), &json!(413))
    );
    assert_eq!(last["code"], "too_many_lines");
    assert_eq!(
        world.number("SELECT count(*) FROM notifications").await,
        10_000
    );
}

async fn post_batch(world: &World, publisher: UserId, body: &str) -> Vec<Value> {
    let bearer = format!("Authorization: Bearer {}", token(publisher, 3_600));
    let headers = ["Content-Type: application/x-ndjson", &bearer];
    let path = "/api/notifications/batch";
    let answer = request(world.address(), "POST", path, &headers, body.as_bytes()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let text = without_chunks(&answer.body);
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A body that came in chunks (RFC 9112, 7.1), up to the last one, which must be there.
fn without_chunks(mut body: &str) -> String {
    let mut text = String::new();
    loop {
        let (size, rest) = body.split_once("\r\n").expect("no further chunk");
        match usize::from_str_radix(size, 16).unwrap() {
            0 => return text,
            size => {
                text.push_str(&rest[..size]);
                body = &rest[size + 2..];
            }
        }
    }
}

async fn post(world: &World, token: &str, body: &str) -> Answer {
    let bearer = format!("Authorization: Bearer {token}");
    let headers = ["Content-Type: application/json", &bearer];
    request(
        world.address(),
        "POST",
        "/api/notifications",
        &headers,
        body.as_bytes(),
    )
    .await
}
