//! The operations listener, on a real SQLite file.

use std::net::SocketAddr;

use atalaya_store::{OpenOptions, Store};
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::*;
use crate::{Clock, Config, config::Secret};

async fn ask(app: &Arc<App>, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = router(Arc::clone(app)).oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn the_operations_listener_says_what_it_counted_and_whether_the_database_answers() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    let store = Store::open(&url, OpenOptions::default()).await.unwrap();
    store.migrate().await.unwrap();
    let config = Config::with_secret(Secret::new("the secret of the tests"));
    let listen = SocketAddr::from(([127, 0, 0, 1], 3001));
    let clock = Clock::manual(1_800_000_000_000);
    let (app, _closings) = App::assemble(config, clock, store, listen).await.unwrap();
    app.metrics.refused("token_expired");

    let (status, text) = ask(&app, "/metrics").await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        text.contains("\natalaya_admissions_total{result=\"token_expired\"} 1\n"),
        "{text}"
    );
    assert!(text.contains("\natalaya_database_up 1\n"), "{text}");
    assert_eq!(ask(&app, "/readyz").await.0, StatusCode::OK);
    assert_eq!(ask(&app, "/healthz").await.0, StatusCode::OK);
    assert_eq!(ask(&app, "/").await.0, StatusCode::NOT_FOUND);
}
