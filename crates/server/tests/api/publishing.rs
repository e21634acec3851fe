//! `POST /api/notifications`: what is taken, and what is refused whole.

use atalaya_store::Role;
use serde_json::{Value, json};

use crate::app::{Client, TestApp};

async fn publish(client: &Client, body: Value) -> Value {
    client.post("/api/notifications", body).await.json(201)
}

async fn inbox(client: &Client) -> Value {
    client.get("/api/notifications").await.json(200)
}

/// The refused fields of a publish that is otherwise right.
async fn errors(client: &Client, name: &str, value: Value) -> Value {
    let mut body = json!({"to": {"all": true}, "title": "x"});
    body[name] = value;
    let answer = client.post("/api/notifications", body).await;
    answer.problem(422, "invalid_field")["errors"].take()
}

#[tokio::test]
async fn a_notification_is_in_the_inbox_of_whom_it_is_for_once_it_is_answered() {
    let app = TestApp::start().await;
    let (operator, ana) = (app.operator().await, app.user("ana", Role::User).await);
    let bruno = app.user("bruno", Role::User).await;
    let answer = publish(
        &operator,
        json!({
            "to": {"users": [ana.id, ana.id]},
            "title": "Disco casi lleno",
            "body": "web-1 tiene 3 % libre.",
            "severity": "warning",
            "type": "disk",
            "event": "alert",
            "link": "/servers/web-1",
            "data": {"z": 1, "a": [null, 1.10, "ñ"]},
            "expires_at": "2027-01-15T10:00:00+01:00",
            "requires_ack": true
        }),
    );
    insta::assert_json_snapshot!(answer.await, @r#"
    {
      "created_at": "2027-01-15T08:00:00.000Z",
      "id": 1,
      "recipients": 1
    }
    "#);
    insta::assert_json_snapshot!(inbox(&ana).await, @r#"
    {
      "items": [
        {
          "acknowledged_at": null,
          "acknowledgements": [],
          "body": "web-1 tiene 3 % libre.",
          "created_at": "2027-01-15T08:00:00.000Z",
          "data": {
            "a": [
              null,
              1.1,
              "ñ"
            ],
            "z": 1
          },
          "event": "alert",
          "expires_at": "2027-01-15T09:00:00.000Z",
          "from": {
            "id": 1,
            "username": "olga"
          },
          "id": 1,
          "link": "/servers/web-1",
          "read_at": null,
          "replaces": null,
          "requires_ack": true,
          "severity": "warning",
          "title": "Disco casi lleno",
          "type": "disk"
        }
      ],
      "next_cursor": null,
      "position": 1,
      "unread": 1,
      "unread_position": 1,
      "unread_version": 1
    }
    "#);
    assert_eq!(inbox(&bruno).await["items"], json!([]));
}

#[tokio::test]
async fn data_is_handed_on_as_the_publisher_wrote_it() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    let data = r#"{"z":1.10, "a":12345678901234567890123, "a ":null}"#;
    let body = format!(r#"{{"to":{{"all":true}},"title":"x","data":{data}}}"#);
    let json = [(http::header::CONTENT_TYPE, "application/json")];
    operator
        .send(http::Method::POST, "/api/notifications", &json, body)
        .await
        .json(201);
    let text = operator.get("/api/notifications").await.text;
    assert!(text.contains(&format!(r#""data":{data},"#)), "{text}");
}

#[tokio::test]
async fn roles_and_all_reach_everyone_they_name() {
    let app = TestApp::start().await;
    let (admin, operator) = (app.admin().await, app.operator().await);
    let ana = app.user("ana", Role::User).await;
    let to_roles = publish(
        &admin,
        json!({"to": {"roles": ["operator", "admin"]}, "title": "guardia"}),
    )
    .await;
    assert_eq!(to_roles["recipients"], 2);
    let to_all = publish(&operator, json!({"to": {"all": true}, "title": "todos"})).await;
    assert_eq!(to_all["recipients"], 3);
    assert_eq!(inbox(&ana).await["unread"], 1);
    assert_eq!(inbox(&operator).await["unread"], 2);
}

#[tokio::test]
async fn unknown_recipients_are_named_and_nothing_is_published() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    let body = json!({"to": {"users": [operator.id, 900, 901]}, "title": "x"});
    let problem = operator
        .post("/api/notifications", body)
        .await
        .problem(422, "unknown_recipients");
    insta::assert_json_snapshot!(problem, @r#"
    {
      "code": "unknown_recipients",
      "detail": "no users with the ids 900, 901",
      "remedy": "Leave out the ids in `users`; nothing was published.",
      "status": 422,
      "title": "Some recipients do not exist",
      "type": "urn:atalaya:problem:unknown_recipients",
      "users": [
        900,
        901
      ]
    }
    "#);
    assert_eq!(inbox(&operator).await["items"], json!([]));
}

#[tokio::test]
async fn every_mistake_in_a_notification_is_told_at_once() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    let answer = operator
        .post(
            "/api/notifications",
            json!({
                "to": {"users": [], "color": 1},
                "title": " ",
                "body": 7,
                "severity": "fatal",
                "type": "Disk Full",
                "event": "connect",
                "link": "javascript:alert(1)",
                "expires_at": "tomorrow",
                "requires_ack": "yes",
                "titel": "x"
            }),
        )
        .await;
    insta::assert_json_snapshot!(answer.problem(422, "invalid_field")["errors"], @r#"
    [
      {
        "field": "to.users",
        "message": "must name at least one user"
      },
      {
        "field": "to.color",
        "message": "unknown field; there are users, roles, topic, all"
      },
      {
        "field": "title",
        "message": "must not be blank"
      },
      {
        "field": "body",
        "message": "must be a text"
      },
      {
        "field": "severity",
        "message": "must be one of info, success, warning and critical"
      },
      {
        "field": "type",
        "message": "must be 1 to 64 of the characters a-z 0-9 . _ -"
      },
      {
        "field": "event",
        "message": "must not be one of connect, connect_error, disconnect, disconnecting, newListener, removeListener, session, sessions, inbox, sync, removed, acknowledged, membership"
      },
      {
        "field": "link",
        "message": "must be an http:// or https:// address, or a path that begins with one /"
      },
      {
        "field": "expires_at",
        "message": "must be a time of RFC 3339, such as 2030-01-31T09:15:00Z"
      },
      {
        "field": "requires_ack",
        "message": "must be true or false"
      },
      {
        "field": "titel",
        "message": "unknown field; there are to, title, body, severity, type, event, link, data, expires_at, requires_ack, collapse_key, idempotency_key, deliver_at"
      }
    ]
    "#);
}

#[tokio::test]
async fn another_way_to_name_recipients_is_told_what_there_is() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    let group = errors(&operator, "to", json!({"group": "north"})).await;
    insta::assert_json_snapshot!(group, @r#"
    [
      {
        "field": "to",
        "message": "must be {\"users\": [27]}, {\"roles\": [\"operator\"]}, {\"topic\": \"alerts.north\"} or {\"all\": true}"
      },
      {
        "field": "to.group",
        "message": "unknown field; there are users, roles, topic, all"
      }
    ]
    "#);
}

#[tokio::test]
async fn to_names_its_recipients_in_exactly_one_way() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    for to in [
        json!({}),
        json!({"users": [1], "all": true}),
        json!({"all": false}),
        json!({"roles": []}),
        json!({"roles": ["boss"]}),
        json!({"users": ["ana"]}),
        json!({"users": (1..=1_001).collect::<Vec<_>>()}),
        json!("all"),
        json!(null),
    ] {
        let errors = errors(&operator, "to", to.clone()).await;
        assert!(
            errors[0]["field"].as_str().unwrap().starts_with("to"),
            "{to}: {errors}"
        );
        assert_eq!(errors.as_array().unwrap().len(), 1, "{to}: {errors}");
    }
}

#[tokio::test]
async fn fields_have_limits() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let deep: &serde_json::value::RawValue = serde_json::from_str(&deep).unwrap();
    let body = format!(
        r#"{{"to":{{"all":true}},"title":"x","data":{}}}"#,
        deep.get()
    );
    let json = [(http::header::CONTENT_TYPE, "application/json")];
    let answer = operator
        .send(http::Method::POST, "/api/notifications", &json, body)
        .await;
    answer.problem(422, "invalid_field");
    for (name, value) in [
        ("title", json!("x".repeat(201))),
        ("body", json!("x".repeat(8 * 1024 + 1))),
        ("body", json!("a\0b")),
        ("data", json!("x".repeat(32 * 1024))),
        ("link", json!(format!("/{}", "x".repeat(2_048)))),
        ("expires_at", json!("2027-01-15T08:00:00Z")),
        ("event", json!("inbox")),
    ] {
        assert_eq!(errors(&operator, name, value).await[0]["field"], name);
    }
}

#[tokio::test]
async fn only_administrators_and_operators_publish() {
    let app = TestApp::start().await;
    let ana = app.user("ana", Role::User).await;
    let body = json!({"to": {"all": true}, "title": "x"});
    ana.post("/api/notifications", body.clone())
        .await
        .problem(403, "forbidden");
    app.anonymous()
        .post("/api/notifications", body)
        .await
        .problem(401, "token_missing");
    assert_eq!(inbox(&ana).await["unread"], 0);
}
