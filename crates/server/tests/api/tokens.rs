//! Who gets in with which token.

use std::time::Duration;

use atalaya_server::{auth::Tokens, config::Secret};
use atalaya_store::{Role, UserId};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::header;

use crate::app::{NOW, TestApp};

#[tokio::test]
async fn without_a_token_a_request_is_told_how_to_send_one() {
    let app = TestApp::start().await;
    let answer = app.anonymous().get("/api/auth/me").await;
    assert_eq!(answer.header(header::WWW_AUTHENTICATE), "Bearer");
    insta::assert_json_snapshot!(answer.problem(401, "token_missing"), @r#"
    {
      "code": "token_missing",
      "detail": "the request carries no access token",
      "remedy": "Log in, and send the header `Authorization: Bearer` with the token.",
      "status": 401,
      "title": "No access token",
      "type": "urn:atalaya:problem:token_missing"
    }
    "#);
    app.with_header(Some("Bearer "))
        .get("/api/auth/me")
        .await
        .problem(401, "token_missing");
}

#[tokio::test]
async fn a_token_that_is_none_is_refused_with_the_reason() {
    let app = TestApp::start().await;
    let user = app.account("ana", Role::User, None).await;
    let other = Tokens::new(
        &Secret::new("another secret"),
        "sub",
        Duration::from_secs(60),
    );
    let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"sub":{},"exp":4000000000}}"#, user.id));
    let unsigned = format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
    let mut reasons = Vec::new();
    for header in [
        "Bearer nonsense".to_owned(),
        format!("Bearer {unsigned}"),
        format!("Bearer {}", other.mint(&user, NOW).token),
        "Basic YW5hOmFuYQ==".to_owned(),
    ] {
        let answer = app.with_header(Some(&header)).get("/api/auth/me").await;
        assert_eq!(
            answer.header(header::WWW_AUTHENTICATE),
            "Bearer error=\"invalid_token\""
        );
        reasons.push(answer.problem(401, "token_invalid")["detail"].take());
    }
    insta::assert_json_snapshot!(reasons, @r#"
    [
      "this is not a JSON Web Token signed with HS256",
      "this is not a JSON Web Token signed with HS256",
      "the token's signature is wrong",
      "the Authorization header is not of the form `Bearer TOKEN`"
    ]
    "#);
}

#[tokio::test]
async fn a_token_ends_at_the_second_it_says() {
    let app = TestApp::start().await;
    let ana = app.user("ana", Role::User).await;
    app.app.clock.advance_ms(12 * 60 * 60 * 1_000 - 1);
    ana.get("/api/auth/me").await.json(200);
    app.app.clock.advance_ms(1);
    ana.get("/api/auth/me").await.problem(401, "token_expired");
}

#[tokio::test]
async fn a_user_who_is_gone_or_disabled_has_no_use_for_a_token() {
    let app = TestApp::start().await;
    let ana = app.user("ana", Role::User).await;
    app.app
        .store
        .set_disabled(UserId(ana.id), true, app.app.clock.now())
        .await
        .unwrap();
    ana.get("/api/auth/me").await.problem(401, "token_revoked");

    let mut ghost = app.account("bob", Role::User, None).await;
    ghost.id = UserId(999_999);
    let token = app.app.tokens.mint(&ghost, NOW).token;
    let answer = app
        .with_header(Some(&format!("Bearer {token}")))
        .get("/api/auth/me")
        .await;
    assert_eq!(
        answer.problem(401, "token_invalid")["detail"],
        "the user of this token does not exist"
    );
}
