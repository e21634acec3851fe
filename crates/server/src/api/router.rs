//! The table of contents of what is served on the public listener, beside the sockets.

use std::{
    any::Any,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{OriginalUri, Request},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use http::{HeaderValue, Method, header};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{CompressionLayer, DefaultPredicate, Predicate, predicate::NotForContentType},
    cors::{AllowOrigin, CorsLayer},
    set_header::SetResponseHeaderLayer,
};
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::{Config as SwaggerConfig, SwaggerUi};

use super::{
    auth, health,
    ndjson::NDJSON,
    notifications, openapi,
    problem::{Code, Problem},
    sessions, topics, users,
};
use crate::{App, config::Origins, ops, web};

/// Everything but the sockets: the API, its document, health, and the web application.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .nest("/api", api(&app))
        // Not below the nest, and not a page either.
        .route("/api/", any(unknown_route))
        .merge(documentation())
        .merge(ops::health_routes(Arc::clone(&app)))
        .fallback(web::serve)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(CompressionLayer::new().compress_when(whole_answers()))
        .layer(from_fn(log_access))
}

/// The routes of the API, below `/api`.
pub(super) fn contents() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(auth::login::login))
        .routes(routes!(auth::me::me))
        .routes(routes!(users::list::list))
        .routes(routes!(health::show::show))
        .routes(routes!(health::examine::examine))
        .routes(routes!(topics::list::list))
        .routes(routes!(topics::set::set, topics::remove::remove))
        .routes(routes!(
            topics::subscribe::subscribe,
            topics::unsubscribe::unsubscribe
        ))
        .routes(routes!(topics::subscribers::subscribers))
        .routes(routes!(
            topics::subscribe::subscribe_user,
            topics::unsubscribe::unsubscribe_user
        ))
        .routes(routes!(sessions::list::list))
        .routes(routes!(sessions::refused::refused))
        .routes(routes!(sessions::show::show))
        .routes(routes!(
            notifications::create::create,
            notifications::list::list
        ))
        .routes(routes!(notifications::batch::batch))
        .routes(routes!(notifications::read_many::read_many))
        .routes(routes!(notifications::archive::archive))
        .routes(routes!(notifications::read_one::read_one))
        .routes(routes!(notifications::acknowledge::acknowledge))
        .routes(routes!(notifications::unacknowledged::unacknowledged))
        .routes(routes!(notifications::stream::follow))
        .routes(routes!(notifications::recall::recall))
        .routes(routes!(notifications::scheduled::list))
        .routes(routes!(notifications::scheduled::cancel))
}

fn api(app: &Arc<App>) -> Router {
    let (routes, _) = contents().split_for_parts();
    routes
        .route("/openapi.json", get(document))
        .fallback(unknown_route)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(never_stored())
        .layer(cors(&app.config.allowed_origins))
        .with_state(Arc::clone(app))
}

/// The page at `/api/docs`, from files in the binary: it works where there is no way out.
fn documentation() -> Router {
    let config = SwaggerConfig::from("/api/openapi.json")
        // The default asks a public service about our document.
        .validator_url("none");
    Router::from(SwaggerUi::new("/api/docs").config(config))
        .layer(from_fn(web::secure_documentation))
}

/// The compression holds lines back that are to be read as they come.
fn whole_answers() -> impl Predicate {
    DefaultPredicate::new().and(NotForContentType::const_new(NDJSON[0]))
}

/// Any page may ask, if it holds a token: there is no cookie that a foreign page could use.
fn cors(origins: &Origins) -> CorsLayer {
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .expose_headers([header::RETRY_AFTER])
        .max_age(Duration::from_secs(600));
    match origins {
        Origins::Any => layer.allow_origin(AllowOrigin::any()),
        Origins::List(list) => {
            let listed = list.iter().filter_map(|origin| origin.parse().ok());
            layer.allow_origin(AllowOrigin::list(listed))
        }
    }
}

/// Answers are somebody's own, and true only now.
fn never_stored() -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

async fn document() -> impl IntoResponse {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        openapi::document()
            .to_json()
            .expect("a document of ours is JSON")
    });
    ([(header::CONTENT_TYPE, "application/json")], TEXT.as_str())
}

async fn unknown_route(uri: OriginalUri) -> Problem {
    Problem::new(
        Code::UnknownRoute,
        format!("there is nothing at {}", uri.path()),
    )
}

async fn method_not_allowed(method: Method, uri: OriginalUri) -> Problem {
    let detail = format!("{} does not take {method}", uri.path());
    Problem::new(Code::MethodNotAllowed, detail)
}

/// A mistake of ours ends one request, not the process.
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message");
    Problem::internal(&message).into_response()
}

async fn log_access(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let started = Instant::now();
    let response = next.run(request).await;
    tracing::debug!(
        http.method = %method,
        http.path = path,
        http.status = response.status().as_u16(),
        duration_ms = started.elapsed().as_millis() as u64,
        "request answered"
    );
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn boom() {
        panic!("the cause");
    }

    #[tokio::test]
    async fn a_panic_is_answered_and_keeps_its_cause_to_the_log() {
        let router: Router = Router::new()
            .route("/boom", get(boom))
            .layer(CatchPanicLayer::custom(panicked));
        let request = Request::get("/boom").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(
            text.contains("\"code\":\"internal\"") && !text.contains("the cause"),
            "{text}"
        );
    }
}
