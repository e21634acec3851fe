//! The web application's files, with a small one in place of the real.

use std::borrow::Cow;

use http_body_util::BodyExt;
use rust_embed::Metadata;

use super::*;

fn file(path: &str) -> Option<EmbeddedFile> {
    let (data, kind): (&[u8], _) = match path {
        "index.html" => (b"<!doctype html><title>Atalaya</title>", "text/html"),
        "assets/index-a1b2c3.js" => (b"start()", "text/javascript"),
        "favicon.svg" => (b"<svg/>", "image/svg+xml"),
        _ => return None,
    };
    let metadata = Metadata::__rust_embed_new([data[0]; 32], None, None, kind);
    Some(EmbeddedFile {
        data: Cow::Borrowed(data),
        metadata,
    })
}

fn get(uri: &str, headers: &[(header::HeaderName, &str)]) -> Response {
    ask(Method::GET, uri, headers)
}

fn ask(method: Method, uri: &str, pairs: &[(header::HeaderName, &str)]) -> Response {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.insert(name, value.parse().unwrap());
    }
    respond(&method, &uri.parse().unwrap(), &headers, file)
}

fn header_of(response: &Response, name: header::HeaderName) -> &str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

async fn body_of(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

const BROWSER: (header::HeaderName, &str) =
    (header::ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8");

#[tokio::test]
async fn a_page_of_the_application_is_its_index() {
    for uri in ["/", "/index.html", "/sessions", "/sessions/4711"] {
        let response = get(uri, &[BROWSER]);
        assert_eq!(response.status(), StatusCode::OK, "{uri}");
        assert_eq!(header_of(&response, header::CACHE_CONTROL), "no-cache");
        assert_eq!(
            header_of(&response, header::CONTENT_TYPE),
            "text/html; charset=utf-8"
        );
        assert!(body_of(response).await.contains("<title>Atalaya</title>"));
    }
}

#[test]
fn a_hashed_file_is_kept_for_ever_and_no_other() {
    let asset = get("/assets/index-a1b2c3.js", &[]);
    assert_eq!(
        header_of(&asset, header::CACHE_CONTROL),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(
        header_of(&asset, header::CONTENT_TYPE),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(
        header_of(&get("/favicon.svg", &[]), header::CACHE_CONTROL),
        "no-cache"
    );
}

#[test]
fn what_is_not_there_is_not_answered_with_a_page() {
    for uri in [
        "/assets/gone-ffffff.js",
        "/favicon.png",
        "/metrics",
        "/old.io/?EIO=4&transport=polling",
    ] {
        assert_eq!(
            get(uri, &[BROWSER]).status(),
            StatusCode::NOT_FOUND,
            "{uri}"
        );
    }
    let json = get("/sessions", &[(header::ACCEPT, "application/json")]);
    assert_eq!(json.status(), StatusCode::NOT_FOUND);
}

#[test]
fn a_file_that_the_browser_has_is_not_sent_again() {
    let tag = header_of(&get("/favicon.svg", &[]), header::ETAG).to_owned();
    let again = get(
        "/favicon.svg",
        &[(header::IF_NONE_MATCH, &format!("\"other\", {tag}"))],
    );
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    let changed = get("/favicon.svg", &[(header::IF_NONE_MATCH, "W/\"other\"")]);
    assert_eq!(changed.status(), StatusCode::OK);
}

#[tokio::test]
async fn head_says_the_length_and_sends_nothing() {
    let response = ask(Method::HEAD, "/favicon.svg", &[]);
    assert_eq!(header_of(&response, header::CONTENT_LENGTH), "6");
    assert_eq!(body_of(response).await, "");
}

#[test]
fn nothing_can_be_posted_to_a_page() {
    let response = ask(Method::POST, "/", &[]);
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(header_of(&response, header::ALLOW), "GET, HEAD");
}

#[test]
fn every_page_forbids_foreign_code_and_frames() {
    let response = get("/", &[BROWSER]);
    let policy = header_of(&response, header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains("default-src 'self';") && policy.contains("frame-ancestors 'none'"));
    assert_eq!(
        header_of(&response, header::X_CONTENT_TYPE_OPTIONS),
        "nosniff"
    );
}

#[tokio::test]
async fn without_the_application_a_page_says_how_to_build_it() {
    let none = |_: &str| None;
    let response = respond(&Method::GET, &"/".parse().unwrap(), &HeaderMap::new(), none);
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(body_of(response).await.contains("make web"));
}
