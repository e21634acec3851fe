//! Who can be sent a notification.

use atalaya_store::Role;

use crate::app::TestApp;

#[tokio::test]
async fn an_operator_pages_through_the_users() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    for name in ["ana", "bruno", "anacleta"] {
        app.account(name, Role::User, None).await;
    }
    let first = operator.get("/api/users?limit=3").await.json(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = operator
        .get(&format!("/api/users?limit=3&cursor={cursor}"))
        .await
        .json(200);
    insta::assert_json_snapshot!(second, @r#"
    {
      "items": [
        {
          "created_at": "2027-01-15T08:00:00.000Z",
          "disabled": false,
          "display_name": null,
          "id": 4,
          "role": "user",
          "username": "anacleta"
        }
      ],
      "next_cursor": null
    }
    "#);

    let found = operator.get("/api/users?q=ana").await.json(200);
    let names: Vec<_> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| &user["username"])
        .collect();
    assert_eq!(names, ["ana", "anacleta"]);
}

#[tokio::test]
async fn a_user_does_not_see_who_there_is() {
    let app = TestApp::start().await;
    let ana = app.user("ana", Role::User).await;
    let problem = ana.get("/api/users").await.problem(403, "forbidden");
    assert_eq!(
        problem["detail"],
        "this needs the role admin or operator; yours is user"
    );
}
