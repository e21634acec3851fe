//! Fresh databases for tests, on a private PostgreSQL.
//!
//! With `ATALAYA_TEST_POSTGRES` (a superuser's URL, set by `testbed-postgres -- COMMAND`) all test processes of a
//! run share that server. Without it each process starts its own at the first need. Tests that stop or kill a server
//! start one for themselves with [`Server::start`].

mod server;

use std::{
    hash::{BuildHasher, RandomState},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::OnceCell;

pub use server::Server;

/// The variable that names the server which a whole run shares.
pub const SHARED_URL_VARIABLE: &str = "ATALAYA_TEST_POSTGRES";

/// A superuser's URL of the server that this process shares.
pub async fn shared() -> String {
    static OWN: OnceCell<Server> = OnceCell::const_new();
    match std::env::var(SHARED_URL_VARIABLE) {
        Ok(url) => url,
        Err(_) => OWN.get_or_init(Server::start).await.url("postgres"),
    }
}

/// A database of a test's own, dropped with this value.
pub struct Database {
    /// Where a program connects to it.
    pub url: String,
    name: String,
    admin_url: String,
}

/// A fresh, empty database on the shared server.
pub async fn database() -> Database {
    Database::create(&shared().await).await
}

impl Database {
    /// A fresh, empty database on the server of a superuser's URL.
    pub async fn create(admin_url: &str) -> Self {
        let name = unused_name();
        let mut admin = PgConnection::connect(admin_url)
            .await
            .expect("the test server accepts its superuser");
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut admin)
            .await
            .expect("a superuser makes databases");
        let (server, _) = admin_url.rsplit_once('/').expect("a URL names a database");
        Self {
            url: format!("{server}/{name}"),
            name,
            admin_url: admin_url.to_owned(),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A program of its own, because the runtime that made the database may be gone.
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        Command::new(server::binary("psql"))
            .args([
                "--no-psqlrc",
                "--quiet",
                "--dbname",
                &self.admin_url,
                "--command",
                &drop,
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .ok();
    }
}

/// Unique among the processes that share a server, and among the tests of one.
fn unused_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let chance = RandomState::new().hash_one(count);
    format!("t_{}_{count}_{chance:x}", std::process::id())
}
