//! Bad bodies of `POST /api/notifications`: a problem that says what is wrong, nothing stored, nothing delivered.

use atalaya_store::model::Role;
use serde_json::{Value, json};

use crate::{
    wire::{Answer, request},
    world::{World, token},
};

on_both_databases!(a_bad_notification_is_refused_and_neither_stored_nor_delivered);

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
        (right_but("unheard_of", json!(1)), 422, "invalid_field"),
        (deep, 422, "invalid_field"),
        (
            right_but("body", json!("x".repeat(2_000_000))),
            413,
            "body_too_large",
        ),
    ]
}

async fn who_may_not_publish_stores_nothing(world: &World, user: atalaya_store::model::UserId) {
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
