//! A fresh store on either engine, raw SQL beside it, and builders for what does not matter to a case.

use std::{collections::HashMap, time::Duration};

use atalaya_store::{
    Audience, NewNode, NewNotification, NewSession, NewUser, OpenOptions, Role, SessionId,
    Severity, Store, Timestamp, User, UserId,
};
use atalaya_testbed::postgres;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};

/// Makes each named behaviour a test on SQLite and a test on PostgreSQL.
macro_rules! contract {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name($crate::bench::Bench::sqlite().await).await;
                }
            )*
        }
        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name($crate::bench::Bench::postgres().await).await;
                }
            )*
        }
    };
}
pub(crate) use contract;

pub(crate) const T0: Timestamp = Timestamp(1_772_360_430_500);
pub(crate) const LEASE: Duration = Duration::from_secs(30);
pub(crate) const NODE: &str = "node-1";
/// A server that looks for lost ones and holds no row itself.
pub(crate) const OBSERVER: &str = "observer";

/// What keeps the database of a test in existence, until it is dropped.
#[expect(dead_code, reason = "held for what happens when it is dropped")]
enum Home {
    Folder(tempfile::TempDir),
    Database(postgres::Database),
}

/// A transaction of another program.
#[expect(dead_code, reason = "held for what happens when it is dropped")]
pub(crate) enum Holder {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) url: String,
    _home: Home,
}

impl Bench {
    pub(crate) async fn sqlite() -> Self {
        Self::ready(Self::empty_sqlite().await).await
    }

    pub(crate) async fn postgres() -> Self {
        Self::ready(Self::empty_postgres().await).await
    }

    /// Opened, not migrated.
    pub(crate) async fn empty_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("atalaya.db").display());
        let store = Store::open(&url, OpenOptions::default()).await.unwrap();
        Self {
            store,
            url,
            _home: Home::Folder(folder),
        }
    }

    /// Opened, not migrated.
    pub(crate) async fn empty_postgres() -> Self {
        let database = postgres::database().await;
        let url = database.url.clone();
        let store = Store::open(&url, OpenOptions::default()).await.unwrap();
        Self {
            store,
            url,
            _home: Home::Database(database),
        }
    }

    async fn ready(bench: Self) -> Self {
        bench.store.migrate().await.unwrap();
        bench.register(NODE).await;
        bench
    }

    pub(crate) async fn register(&self, id: &str) {
        self.store.register_node(node(id), T0, LEASE).await.unwrap();
    }

    pub(crate) async fn user(&self, name: &str, role: Role) -> User {
        self.store
            .create_user(new_user(name, role), T0)
            .await
            .unwrap()
    }

    /// Makes the users 0 to 2,000, as another program would.
    pub(crate) async fn crowd(&self) {
        crowd(&self.url).await;
    }

    pub(crate) async fn open(&self, user: i64, socket_id: &str) -> SessionId {
        self.store
            .open_session(session(user, socket_id))
            .await
            .unwrap()
            .id
    }

    /// A second store on the same database, as another process has.
    pub(crate) async fn second_store(&self) -> Store {
        Store::open(&self.url, OpenOptions::default())
            .await
            .unwrap()
    }

    /// Runs statements as another program would.
    pub(crate) async fn execute(&self, sql: &str) {
        execute(&self.url, sql).await;
    }

    /// The first column of each row, as text.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        texts(&self.url, sql).await
    }

    /// Keeps everybody from writing to the table of nodes, until what is returned is dropped.
    pub(crate) async fn hold_nodes(&self) -> Holder {
        if self.url.starts_with("sqlite") {
            let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
            let begin = sqlx::raw_sql("BEGIN IMMEDIATE");
            begin.execute(&mut connection).await.unwrap();
            Holder::Sqlite(connection)
        } else {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            let begin = sqlx::raw_sql("BEGIN; LOCK TABLE nodes");
            begin.execute(&mut connection).await.unwrap();
            Holder::Postgres(connection)
        }
    }

    /// The first column of the first row.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let sql = format!("SELECT CAST(number AS TEXT) FROM ({sql}) AS numbers(number)");
        let sql = if self.url.starts_with("sqlite") {
            sql.replace(" AS numbers(number)", "")
                .replace("SELECT COUNT(*)", "SELECT COUNT(*) AS number")
        } else {
            sql
        };
        self.texts(&sql).await[0].parse().unwrap()
    }
}

pub(crate) async fn texts(url: &str, sql: &str) -> Vec<String> {
    let sql = AssertSqlSafe(sql.to_owned());
    if url.starts_with("sqlite") {
        let mut connection = SqliteConnection::connect(url).await.unwrap();
        let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
        rows.iter().map(|row| row.get_unchecked(0)).collect()
    } else {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

pub(crate) async fn crowd(url: &str) {
    let users = "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2000) \
                 INSERT INTO users (id, username, created_at) \
                 SELECT n, 'user-' || n, CAST('2026-01-02 03:04:05.678' AS timestamp) FROM numbers";
    let users = if url.starts_with("sqlite") {
        users.replace(" AS timestamp", " AS text")
    } else {
        format!("{users}; SELECT setval(pg_get_serial_sequence('users', 'id'), 2000)")
    };
    execute(url, &users).await;
}

pub(crate) async fn execute(url: &str, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    if url.starts_with("sqlite") {
        let mut connection = SqliteConnection::connect(url).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    } else {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    }
}

pub(crate) fn node(id: &str) -> NewNode {
    NewNode {
        id: id.to_owned(),
        host: "host".to_owned(),
        listen: "127.0.0.1:3001".to_owned(),
        pid: 4_711,
        version: "0.1.0".to_owned(),
    }
}

pub(crate) fn session(user: i64, socket_id: &str) -> NewSession {
    NewSession {
        user_id: UserId(user),
        socket_id: socket_id.to_owned(),
        connected_at: T0,
        ip_address: Some("192.0.2.7".to_owned()),
        user_agent: Some("Mozilla/5.0".to_owned()),
        transport: "websocket",
        node: NODE.to_owned(),
        recovery_id: format!("{user}.{socket_id}"),
        recovers: None,
        max_active: None,
    }
}

pub(crate) fn new_user(name: &str, role: Role) -> NewUser {
    NewUser {
        username: name.to_owned(),
        password_hash: Some("$argon2id$".to_owned()),
        role,
        display_name: None,
    }
}

pub(crate) fn notification(to: Audience, title: &str) -> NewNotification {
    NewNotification {
        to,
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
    }
}

/// Waits, for a bounded time, until a condition on the database holds.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not within ten seconds: {what}");
}

/// How often each value occurs.
pub(crate) fn counted<T: std::hash::Hash + Eq>(
    values: impl IntoIterator<Item = T>,
) -> HashMap<T, usize> {
    let mut counts = HashMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts
}
