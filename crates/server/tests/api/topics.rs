//! Topics: who may subscribe to what, who is shown what, and who may change it.

use atalaya_store::Role;
use http::{HeaderName, Method, header};
use serde_json::{Value, json};

use crate::app::{Answer, Client, TestApp};

const JSON: &[(HeaderName, &str)] = &[(header::CONTENT_TYPE, "application/json")];

async fn send(client: &Client, method: Method, path: &str) -> Answer {
    client
        .send(method, &format!("/api/topics/{path}"), &[], "")
        .await
}

async fn subscribe(client: &Client, topic: &str) -> Answer {
    send(client, Method::PUT, &format!("{topic}/subscription")).await
}

async fn set(client: &Client, topic: &str, body: &Value) -> Answer {
    let path = format!("/api/topics/{topic}");
    client
        .send(Method::PUT, &path, JSON, body.to_string())
        .await
}

async fn names(client: &Client) -> Value {
    let list = client.get("/api/topics").await.json(200);
    let names = list["items"].as_array().unwrap().iter();
    names.map(|topic| topic["name"].clone()).collect()
}

async fn publish(client: &Client, topic: &str) -> Value {
    let body = json!({"to": {"topic": topic}, "title": "x"});
    client.post("/api/notifications", body).await.json(201)
}

#[tokio::test]
async fn whoever_subscribes_finds_what_comes_in_the_inbox() {
    let app = TestApp::start().await;
    let (olga, luis) = (app.operator().await, app.user("luis", Role::User).await);
    publish(&olga, "alerts.north").await;
    let first = subscribe(&luis, "alerts.north").await.json(201);
    insta::assert_json_snapshot!(first, @r#"
    {
      "since": 1,
      "topic": "alerts.north"
    }
    "#);
    assert_eq!(subscribe(&luis, "alerts.north").await.json(200), first);
    assert_eq!(publish(&olga, "alerts.north").await["recipients"], 1);
    let inbox = luis.get("/api/notifications").await.json(200);
    assert_eq!(inbox["items"][0]["id"], 2);
    assert_eq!(inbox["unread"], 1);
    for _ in 0..2 {
        let left = send(&luis, Method::DELETE, "alerts.north/subscription").await;
        assert_eq!(left.status, 204);
    }
    let inbox = luis.get("/api/notifications").await.json(200);
    assert_eq!(inbox["items"], json!([]));
}

#[tokio::test]
async fn a_topic_is_shown_as_the_asker_sees_it() {
    let app = TestApp::start().await;
    let (root, luis) = (app.admin().await, app.user("luis", Role::User).await);
    subscribe(&luis, "luis").await.json(201);
    let shown = set(&root, "night", &json!({"roles": ["operator"]})).await;
    insta::assert_json_snapshot!(shown.json(200), @r#"
    {
      "listed": true,
      "name": "night",
      "roles": [
        "operator"
      ],
      "subscribed_since": null,
      "subscribers": 0
    }
    "#);
    set(&root, "all", &json!({"roles": null})).await.json(200);
    assert_eq!(names(&root).await, json!(["luis", "night", "all"]));
    insta::assert_json_snapshot!(luis.get("/api/topics").await.json(200), @r#"
    {
      "items": [
        {
          "listed": false,
          "name": "luis",
          "roles": [
            "admin",
            "operator",
            "user"
          ],
          "subscribed_since": 0,
          "subscribers": null
        },
        {
          "listed": true,
          "name": "all",
          "roles": [
            "admin",
            "operator",
            "user"
          ],
          "subscribed_since": null,
          "subscribers": null
        }
      ],
      "next_cursor": null
    }
    "#);
    let first = root.get("/api/topics?limit=2").await.json(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = root.get(&format!("/api/topics?cursor={cursor}")).await;
    assert_eq!(second.json(200)["items"][0]["name"], "all");
    root.get("/api/topics?cursor=x")
        .await
        .problem(400, "invalid_cursor");
}

#[tokio::test]
async fn a_restricted_topic_refuses_the_others_and_says_why() {
    let app = TestApp::start().await;
    let (root, luis) = (app.admin().await, app.user("luis", Role::User).await);
    let roles = json!({"roles": ["admin", "operator"]});
    set(&root, "night", &roles).await.json(200);
    let refused = subscribe(&luis, "night").await;
    let problem = refused.problem(403, "topic_restricted");
    assert_eq!(
        problem["detail"],
        "the topic is only for the role admin or operator"
    );
    for n in 0..50 {
        subscribe(&luis, &format!("t{n}")).await.json(201);
    }
    subscribe(&luis, "one.more")
        .await
        .problem(409, "too_many_subscriptions");
}

#[tokio::test]
async fn an_administrator_subscribes_others_and_sees_who_is() {
    let app = TestApp::start().await;
    let (root, olga) = (app.admin().await, app.operator().await);
    let luis = app.user("luis", Role::User).await;
    let path = format!("night/subscriptions/{}", luis.id);
    let put = async |client| send(client, Method::PUT, &path).await;
    put(&olga).await.problem(403, "forbidden");
    assert_eq!(put(&root).await.json(201)["topic"], "night");
    assert_eq!(put(&root).await.status, 200);
    let nobody = send(&root, Method::PUT, "night/subscriptions/99").await;
    nobody.problem(404, "not_found");
    let list = "/api/topics/night/subscriptions";
    let expected = json!([{"id": luis.id, "username": "luis"}]);
    assert_eq!(olga.get(list).await.json(200)["items"], expected);
    luis.get(list).await.problem(403, "forbidden");
    let left = send(&root, Method::DELETE, &path).await;
    assert_eq!(left.status, 204);
    assert_eq!(olga.get(list).await.json(200)["items"], json!([]));
}

#[tokio::test]
async fn only_an_administrator_sets_and_removes_a_topic() {
    let app = TestApp::start().await;
    let (root, olga) = (app.admin().await, app.operator().await);
    set(&olga, "night", &json!({}))
        .await
        .problem(403, "forbidden");
    send(&olga, Method::DELETE, "night")
        .await
        .problem(403, "forbidden");
    subscribe(&olga, "night").await.json(201);
    assert_eq!(send(&root, Method::DELETE, "night").await.status, 204);
    send(&root, Method::DELETE, "night")
        .await
        .problem(404, "not_found");
    assert_eq!(names(&root).await, json!([]));
}

#[tokio::test]
async fn each_mistake_is_named() {
    let app = TestApp::start().await;
    let root = app.admin().await;
    for bad in ["a%20b", "a=b", "%C3%B1", &"x".repeat(101)] {
        let problem = subscribe(&root, bad).await;
        let problem = problem.problem(400, "invalid_parameter");
        assert_eq!(problem["errors"][0]["field"], "name");
    }
    let bodies = [
        (json!({"roles": []}), "roles", "must name at least one role"),
        (
            json!({"roles": ["Boss"]}),
            "roles",
            "\"Boss\" is not a role; there are admin, operator, user",
        ),
        (
            json!({"role": "admin"}),
            "role",
            "unknown field; there are roles",
        ),
    ];
    for (body, field, message) in bodies {
        let problem = set(&root, "night", &body)
            .await
            .problem(422, "invalid_field");
        let expected = json!([{"field": field, "message": message}]);
        assert_eq!(problem["errors"], expected);
    }
    let to = json!({"to": {"topic": "not a name"}, "title": "x"});
    let problem = root.post("/api/notifications", to).await;
    let problem = problem.problem(422, "invalid_field");
    assert_eq!(problem["errors"][0]["field"], "to.topic");
}
