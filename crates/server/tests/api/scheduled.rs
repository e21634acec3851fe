//! A notification for later: taken, listed, cancelled. That it is published is shown by the laws.

use atalaya_store::Role;
use http::{HeaderName, Method, header};
use serde_json::{Value, json};

use crate::app::{Answer, Client, TestApp};

const PATH: &str = "/api/notifications/scheduled";

fn later(title: &str) -> Value {
    json!({"to": {"roles": ["operator", "admin"]}, "title": title, "deliver_at": "2027-01-16T10:00:00+01:00"})
}

async fn schedule(client: &Client, body: Value) -> Value {
    client.post("/api/notifications", body).await.json(202)
}

async fn cancel(client: &Client, id: &Value) -> Answer {
    let none: &[(HeaderName, &str)] = &[];
    client
        .send(Method::DELETE, &format!("{PATH}/{id}"), none, "")
        .await
}

#[tokio::test]
async fn it_is_listed_until_it_is_cancelled() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    let answer = schedule(&operator, later("later")).await;
    insta::assert_json_snapshot!(answer, @r#"
    {
      "created_at": "2027-01-15T08:00:00.000Z",
      "deliver_at": "2027-01-16T09:00:00.000Z",
      "scheduled_id": 1
    }
    "#);
    insta::assert_json_snapshot!(operator.get(PATH).await.json(200), @r#"
    {
      "items": [
        {
          "body": null,
          "created_at": "2027-01-15T08:00:00.000Z",
          "deliver_at": "2027-01-16T09:00:00.000Z",
          "expires_at": null,
          "from": {
            "id": 1,
            "username": "olga"
          },
          "link": null,
          "requires_ack": false,
          "scheduled_id": 1,
          "severity": "info",
          "title": "later",
          "to": [
            "role:operator",
            "role:admin"
          ],
          "type": null,
          "users": []
        }
      ],
      "next_cursor": null
    }
    "#);
    let inbox = operator.get("/api/notifications").await.json(200);
    assert_eq!(inbox["items"], json!([]));
    let id = &answer["scheduled_id"];
    assert_eq!(cancel(&operator, id).await.status, 204);
    assert_eq!(operator.get(PATH).await.json(200)["items"], json!([]));
    cancel(&operator, id).await.problem(404, "not_found");
}

#[tokio::test]
async fn each_publisher_has_their_own_and_an_administrator_all() {
    let app = TestApp::start().await;
    let (olga, otto) = (app.operator().await, app.user("otto", Role::Operator).await);
    let (root, luis) = (app.admin().await, app.user("luis", Role::User).await);
    let id = schedule(&olga, later("olga's")).await["scheduled_id"].take();
    assert_eq!(otto.get(PATH).await.json(200)["items"], json!([]));
    assert_eq!(
        root.get(PATH).await.json(200)["items"][0]["title"],
        "olga's"
    );
    cancel(&otto, &id).await.problem(404, "not_found");
    for answer in [
        luis.get(PATH).await,
        cancel(&luis, &id).await,
        luis.post("/api/notifications", later("x")).await,
    ] {
        answer.problem(403, "forbidden");
    }
    assert_eq!(cancel(&root, &id).await.status, 204);
}

#[tokio::test]
async fn its_time_lies_ahead_and_before_its_end() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    let refused = async |field: &str, value: &str| {
        let mut body = later("x");
        body[field] = json!(value);
        let answer = operator.post("/api/notifications", body).await;
        answer.problem(422, "invalid_field")["errors"][0].take()
    };
    for past_or_far in ["2027-01-15T08:00:00Z", "2028-01-18T00:00:00Z", "tomorrow"] {
        assert_eq!(
            refused("deliver_at", past_or_far).await["field"],
            "deliver_at"
        );
    }
    let error = refused("expires_at", "2027-01-16T09:00:00Z").await;
    assert_eq!(error["message"], "must be after `deliver_at`");
    assert_eq!(operator.get(PATH).await.json(200)["items"], json!([]));
}

#[tokio::test]
async fn a_line_of_a_batch_may_be_for_later() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    let mut keyed = later("x");
    keyed["idempotency_key"] = json!("k");
    let now = json!({"to": {"all": true}, "title": "now"});
    let body = format!("{keyed}\n{now}\n{keyed}\n");
    let ndjson = [(header::CONTENT_TYPE, "application/x-ndjson")];
    let path = "/api/notifications/batch";
    let answer = operator.send(Method::POST, path, &ndjson, body).await;
    let lines: Vec<Value> = answer
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |name: &str| lines.iter().map(|line| &line[name]).collect::<Vec<_>>();
    assert_eq!(of("status"), [202, 201, 202]);
    assert_eq!(of("scheduled_id"), [&json!(1), &json!(null), &json!(1)]);
}

#[tokio::test]
async fn users_are_shown_by_name() {
    let app = TestApp::start().await;
    let olga = app.operator().await;
    let luis = app.user("luis", Role::User).await;
    let mut body = later("for luis");
    body["to"] = json!({"users": [luis.id]});
    schedule(&olga, body).await;
    let item = olga.get(PATH).await.json(200)["items"][0].take();
    assert_eq!(item["to"], json!([format!("user:{}", luis.id)]));
    let named = json!([{"id": luis.id, "username": "luis"}]);
    assert_eq!(item["users"], named);
}
