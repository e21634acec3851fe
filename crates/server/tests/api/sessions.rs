//! The ledger, as its readers see it.

use std::time::Duration;

use atalaya_store::{NewRefusal, Role, UserId};
use serde_json::{Value, json};

use crate::app::{Client, NOW, TestApp};

fn ids(page: &Value) -> Vec<i64> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|row| row["id"].as_i64().unwrap())
        .collect()
}

async fn list(client: &Client, query: &str) -> Value {
    client.get(&format!("/api/sessions{query}")).await.json(200)
}

#[tokio::test]
async fn an_administrator_sees_everyone_newest_first_and_a_user_their_own() {
    let app = TestApp::start().await;
    let (admin, ana) = (app.admin().await, app.user("ana", Role::User).await);
    let first = app.session(&ana, "socket-a").await;
    let second = app.session(&admin, "socket-b").await;
    let third = app.session(&ana, "socket-c").await;
    let closed_at = NOW.plus_ms(5_000);
    app.app
        .store
        .close_session(first, "client_disconnect", closed_at, closed_at)
        .await
        .unwrap();

    let all = list(&admin, "").await;
    assert_eq!(ids(&all), [third.0, second.0, first.0]);
    assert_eq!(all["active"], 2);
    let own = list(&ana, "").await;
    assert_eq!(
        (ids(&own), &own["active"]),
        (vec![third.0, first.0], &json!(1))
    );
    let path = format!("?active=true&user_id={}", ana.id);
    assert_eq!(ids(&list(&admin, &path).await), [third.0]);
    assert_eq!(ids(&list(&ana, "?active=false").await), [first.0]);
    ana.get(&format!("/api/sessions?user_id={}", admin.id))
        .await
        .problem(403, "forbidden");
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat_a_row() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for n in 0..5 {
        app.session(&admin, &format!("socket-{n}")).await;
    }
    let (mut seen, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = list(&admin, &query).await;
        seen.extend(ids(&page));
        // One more arrives while the pages are read.
        app.session(&admin, "late").await;
        match page["next_cursor"].as_str() {
            Some(cursor) => query = format!("?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
}

#[tokio::test]
async fn one_row_is_shown_to_its_owner_and_to_administrators() {
    let app = TestApp::start().await;
    let (admin, ana) = (app.admin().await, app.user("ana", Role::User).await);
    let bruno = app.user("bruno", Role::Operator).await;
    let id = app.session(&ana, "socket-a").await;
    let path = format!("/api/sessions/{id}");
    let mut row = ana.get(&path).await.json(200);
    row["node"] = json!("NODE");
    insta::assert_json_snapshot!(row, @r#"
    {
      "connected_at": "2027-01-15T08:00:00.000Z",
      "disconnect_reason": null,
      "disconnected_at": null,
      "id": 1,
      "ip_address": "192.0.2.7",
      "is_active": true,
      "last_seen_at": "2027-01-15T08:00:00.000Z",
      "node": "NODE",
      "recovered_from": null,
      "socket_id": "socket-a",
      "transport": "websocket",
      "user_agent": "test",
      "user_id": 2,
      "username": "ana"
    }
    "#);
    admin.get(&path).await.json(200);
    bruno.get(&path).await.problem(404, "not_found");
    admin
        .get("/api/sessions/4711")
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn who_could_not_connect_is_shown_to_administrators() {
    let app = TestApp::start().await;
    let (admin, ana) = (app.admin().await, app.user("ana", Role::User).await);
    app.app.store.record_refusal(NewRefusal {
        at: NOW,
        code: "token_revoked",
        detail: Some("the user of this token is disabled".to_owned()),
        ip_address: Some("192.0.2.7".to_owned()),
        user_agent: None,
        origin: Some("https://app.example.com".to_owned()),
        namespace: Some("/notifications".to_owned()),
        user_id: Some(UserId(ana.id)),
        node: "web-1".to_owned(),
        transport: "websocket",
    });
    let page = wait_for_refusals(&admin).await;
    insta::assert_json_snapshot!(page, @r#"
    {
      "items": [
        {
          "code": "token_revoked",
          "detail": "the user of this token is disabled",
          "id": 1,
          "ip_address": "192.0.2.7",
          "namespace": "/notifications",
          "node": "web-1",
          "origin": "https://app.example.com",
          "refused_at": "2027-01-15T08:00:00.000Z",
          "transport": "websocket",
          "user_agent": null,
          "user_id": 2,
          "username": "ana"
        }
      ],
      "next_cursor": null
    }
    "#);
    ana.get("/api/sessions/refused")
        .await
        .problem(403, "forbidden");
}

/// A refusal is written with the next group commit; nobody waits for it but this test.
async fn wait_for_refusals(admin: &Client) -> Value {
    for _ in 0..200 {
        let page = admin.get("/api/sessions/refused").await.json(200);
        if !ids(&page).is_empty() {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the refusal was not written within two seconds");
}
