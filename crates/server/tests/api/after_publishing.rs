//! What becomes of a notification: its publisher takes it back, its audience acknowledges it.

use atalaya_store::Role;
use http::{HeaderName, Method};
use serde_json::{Value, json};

use crate::app::{Answer, Client, TestApp};

async fn publish(client: &Client, body: Value) -> i64 {
    let published = client.post("/api/notifications", body).await.json(201);
    published["id"].as_i64().unwrap()
}

async fn recall(client: &Client, id: i64) -> Answer {
    let path = format!("/api/notifications/{id}");
    let none: &[(HeaderName, &str)] = &[];
    client.send(Method::DELETE, &path, none, "").await
}

async fn acknowledge(client: &Client, id: i64) -> Answer {
    let path = format!("/api/notifications/{id}/acknowledge");
    client.post(&path, json!({})).await
}

async fn titles(client: &Client, path: &str) -> Vec<Value> {
    let list = client.get(path).await.json(200);
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| item["title"].clone()).collect()
}

fn to_all(title: &str) -> Value {
    json!({"to": {"all": true}, "title": title})
}

fn asking(title: &str) -> Value {
    json!({"to": {"all": true}, "title": title, "requires_ack": true})
}

#[tokio::test]
async fn its_publisher_or_an_administrator_takes_it_back() {
    let app = TestApp::start().await;
    let (olga, otto) = (app.operator().await, app.user("otto", Role::Operator).await);
    let (root, luis) = (app.admin().await, app.user("luis", Role::User).await);
    let one = publish(&olga, to_all("one")).await;
    let two = publish(&olga, to_all("two")).await;
    for other in [&otto, &luis] {
        recall(other, one).await.problem(403, "forbidden");
    }
    let recalled = recall(&olga, one).await.json(200);
    assert_eq!(recalled["id"], one);
    assert_eq!(recall(&root, one).await.json(200), recalled);
    assert_eq!(titles(&luis, "/api/notifications").await, ["two"]);
    recall(&root, two).await.json(200);
    assert_eq!(titles(&luis, "/api/notifications").await, [""; 0]);
}

#[tokio::test]
async fn what_is_not_the_askers_is_not_said_to_exist() {
    let app = TestApp::start().await;
    let (olga, luis) = (app.operator().await, app.user("luis", Role::User).await);
    let to_herself = json!({"to": {"users": [olga.id]}, "title": "x", "requires_ack": true});
    let foreign = publish(&olga, to_herself).await;
    for id in [foreign, 4_711] {
        recall(&luis, id).await.problem(404, "not_found");
        acknowledge(&luis, id).await.problem(404, "not_found");
    }
    let anonymous = app.anonymous();
    recall(&anonymous, foreign)
        .await
        .problem(401, "token_missing");
}

/// Each look at an inbox that wants to change it gives its count a version of its own.
fn but_for_the_version(mut answer: Value) -> Value {
    answer.as_object_mut().unwrap().remove("unread_version");
    answer
}

#[tokio::test]
async fn it_stands_in_front_until_somebody_acknowledges_it() {
    let app = TestApp::start().await;
    let (olga, luis) = (app.operator().await, app.user("luis", Role::User).await);
    let pump = publish(&olga, asking("pump")).await;
    let plain = publish(&olga, to_all("plain")).await;
    let front = "/api/notifications/unacknowledged";
    assert_eq!(titles(&luis, front).await, ["pump"]);
    acknowledge(&luis, plain)
        .await
        .problem(409, "not_asked_for");
    let acknowledged = acknowledge(&luis, pump).await.json(200);
    let at = &acknowledged["acknowledged_at"];
    assert!(at.is_string());
    let by_luis = json!({"user": {"id": luis.id, "username": "luis"}, "at": at});
    assert_eq!(acknowledged["acknowledgements"], json!([by_luis]));
    assert_eq!(acknowledged["unread"], 1);
    assert_eq!(titles(&olga, front).await, [""; 0]);
    // Doing it again changes nothing.
    app.app.clock.advance_ms(1_000);
    assert_eq!(
        but_for_the_version(acknowledge(&luis, pump).await.json(200)),
        but_for_the_version(acknowledged.clone())
    );
    // Whoever looks at it sees who did, and may do so too.
    acknowledge(&olga, pump).await.json(200);
    let list = luis.get("/api/notifications").await.json(200);
    let by: Vec<_> = list["items"][1]["acknowledgements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["user"]["username"].clone())
        .collect();
    assert_eq!(by, ["luis", "olga"]);
    assert_eq!(list["items"][1]["acknowledged_at"], *at);
}
