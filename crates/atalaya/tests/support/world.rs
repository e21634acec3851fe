//! A server of the test's own: the real binary, a database, users, tokens, and the tables to look into.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use ::http::Method;
use atalaya_client::{Client, ConnectError, Options, http};
use atalaya_store::{
    OpenOptions, Store,
    model::{NewUser, Role, Timestamp, UserId},
};
use atalaya_testbed::{ports, postgres, process::Process};
use serde_json::{Value, json};
use sqlx::{PgPool, SqlitePool};
use tempfile::TempDir;
use tokio::process::Command;

/// Runs each behaviour on SQLite and on PostgreSQL.
macro_rules! on_both_databases {
    ($($behaviour:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $behaviour() {
                super::$behaviour(crate::world::World::on_sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $behaviour() {
                super::$behaviour(crate::world::World::on_postgres().await).await;
            })+
        }
    };
}

/// Longer than anything takes on a busy machine; a wait ends as soon as what it waits for is there.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const SECRET: &str = "a secret of the law tests, long enough";

/// The database of one test, for looking at it directly.
enum Tables {
    Sqlite(SqlitePool),
    Postgres(
        PgPool,
        #[expect(dead_code, reason = "dropped with the test")] postgres::Database,
    ),
}

pub(crate) struct World {
    pub store: Store,
    tables: Tables,
    folder: TempDir,
    database_url: String,
    port: u16,
    ops_port: u16,
    extra: Vec<(&'static str, String)>,
    launcher: Vec<String>,
    server: Option<Process>,
}

impl World {
    pub(crate) async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/database/atalaya.db", folder.path().display());
        let store = migrated(&url).await;
        let tables = Tables::Sqlite(SqlitePool::connect(&url).await.unwrap());
        Self::new(folder, url, store, tables)
    }

    pub(crate) async fn on_postgres() -> Self {
        Self::on(postgres::database().await).await
    }

    /// On an empty database of some PostgreSQL, such as one that the test stops.
    pub(crate) async fn on(database: postgres::Database) -> Self {
        let url = database.url.clone();
        let store = migrated(&url).await;
        let tables = Tables::Postgres(PgPool::connect(&url).await.unwrap(), database);
        Self::new(tempfile::tempdir().unwrap(), url, store, tables)
    }

    fn new(folder: TempDir, database_url: String, store: Store, tables: Tables) -> Self {
        Self {
            store,
            tables,
            folder,
            database_url,
            port: ports::free(),
            ops_port: ports::free(),
            extra: Vec::new(),
            launcher: Vec::new(),
            server: None,
        }
    }

    /// Sets a variable of the server's environment, from the next start on.
    pub(crate) fn set(&mut self, variable: &'static str, value: impl Into<String>) {
        self.extra.push((variable, value.into()));
    }

    /// Has the server started by another program, which gets the command line at the end of these arguments.
    pub(crate) fn set_launcher(&mut self, program_and_arguments: &[&str]) {
        self.launcher = program_and_arguments
            .iter()
            .map(ToString::to_string)
            .collect();
    }

    /// Lets the server reach its database through another address.
    pub(crate) fn set_database_port(&mut self, port: u16) {
        let (head, name) = self.database_url.rsplit_once('/').unwrap();
        let (server, _) = head.rsplit_once(':').unwrap();
        self.database_url = format!("{server}:{port}/{name}");
    }

    /// Lets the server reach its database through another URL.
    pub(crate) fn set_database_url(&mut self, url: impl Into<String>) {
        self.database_url = url.into();
    }

    pub(crate) fn database_url(&self) -> &str {
        &self.database_url
    }

    pub(crate) fn database_address(&self) -> std::net::SocketAddr {
        let (head, _) = self.database_url.rsplit_once('/').unwrap();
        let (_, address) = head.rsplit_once('@').unwrap();
        address.replace("localhost", "127.0.0.1").parse().unwrap()
    }

    pub(crate) async fn start(&mut self) {
        let server = self.spawn(self.port, self.ops_port);
        server.wait_for_line("listening", PATIENCE).await;
        self.server = Some(server);
    }

    /// A second server on the same database.
    pub(crate) async fn start_another(&self) -> (Process, String) {
        let port = ports::free();
        let server = self.spawn(port, ports::free());
        server.wait_for_line("listening", PATIENCE).await;
        (server, format!("http://127.0.0.1:{port}"))
    }

    /// A start that must fail: its exit code, and what it said.
    pub(crate) async fn start_in_vain(&self) -> (i32, String) {
        let mut command = self.command(self.port, self.ops_port);
        let ended = tokio::time::timeout(PATIENCE, command.kill_on_drop(true).output());
        let output = ended.await.expect("it goes on running").unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), said)
    }

    fn spawn(&self, port: u16, ops_port: u16) -> Process {
        Process::from_command(self.command(port, ops_port))
    }

    fn command(&self, port: u16, ops_port: u16) -> Command {
        let mut environment = vec![
            ("DATABASE_URL", self.database_url.clone()),
            ("JWT_SECRET", SECRET.to_owned()),
            ("ATALAYA_LISTEN", format!("127.0.0.1:{port}")),
            ("ATALAYA_OPS_LISTEN", format!("127.0.0.1:{ops_port}")),
            ("ATALAYA_DATA_DIR", self.data_dir().display().to_string()),
        ];
        environment.extend(self.extra.iter().cloned());
        let atalaya = [env!("CARGO_BIN_EXE_atalaya").to_owned(), "serve".to_owned()];
        let mut words = self.launcher.iter().chain(&atalaya);
        let mut command = Command::new(words.next().expect("the program is named"));
        command.args(words).envs(environment);
        command
    }

    fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn server(&mut self) -> &mut Process {
        self.server.as_mut().expect("the server was started")
    }

    /// Waits until so many lines of the server's log say it, since all but warnings are written a moment
    /// later. Gives the whole log.
    pub(crate) async fn until_logged(&mut self, needle: &str, lines: usize) -> String {
        let started = Instant::now();
        loop {
            let log = self.server().log();
            if log.iter().filter(|line| line.contains(needle)).count() >= lines {
                return log.join("\n");
            }
            let log = log.join("\n");
            assert!(started.elapsed() < PATIENCE, "{lines} of {needle:?}: {log}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// `kill -9`.
    pub(crate) async fn kill(&mut self) {
        self.server().kill().await;
        self.server = None;
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    pub(crate) fn address(&self) -> std::net::SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    pub(crate) fn ops_address(&self) -> std::net::SocketAddr {
        ([127, 0, 0, 1], self.ops_port).into()
    }

    /// The folder of this test alone; a SQLite database stands in `database` below it.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Makes `count` users without a password: their tokens are signed by hand.
    pub(crate) async fn users(&self, count: usize, role: Role) -> Vec<UserId> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mut ids = Vec::with_capacity(count);
        for _ in 0..count {
            let number = NEXT.fetch_add(1, Ordering::SeqCst);
            let new = NewUser {
                username: format!("user{number}"),
                password_hash: None,
                role,
                display_name: None,
            };
            ids.push(self.store.create_user(new, now()).await.unwrap().id);
        }
        ids
    }

    pub(crate) async fn user(&self, role: Role) -> UserId {
        self.users(1, role).await[0]
    }

    pub(crate) async fn connect(&self, user: UserId) -> Result<Client, ConnectError> {
        Client::connect(self.options(user)).await
    }

    /// How the story's client connects: over a websocket, with the token in the handshake.
    pub(crate) fn options(&self, user: UserId) -> Options {
        self.options_with(json!({"token": token(user, 3_600)}))
    }

    pub(crate) fn options_with(&self, auth: Value) -> Options {
        Options::new(self.url())
            .namespace("/notifications")
            .auth(auth)
            .timeout(PATIENCE)
    }

    /// Makes a request as this user.
    pub(crate) async fn call(
        &self,
        method: Method,
        user: UserId,
        path: &str,
        body: Option<&Value>,
    ) -> http::Response {
        let url = format!("{}{path}", self.url());
        let token = token(user, 3_600);
        http::request(method, &url, Some(&token), body)
            .await
            .unwrap()
    }

    /// Publishes as this user and returns the answer.
    pub(crate) async fn publish(&self, publisher: UserId, notification: Value) -> Value {
        let path = "/api/notifications";
        let response = self
            .call(Method::POST, publisher, path, Some(&notification))
            .await;
        assert_eq!(response.status, 201, "{}", response.text());
        response.json().unwrap()
    }

    /// Takes a notification back as this user.
    pub(crate) async fn recall(&self, publisher: UserId, id: &Value) {
        let path = format!("/api/notifications/{id}");
        let response = self.call(Method::DELETE, publisher, &path, None).await;
        assert_eq!(response.status, 200, "{}", response.text());
    }

    pub(crate) async fn get(&self, user: UserId, path: &str) -> Value {
        self.call(Method::GET, user, path, None)
            .await
            .json()
            .unwrap()
    }

    /// Subscribes this user to a topic, over HTTP. Returns after which notification it is theirs.
    pub(crate) async fn subscribe(&self, user: UserId, topic: &str) -> i64 {
        let path = format!("/api/topics/{topic}/subscription");
        let response = self.call(Method::PUT, user, &path, None).await;
        assert!(response.status.is_success(), "{}", response.text());
        response.json::<Value>().unwrap()["since"].as_i64().unwrap()
    }

    /// The one number that a query answers. The query must be right on both databases.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        match &self.tables {
            Tables::Sqlite(pool) => sqlx::query_scalar(sql).fetch_one(pool).await.unwrap(),
            Tables::Postgres(pool, _) => sqlx::query_scalar(sql).fetch_one(pool).await.unwrap(),
        }
    }

    /// Everything that the database holds, in whatever table or column.
    pub(crate) async fn everything_stored(&self) -> String {
        const SQL: &str = "SELECT schema_to_xml('public', true, false, '')::text";
        match &self.tables {
            Tables::Postgres(pool, _) => sqlx::query_scalar(SQL).fetch_one(pool).await.unwrap(),
            Tables::Sqlite(_) => {
                let parts = ["atalaya.db", "atalaya.db-wal"];
                let folder = self.folder.path().join("database");
                let read = |name| std::fs::read(folder.join(name)).unwrap();
                parts
                    .map(|name| String::from_utf8_lossy(&read(name)).into_owned())
                    .concat()
            }
        }
    }

    /// Runs a statement that is right on PostgreSQL alone.
    pub(crate) async fn execute_on_postgres(&self, sql: String) {
        let Tables::Postgres(pool, _) = &self.tables else {
            panic!("this world has no PostgreSQL");
        };
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(pool)
            .await
            .unwrap();
    }

    /// Whether the row of this socket is there and active, at this moment.
    pub(crate) async fn has_active_row(&self, socket_id: &str) -> bool {
        const SQL: &str = "SELECT count(*) FROM user_sessions WHERE socket_id = $1 AND is_active";
        let count: i64 = match &self.tables {
            Tables::Sqlite(pool) => {
                sqlx::query_scalar(SQL)
                    .bind(socket_id)
                    .fetch_one(pool)
                    .await
            }
            Tables::Postgres(pool, _) => {
                sqlx::query_scalar(SQL)
                    .bind(socket_id)
                    .fetch_one(pool)
                    .await
            }
        }
        .unwrap();
        count == 1
    }

    pub(crate) async fn active(&self) -> i64 {
        self.number("SELECT count(*) FROM user_sessions WHERE is_active")
            .await
    }

    /// Waits until a query answers this number.
    pub(crate) async fn until_number(&self, sql: &'static str, wanted: i64) {
        let started = Instant::now();
        loop {
            let found = self.number(sql).await;
            if found == wanted {
                return;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "{sql}: {found} instead of {wanted}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn until_nobody_is_active(&self) {
        self.until_number("SELECT count(*) FROM user_sessions WHERE is_active", 0)
            .await;
    }

    /// What must hold of every row that was ever closed.
    pub(crate) async fn assert_closed_rows_are_whole(&self) {
        let broken = self
            .number(
                "SELECT count(*) FROM user_sessions WHERE NOT is_active AND \
                 (disconnected_at IS NULL OR disconnect_reason IS NULL OR disconnected_at < connected_at)",
            )
            .await;
        assert_eq!(
            broken, 0,
            "rows closed without a time, a reason or in the wrong order"
        );
    }
}

async fn migrated(url: &str) -> Store {
    let store = Store::open(url, OpenOptions::default()).await.unwrap();
    store.migrate().await.unwrap();
    store
}

/// A notification for one user.
pub(crate) fn to(user: UserId, title: &str) -> Value {
    json!({"to": {"users": [user.0]}, "title": title})
}

/// A notification for these users that is larger than what the kernel keeps for a connection which nobody reads.
pub(crate) fn large(users: &[UserId], title: &str) -> Value {
    let users: Vec<i64> = users.iter().map(|user| user.0).collect();
    json!({
        "to": {"users": users}, "title": title,
        "body": "x".repeat(8_000), "data": {"filler": "y".repeat(24_000)},
    })
}

/// The title of the next notification that a client gets.
pub(crate) async fn next_title(client: &mut Client) -> String {
    let event = client.next_event_named("notification").await.unwrap();
    event.arg(0)["title"].as_str().unwrap().to_owned()
}

/// A token signed by hand, as another back end would.
pub(crate) fn token(user: UserId, seconds: i64) -> String {
    let claims = json!({"sub": user.0.to_string(), "exp": now().0 / 1_000 + seconds});
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test stands outside the server, where the real time is"
)]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(since.as_millis() as i64)
}
