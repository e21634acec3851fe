//! What the server says to requests that it cannot understand.

use http::{Method, header};
use serde_json::json;

use crate::app::TestApp;

const JSON: (header::HeaderName, &str) = (header::CONTENT_TYPE, "application/json");

#[tokio::test]
async fn json_that_does_not_parse_is_pointed_at() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    let body = "{\n  \"title\": \"x\",\n  \"to\": {all: true}\n}";
    let answer = operator
        .send(Method::POST, "/api/notifications", &[JSON], body)
        .await;
    insta::assert_json_snapshot!(answer.problem(400, "invalid_json"), @r#"
    {
      "code": "invalid_json",
      "column": 10,
      "detail": "key must be a string at line 3 column 10",
      "line": 3,
      "remedy": "Send one JSON object; the line and column say where reading stopped.",
      "status": 400,
      "title": "The body is not JSON",
      "type": "urn:atalaya:problem:invalid_json"
    }
    "#);
}

#[tokio::test]
async fn a_body_that_is_no_object_or_no_text_is_refused() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    for (body, detail) in [
        (&b""[..], "EOF while parsing a value at line 1 column 0"),
        (b"[1]", "the body is not a JSON object"),
        (b"\"x\"", "the body is not a JSON object"),
        (
            b"{\"a\":\"\xff\"}",
            "invalid unicode code point at line 1 column 7",
        ),
        (b"{} {}", "trailing characters at line 1 column 4"),
        (
            b"{\"title\":\"a\",\"title\":\"b\"}",
            "the field `title` is there twice at line 1 column 25",
        ),
    ] {
        let answer = operator
            .send(Method::POST, "/api/notifications", &[JSON], body)
            .await;
        assert_eq!(answer.problem(400, "invalid_json")["detail"], detail);
    }
}

#[tokio::test]
async fn a_body_must_be_declared_as_json() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    let form = [(header::CONTENT_TYPE, "application/x-www-form-urlencoded")];
    let answer = operator
        .send(Method::POST, "/api/notifications", &form, "title=x")
        .await;
    insta::assert_json_snapshot!(answer.problem(415, "unsupported_media_type")["detail"], @r#""the request declares its body as application/x-www-form-urlencoded""#);
    let answer = operator
        .send(Method::POST, "/api/notifications", &[], "{}")
        .await;
    answer.problem(415, "unsupported_media_type");
    let charset = [(header::CONTENT_TYPE, "Application/JSON; charset=utf-8")];
    let answer = operator
        .send(Method::POST, "/api/notifications", &charset, "{}")
        .await;
    answer.problem(422, "invalid_field");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let app = TestApp::start().await;
    let operator = app.operator().await;
    let body = json!({"title": "x", "to": {"all": true}, "data": "x".repeat(256 * 1024)});
    operator
        .post("/api/notifications", body)
        .await
        .problem(413, "body_too_large");
}

#[tokio::test]
async fn an_unknown_route_below_api_is_a_problem_and_not_a_page() {
    let app = TestApp::start().await;
    for path in ["/api", "/api/", "/api/nothing", "/api/sessions/1/nothing"] {
        let html = [(header::ACCEPT, "text/html")];
        let answer = app.anonymous().send(Method::GET, path, &html, "").await;
        let problem = answer.problem(404, "unknown_route");
        assert_eq!(problem["detail"], format!("there is nothing at {path}"));
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let app = TestApp::start().await;
    let answer = app
        .anonymous()
        .send(Method::PUT, "/api/notifications", &[], "")
        .await;
    answer.problem(405, "method_not_allowed");
    assert_eq!(answer.header(header::ALLOW), "POST,GET,HEAD");
}

#[tokio::test]
async fn every_mistake_in_a_query_is_told_at_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let answer = admin
        .get("/api/sessions?active=yes&user_id=ana&limit=0&page=2&limit=5")
        .await;
    insta::assert_json_snapshot!(answer.problem(400, "invalid_parameter")["errors"], @r#"
    [
      {
        "field": "limit",
        "message": "is there twice"
      },
      {
        "field": "active",
        "message": "must be true or false"
      },
      {
        "field": "user_id",
        "message": "must be a user's id, a whole number"
      },
      {
        "field": "page",
        "message": "unknown parameter; there are active, user_id, limit, cursor"
      }
    ]
    "#);
    for path in [
        "/api/sessions?cursor=nonsense",
        "/api/users?cursor=AAAA",
        "/api/notifications?cursor=1",
    ] {
        admin.get(path).await.problem(400, "invalid_cursor");
    }
    admin.get("/api/sessions?active=&cursor=").await.json(200);
}

#[tokio::test]
async fn an_id_in_a_path_is_a_number() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for id in ["ana", "-1", "0", "99999999999999999999", "%00"] {
        let answer = admin.get(&format!("/api/sessions/{id}")).await;
        answer.problem(400, "invalid_parameter");
    }
}
