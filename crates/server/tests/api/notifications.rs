//! The user's own inbox.

use atalaya_store::Role;
use serde_json::{Value, json};

use crate::app::{Client, NOW, TestApp};

async fn inbox(client: &Client, query: &str) -> Value {
    client
        .get(&format!("/api/notifications{query}"))
        .await
        .json(200)
}

fn titles(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["title"].as_str().unwrap())
        .collect()
}

/// Without how new its count is.
fn unversioned(mut answer: Value) -> Value {
    let fields = answer.as_object_mut().unwrap();
    for name in ["unread_version", "unread_position"] {
        assert!(fields.remove(name).is_some_and(|it| it.is_i64()), "{name}");
    }
    answer
}

#[tokio::test]
async fn an_inbox_is_paged_newest_first_and_says_where_a_socket_goes_on() {
    let app = TestApp::start().await;
    let (ana, bruno) = (
        app.user("ana", Role::User).await,
        app.user("bruno", Role::User).await,
    );
    for title in ["uno", "dos", "tres"] {
        app.notify(&ana, title).await;
    }
    let foreign = app.notify(&bruno, "cuatro").await;
    let first = inbox(&ana, "?limit=2").await;
    assert_eq!(titles(&first), ["tres", "dos"]);
    assert_eq!(
        (&first["unread"], &first["position"]),
        (&json!(3), &json!(foreign))
    );

    let cursor = first["next_cursor"].as_str().unwrap();
    let second = inbox(&ana, &format!("?limit=2&cursor={cursor}")).await;
    assert_eq!(titles(&second), ["uno"]);
    assert_eq!(
        (&second["next_cursor"], &second["position"]),
        (&json!(null), &json!(null))
    );
}

#[tokio::test]
async fn reading_one_is_remembered_with_the_time_it_was_read_first() {
    let app = TestApp::start().await;
    let ana = app.user("ana", Role::User).await;
    let (one, _two) = (app.notify(&ana, "uno").await, app.notify(&ana, "dos").await);
    app.app.clock.advance_ms(90_250);
    let path = format!("/api/notifications/{one}/read");
    let first = ana.post(&path, json!({})).await.json(200);
    let expected = json!({"id": one, "read_at": "2027-01-15T08:01:30.250Z", "unread": 1});
    assert_eq!(unversioned(first), expected);
    app.app.clock.advance_ms(1_000);
    let again = ana.post(&path, json!({})).await.json(200);
    assert_eq!(unversioned(again), expected);
    assert_eq!(titles(&inbox(&ana, "?status=read").await), ["uno"]);
    assert_eq!(titles(&inbox(&ana, "?status=unread").await), ["dos"]);
    assert_eq!(
        titles(&inbox(&ana, "?status=unread,read").await),
        ["dos", "uno"]
    );
}

#[tokio::test]
async fn what_is_not_in_the_inbox_cannot_be_read() {
    let app = TestApp::start().await;
    let (ana, bruno) = (
        app.user("ana", Role::User).await,
        app.user("bruno", Role::User).await,
    );
    let foreign = app.notify(&bruno, "ajena").await;
    let path = format!("/api/notifications/{foreign}/read");
    ana.post(&path, json!({})).await.problem(404, "not_found");
    let read = json!({"ids": [foreign, 4711]});
    let answer = ana.post("/api/notifications/read", read).await.json(200);
    assert_eq!(
        unversioned(answer),
        json!({"read": [], "up_to": null, "unread": 0})
    );
    assert_eq!(inbox(&bruno, "").await["unread"], 1);
}

#[tokio::test]
async fn several_are_read_by_id_up_to_one_or_all() {
    let app = TestApp::start().await;
    let ana = app.user("ana", Role::User).await;
    let mut ids = Vec::new();
    for n in 0..6 {
        ids.push(app.notify(&ana, &format!("n{n}")).await);
    }
    let read = |body| ana.post("/api/notifications/read", body);
    let by_id = read(json!({"ids": [ids[1], ids[1]]})).await.json(200);
    assert_eq!(
        (&by_id["read"], &by_id["unread"]),
        (&json!([ids[1]]), &json!(5))
    );
    let up_to = read(json!({"up_to": ids[3]})).await.json(200);
    assert_eq!(
        (&up_to["read"], &up_to["unread"]),
        (&json!([ids[0], ids[2], ids[3]]), &json!(2))
    );
    let all = read(json!({"all": true})).await.json(200);
    assert_eq!(
        (&all["read"], &all["unread"]),
        (&json!([ids[4], ids[5]]), &json!(0))
    );
}

#[tokio::test]
async fn what_is_archived_is_listed_apart() {
    let app = TestApp::start().await;
    let (ana, bruno) = (
        app.user("ana", Role::User).await,
        app.user("bruno", Role::User).await,
    );
    let one = app.notify(&ana, "uno").await;
    app.notify(&ana, "dos").await;
    let foreign = app.notify(&bruno, "ajena").await;
    let archive = |body| ana.post("/api/notifications/archive", body);
    let ids = json!({"ids": [one, foreign, one]});
    let archived = archive(ids.clone()).await.json(200);
    assert_eq!(
        unversioned(archived),
        json!({"archived": [one], "unread": 1})
    );
    let again = archive(ids).await.json(200);
    assert_eq!(unversioned(again), json!({"archived": [], "unread": 1}));
    assert_eq!(titles(&inbox(&ana, "").await), ["dos"]);
    assert_eq!(titles(&inbox(&ana, "?status=archived").await), ["uno"]);
    assert_eq!(titles(&inbox(&bruno, "").await), ["ajena"]);
    let too_many = json!({"ids": (0..1_001).collect::<Vec<_>>()});
    for body in [
        json!({}),
        json!({"ids": "1"}),
        json!({"all": true}),
        too_many,
    ] {
        archive(body).await.problem(422, "invalid_field");
    }
}

#[tokio::test]
async fn what_to_read_is_said_in_exactly_one_way() {
    let app = TestApp::start().await;
    let ana = app.user("ana", Role::User).await;
    for body in [
        json!({}),
        json!({"ids": [1], "all": true}),
        json!({"all": false}),
        json!({"ids": (0..1_001).collect::<Vec<_>>()}),
        json!({"ids": "1"}),
        json!({"up_to": 1, "upto": 2}),
    ] {
        ana.post("/api/notifications/read", body)
            .await
            .problem(422, "invalid_field");
    }
}

#[tokio::test]
async fn an_expired_notification_is_shown_to_nobody() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    let expires_at = "2027-01-15T08:00:01Z";
    let body = json!({"to": {"all": true}, "title": "x", "expires_at": expires_at});
    operator.post("/api/notifications", body).await.json(201);
    assert_eq!(inbox(&operator, "").await["unread"], 1);
    app.app.clock.advance_ms(1_000);
    assert_eq!(app.app.clock.now(), NOW.plus_ms(1_000));
    let after = inbox(&operator, "").await;
    assert_eq!((&after["items"], &after["unread"]), (&json!([]), &json!(0)));
}

#[tokio::test]
async fn a_status_that_does_not_exist_is_refused_with_those_that_do() {
    let app = TestApp::start().await;
    let ana = app.user("ana", Role::User).await;
    let answer = ana.get("/api/notifications?status=unread,new").await;
    insta::assert_json_snapshot!(answer.problem(400, "invalid_parameter")["errors"], @r#"
    [
      {
        "field": "status",
        "message": "`status` holds \"new\"; allowed are unread, read and archived, separated by commas"
      }
    ]
    "#);
}

#[tokio::test]
async fn every_change_of_the_count_has_a_larger_version() {
    let app = TestApp::start().await;
    let ana = app.user("ana", Role::User).await;
    let one = app.notify(&ana, "uno").await;
    let version = |answer: &Value| answer["unread_version"].as_i64().unwrap();
    let listed = inbox(&ana, "").await;
    assert_eq!(listed["unread_position"], one);
    let read = json!({"ids": [one]});
    let read = ana.post("/api/notifications/read", read).await.json(200);
    assert!(version(&read) > version(&listed));
    let unchanged = inbox(&ana, "").await;
    assert_eq!(version(&unchanged), version(&read));
}
