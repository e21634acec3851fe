//! Health, metrics, the document, foreign pages, and the web application.

use atalaya_server::config::Origins;
use atalaya_store::Role;
use http::{Method, header};
use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn a_server_with_its_database_is_ready() {
    let app = TestApp::start().await;
    let anyone = app.anonymous();
    assert_eq!(
        anyone.get("/healthz").await.json(200),
        json!({"status": "alive"})
    );
    let ready =
        json!({"status": "ready", "checks": {"database": "ok", "lease": "ok", "draining": false}});
    assert_eq!(anyone.get("/readyz").await.json(200), ready);
}

#[tokio::test]
async fn a_server_that_stops_is_alive_and_not_ready() {
    let app = TestApp::start().await;
    app.app.health.drain();
    let unready =
        json!({"status": "unready", "checks": {"database": "ok", "lease": "ok", "draining": true}});
    assert_eq!(app.anonymous().get("/readyz").await.json(503), unready);
    app.anonymous().get("/healthz").await.json(200);
}

#[tokio::test]
async fn without_the_database_the_server_lives_and_says_so() {
    let app = TestApp::start().await;
    let ana = app.user("ana", Role::Operator).await;
    app.app.store.close().await;
    let unready = json!({"status": "unready", "checks": {"database": "unreachable", "lease": "ok", "draining": false}});
    assert_eq!(app.anonymous().get("/readyz").await.json(503), unready);
    app.anonymous().get("/healthz").await.json(200);
    let answer = ana.get("/api/notifications").await;
    answer.problem(503, "database_unavailable");
    assert_eq!(answer.header(header::RETRY_AFTER), "1");
    let body = json!({"to": {"all": true}, "title": "x"});
    ana.post("/api/notifications", body)
        .await
        .problem(503, "database_unavailable");
    let login = json!({"username": "ana", "password": "correct horse"});
    app.anonymous()
        .post("/api/auth/login", login)
        .await
        .problem(503, "database_unavailable");
}

#[tokio::test]
async fn metrics_are_not_on_the_public_listener() {
    let app = TestApp::start().await;
    assert_eq!(app.anonymous().get("/metrics").await.status, 404);
}

#[tokio::test]
async fn the_document_and_its_page_are_served_from_the_binary() {
    let app = TestApp::start().await;
    let document = app.anonymous().get("/api/openapi.json").await.json(200);
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(
        app.anonymous()
            .get("/api/docs")
            .await
            .header(header::LOCATION),
        "/api/docs/"
    );
    let page = app.anonymous().get("/api/docs/").await;
    assert_eq!(page.status, 200);
    assert!(!page.text.contains("https://"), "{}", page.text);
    let settings = app
        .anonymous()
        .get("/api/docs/swagger-initializer.js")
        .await;
    assert!(
        settings.text.contains("/api/openapi.json"),
        "{}",
        settings.text
    );
}

#[tokio::test]
async fn any_page_may_ask_unless_the_origins_are_listed() {
    let origin = [(header::ORIGIN, "https://app.example.com")];
    let open = TestApp::start().await;
    let answer = open
        .anonymous()
        .send(Method::GET, "/api/auth/me", &origin, "")
        .await;
    assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
    assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_CREDENTIALS), "");

    let listed = TestApp::allowing(Origins::List(vec!["https://app.example.com".to_owned()])).await;
    let answer = listed
        .anonymous()
        .send(Method::GET, "/api/auth/me", &origin, "")
        .await;
    assert_eq!(
        answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN),
        "https://app.example.com"
    );
    let foreign = [(header::ORIGIN, "https://evil.example")];
    let answer = listed
        .anonymous()
        .send(Method::GET, "/api/auth/me", &foreign, "")
        .await;
    assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "");
}

#[tokio::test]
async fn a_browser_may_send_the_token_from_another_origin() {
    let app = TestApp::start().await;
    let preflight = [
        (header::ORIGIN, "https://app.example.com"),
        (header::ACCESS_CONTROL_REQUEST_METHOD, "POST"),
        (
            header::ACCESS_CONTROL_REQUEST_HEADERS,
            "authorization,content-type",
        ),
    ];
    let answer = app
        .anonymous()
        .send(Method::OPTIONS, "/api/notifications", &preflight, "")
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header(header::ACCESS_CONTROL_ALLOW_HEADERS),
        "authorization,content-type"
    );
}

#[tokio::test]
async fn every_other_path_belongs_to_the_web_application() {
    let app = TestApp::start().await;
    let html = [(header::ACCEPT, "text/html")];
    let page = app
        .anonymous()
        .send(Method::GET, "/sessions", &html, "")
        .await;
    // Built or not, it is a page with the same protection.
    assert!(page.text.contains("Atalaya"), "{}", page.text);
    assert!(
        page.header(header::CONTENT_SECURITY_POLICY)
            .contains("frame-ancestors 'none'")
    );
    let stray = app
        .anonymous()
        .get("/socketio/?EIO=4&transport=polling")
        .await;
    assert_eq!(stray.status, 404);
    assert!(stray.text.contains("ATALAYA_SOCKET_PATH"), "{}", stray.text);
}
