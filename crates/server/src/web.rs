//! The web application, embedded in the binary, and its fallback.
//!
//! Vite builds it into `web/dist`; a release build takes the files in, a debug build reads them from the
//! disk at each request. A path that is no file is the application's own business (it routes in the
//! browser), so whoever would read HTML gets `index.html`. If the application was never built
//! (`make web`), a page says so, and everything else works.

use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Dist;

const INDEX: &str = "index.html";
const NOT_BUILT: &str = include_str!("web/not_built.html");

/// Vite puts a hash of the content into the names below this folder.
const HASHED: &str = "assets/";

/// Nothing of another origin, except sockets: behind some proxies the page's origin is not the socket's.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; \
                      object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

/// The page of the API's document writes styles into itself, and talks to the API only.
const DOCUMENTATION_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; \
                                    img-src 'self' data:; object-src 'none'; base-uri 'self'; \
                                    frame-ancestors 'none'";

/// Answers whatever is neither the API's nor a socket's.
pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    respond(&method, &uri, &headers, Dist::get)
}

fn respond(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    file: impl Fn(&str) -> Option<EmbeddedFile>,
) -> Response {
    if !matches!(*method, Method::GET | Method::HEAD) {
        let allow = [(header::ALLOW, "GET, HEAD")];
        return (
            StatusCode::METHOD_NOT_ALLOWED,
            allow,
            "Only GET and HEAD.\n",
        )
            .into_response();
    }
    let path = uri.path().trim_start_matches('/');
    let mut response = match file(path) {
        Some(found) => deliver(&found, path, headers),
        None if !is_page(path, uri.query(), headers) => not_found(uri),
        None => match file(INDEX) {
            Some(index) => deliver(&index, INDEX, headers),
            None => not_built(),
        },
    };
    if method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    secure(response.headers_mut(), POLICY);
    response
}

/// Whether the application may have a page at this path. What has an extension is a file that is not
/// there; a Socket.IO handshake that strays here must fail rather than be answered with HTML, and the
/// metrics are on the other listener.
fn is_page(path: &str, query: Option<&str>, headers: &HeaderMap) -> bool {
    let is_file = path
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'));
    let is_handshake = query.is_some_and(|query| query.contains("EIO="));
    !is_file && !is_handshake && path != "metrics" && accepts_html(headers)
}

fn accepts_html(headers: &HeaderMap) -> bool {
    match headers.get(header::ACCEPT).map(HeaderValue::to_str) {
        None => true,
        Some(accept) => accept.is_ok_and(|text| text.contains("text/html") || text.contains("*/*")),
    }
}

fn deliver(file: &EmbeddedFile, path: &str, headers: &HeaderMap) -> Response {
    let cache = if path.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let tag = entity_tag(file);
    let common = [(header::CACHE_CONTROL, cache), (header::ETAG, tag.as_str())];
    if is_known(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = [(header::CONTENT_TYPE, content_type(file))];
    let length = [(header::CONTENT_LENGTH, file.data.len())];
    (
        common,
        kind,
        length.map(|(name, n)| (name, n.to_string())),
        file.data.clone(),
    )
        .into_response()
}

/// Weak, since the same file may go out compressed.
fn entity_tag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let hex: String = hash[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("W/\"{hex}\"")
}

/// RFC 9110, 13.1.2: a list of tags, compared weakly.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    headers.get_all(header::IF_NONE_MATCH).iter().any(|line| {
        let line = line.to_str().unwrap_or_default();
        line.split(',')
            .any(|known| known.trim() == "*" || opaque(known) == opaque(tag))
    })
}

fn content_type(file: &EmbeddedFile) -> String {
    let kind = file.metadata.mimetype();
    if kind.starts_with("text/") || kind == "application/json" {
        format!("{kind}; charset=utf-8")
    } else {
        kind.to_owned()
    }
}

fn not_built() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (StatusCode::SERVICE_UNAVAILABLE, headers, NOT_BUILT).into_response()
}

fn not_found(uri: &Uri) -> Response {
    let strays = uri.query().is_some_and(|query| query.contains("EIO="));
    let why = if strays {
        "No Socket.IO server is at this path; compare the client's `path` with ATALAYA_SOCKET_PATH.\n"
    } else {
        "There is nothing here.\n"
    };
    let cache = [(header::CACHE_CONTROL, "no-store")];
    (StatusCode::NOT_FOUND, cache, why).into_response()
}

fn secure(headers: &mut HeaderMap, policy: &'static str) {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The page of the API's document comes from a crate; it gets the same headers.
pub(crate) async fn secure_documentation(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    secure(response.headers_mut(), DOCUMENTATION_POLICY);
    response
}

#[cfg(test)]
mod tests;
