//! A server without its listeners, and clients by role.

use std::{net::SocketAddr, sync::Arc};

use atalaya_server::{
    App, Clock, Config, api,
    config::{Origins, Secret},
};
use atalaya_store::{
    Audience, NewNotification, NewSession, NewUser, OpenOptions, Role, SessionId, Severity, Store,
    Timestamp, User, UserId,
};
use axum::{Router, body::Body, response::Response};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

/// 2027-01-15T08:00:00Z, where the clock of every test stands until it is moved.
pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000_000);

const SECRET: &str = "the secret of the tests, long enough";

pub(crate) struct TestApp {
    pub(crate) app: Arc<App>,
    pub(crate) router: Router,
    /// Removed at the end.
    _folder: TempDir,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::allowing(Origins::Any).await
    }

    pub(crate) async fn allowing(allowed_origins: Origins) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.db");
        let config = Config {
            allowed_origins,
            ..Config::with_secret(Secret::new(SECRET))
        };
        let url = format!("sqlite://{}", file.display());
        let store = Store::open(&url, OpenOptions::default()).await.unwrap();
        store.migrate().await.unwrap();
        let listen = SocketAddr::from(([127, 0, 0, 1], 3001));
        let clock = Clock::manual(NOW.0);
        let (app, _closings) = App::assemble(config, clock, store, listen).await.unwrap();
        let router = api::router(Arc::clone(&app));
        Self {
            app,
            router,
            _folder: folder,
        }
    }

    pub(crate) fn anonymous(&self) -> Client {
        self.with_header(None)
    }

    /// A client that sends this `Authorization` header.
    pub(crate) fn with_header(&self, authorization: Option<&str>) -> Client {
        Client {
            router: self.router.clone(),
            authorization: authorization.map(str::to_owned),
            id: 0,
        }
    }

    pub(crate) async fn admin(&self) -> Client {
        self.user("root", Role::Admin).await
    }

    pub(crate) async fn operator(&self) -> Client {
        self.user("olga", Role::Operator).await
    }

    /// A new user without a password, with a token.
    pub(crate) async fn user(&self, username: &str, role: Role) -> Client {
        let user = self.account(username, role, None).await;
        let minted = self.app.tokens.mint(&user, self.app.clock.now());
        let client = self.with_header(Some(&format!("Bearer {}", minted.token)));
        Client {
            id: user.id.0,
            ..client
        }
    }

    pub(crate) async fn account(&self, username: &str, role: Role, password: Option<&str>) -> User {
        let password_hash = match password {
            Some(password) => Some(self.app.passwords.hash(password).await.unwrap()),
            None => None,
        };
        let new = NewUser {
            username: username.to_owned(),
            password_hash,
            role,
            display_name: None,
        };
        self.app
            .store
            .create_user(new, self.app.clock.now())
            .await
            .unwrap()
    }

    /// A row of the ledger, as an admission would commit it.
    pub(crate) async fn session(&self, user: &Client, socket_id: &str) -> SessionId {
        let session = NewSession {
            user_id: UserId(user.id),
            socket_id: socket_id.to_owned(),
            connected_at: self.app.clock.now(),
            ip_address: Some("192.0.2.7".to_owned()),
            user_agent: Some("test".to_owned()),
            transport: "websocket",
            node: self.app.ledger.node_id().to_string(),
            recovery_id: format!("{}.{socket_id}", user.id),
            recovers: None,
            max_active: None,
        };
        self.app.store.open_session(session).await.unwrap().id
    }

    /// A notification for one user.
    pub(crate) async fn notify(&self, user: &Client, title: &str) -> i64 {
        let new = NewNotification {
            to: Audience::users([UserId(user.id)]),
            title: title.to_owned(),
            body: None,
            severity: Severity::Info,
            kind: None,
            event: None,
            link: None,
            data: None,
            expires_at: None,
            requires_ack: false,
            collapse_key: None,
            idempotency_key: None,
            publisher: None,
            only_by: None,
        };
        let now = self.app.clock.now();
        self.app.delivery.publish(new, now).await.unwrap().id.0
    }
}

/// Someone who asks the server.
pub(crate) struct Client {
    router: Router,
    authorization: Option<String>,
    /// The user's id; zero for nobody.
    pub(crate) id: i64,
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Client {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        let json = [(header::CONTENT_TYPE, "application/json")];
        self.send(Method::POST, path, &json, body.to_string()).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(header::HeaderName, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        Answer::read(self.open(method, path, headers, body).await).await
    }

    /// The answer whose body is still to come.
    pub(crate) async fn open(
        &self,
        method: Method,
        path: &str,
        headers: &[(header::HeaderName, &str)],
        body: impl Into<Body>,
    ) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let request = request.body(body.into()).unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }
}

impl Answer {
    pub(crate) async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Self {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// The JSON of an answer with this status.
    #[track_caller]
    pub(crate) fn json(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Asserts that this is a problem with this status and code, and returns it.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let problem = self.json(status);
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status);
        assert_eq!(
            self.header(header::CONTENT_TYPE),
            "application/problem+json"
        );
        problem
    }

    pub(crate) fn header(&self, name: header::HeaderName) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}
