//! How the server is: for administrators, in their language. That the way is walked is shown by the laws.

use atalaya_store::Role;
use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn an_administrator_sees_how_the_server_is() {
    let app = TestApp::start().await;
    let root = app.admin().await;
    let mut health = root.get("/api/health?lang=es").await.json(200);
    assert!(health["node"].take().as_str().unwrap().contains(':'));
    insta::assert_json_snapshot!(health, @r#"
    {
      "checks": [
        {
          "detail": null,
          "name": "database",
          "ok": true
        },
        {
          "detail": null,
          "name": "lease",
          "ok": true
        },
        {
          "detail": null,
          "name": "ledger",
          "ok": true
        }
      ],
      "database": "sqlite",
      "node": null,
      "public_url": null,
      "sockets": 0,
      "started_at": "2027-01-15T08:00:00.000Z",
      "users": 0,
      "version": "0.1.0",
      "way": null
    }
    "#);
}

#[tokio::test]
async fn others_do_not_and_a_language_is_one_of_two() {
    let app = TestApp::start().await;
    let (root, olga) = (app.admin().await, app.user("olga", Role::Operator).await);
    olga.get("/api/health").await.problem(403, "forbidden");
    let way = olga.post("/api/health/way", json!({})).await;
    way.problem(403, "forbidden");
    let problem = root.get("/api/health?lang=fr").await;
    let problem = problem.problem(400, "invalid_parameter");
    assert_eq!(problem["errors"][0]["field"], "lang");
}
