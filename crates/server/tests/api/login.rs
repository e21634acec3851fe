//! Names and passwords.

use atalaya_store::Role;
use http::header;
use serde_json::json;

use crate::app::TestApp;

const PASSWORD: &str = "correct horse battery";

#[tokio::test]
async fn a_right_password_is_answered_with_a_token_that_works() {
    let app = TestApp::start().await;
    app.account("ana", Role::Operator, Some(PASSWORD)).await;
    let login = json!({"username": "ana", "password": PASSWORD});
    let answer = app.anonymous().post("/api/auth/login", login).await;
    let mut body = answer.json(200);
    let token = body["access_token"].take().as_str().unwrap().to_owned();
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    insta::assert_json_snapshot!(body, @r#"
    {
      "access_token": null,
      "expires_in": 43200,
      "token_type": "Bearer",
      "user": {
        "created_at": "2027-01-15T08:00:00.000Z",
        "disabled": false,
        "display_name": null,
        "id": 1,
        "role": "operator",
        "username": "ana"
      }
    }
    "#);

    let ana = app.with_header(Some(&format!("bearer {token}")));
    assert_eq!(ana.get("/api/auth/me").await.json(200), body["user"]);
}

#[tokio::test]
async fn nobody_learns_why_a_login_was_refused() {
    let app = TestApp::start().await;
    app.account("ana", Role::User, Some(PASSWORD)).await;
    app.account("sinclave", Role::User, None).await;
    let gone = app.account("gone", Role::User, Some(PASSWORD)).await;
    app.app
        .store
        .set_disabled(gone.id, true, app.app.clock.now())
        .await
        .unwrap();
    let mut answers = Vec::new();
    for (username, password) in [
        ("ana", "something else"),
        ("nobody", PASSWORD),
        ("sinclave", PASSWORD),
        ("gone", PASSWORD),
    ] {
        let login = json!({"username": username, "password": password});
        let answer = app.anonymous().post("/api/auth/login", login).await;
        answers.push(answer.problem(401, "invalid_credentials"));
    }
    answers.dedup();
    insta::assert_json_snapshot!(answers, @r#"
    [
      {
        "code": "invalid_credentials",
        "detail": "the user name and the password do not belong together",
        "remedy": "Check both; `atalaya user passwd NAME` sets a new password.",
        "status": 401,
        "title": "Wrong user name or password",
        "type": "urn:atalaya:problem:invalid_credentials"
      }
    ]
    "#);
}

#[tokio::test]
async fn guessing_is_slowed_down_and_the_owner_gets_in_after_the_wait() {
    let app = TestApp::start().await;
    app.account("ana", Role::User, Some(PASSWORD)).await;
    let anyone = app.anonymous();
    for _ in 0..5 {
        let guess = json!({"username": "ana", "password": "a wrong guess"});
        anyone
            .post("/api/auth/login", guess)
            .await
            .problem(401, "invalid_credentials");
    }
    let login = json!({"username": "ana", "password": PASSWORD});
    let answer = anyone.post("/api/auth/login", login.clone()).await;
    answer.problem(429, "too_many_attempts");
    assert_eq!(answer.header(header::RETRY_AFTER), "1");

    app.app.clock.advance_ms(1_000);
    anyone.post("/api/auth/login", login).await.json(200);
}

#[tokio::test]
async fn a_login_without_its_fields_names_both() {
    let app = TestApp::start().await;
    let answer = app
        .anonymous()
        .post("/api/auth/login", json!({"user": "ana", "password": 7}))
        .await;
    insta::assert_json_snapshot!(answer.problem(422, "invalid_field")["errors"], @r#"
    [
      {
        "field": "username",
        "message": "is required and must be a text"
      },
      {
        "field": "password",
        "message": "must be a text"
      },
      {
        "field": "user",
        "message": "unknown field; there are username, password"
      }
    ]
    "#);
}
