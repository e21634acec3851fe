//! Fresh databases, with users in them: one for each measurement, so that none finds what another left.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, ensure};
use atalaya_testbed::postgres::{Database, Server};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection, raw_sql};
use tokio::{process::Command, task::spawn_blocking};

use crate::contender::{ATALAYA, Contender};

/// The private PostgreSQL that all of them share, at its defaults: a commit is on the disk.
pub struct Postgres {
    server: Server,
    /// Of the process that all others of the server descend from.
    pub pid: u32,
}

impl Postgres {
    pub async fn start() -> Result<Self> {
        let server = Server::start_durable().await;
        let url = server.url("postgres");
        let found = spawn_blocking(move || atalaya_bench::database_process(&url)).await?;
        let pid = found?.context("the private PostgreSQL has no process on this machine")?;
        Ok(Self { server, pid })
    }

    pub async fn version(&self) -> Result<String> {
        let mut connection = PgConnection::connect(&self.server.url("postgres")).await?;
        let version = sqlx::query_scalar("SHOW server_version")
            .fetch_one(&mut connection)
            .await?;
        Ok(version)
    }

    pub async fn fresh(&self) -> Database {
        Database::create(&self.server.url("postgres")).await
    }
}

/// One contender's database.
pub struct Store {
    pub url: String,
    /// Of its server, when that is a process of its own.
    pub pid: Option<u32>,
    /// Drops it.
    _database: Option<Database>,
}

impl Store {
    /// A database with the contender's tables, and users 1 to `users`, of whom the first may publish.
    pub async fn make(
        contender: Contender,
        postgres: &Postgres,
        folder: &Path,
        users: u64,
    ) -> Result<Self> {
        let store = if contender == Contender::AtalayaSqlite {
            Self {
                url: format!("sqlite://{}", sqlite_file(folder).display()),
                pid: None,
                _database: None,
            }
        } else {
            let database = postgres.fresh().await;
            Self {
                url: database.url.clone(),
                pid: Some(postgres.pid),
                _database: Some(database),
            }
        };
        if contender.is_atalaya() {
            migrate(&store.url, folder).await?;
        } else {
            let schema = fs::read_to_string("bench/peers/schema.sql")?;
            run_on_postgres(&store.url, &schema).await?;
        }
        store.add_users(contender, users).await?;
        Ok(store)
    }

    async fn add_users(&self, contender: Contender, users: u64) -> Result<()> {
        match contender {
            Contender::AtalayaSqlite => {
                run_on_sqlite(&self.url, &SQLITE_USERS.replace("$1", &users.to_string())).await
            }
            Contender::AtalayaPostgres => {
                run_on_postgres(&self.url, &ATALAYA_USERS.replace("$1", &users.to_string()))
                    .await?;
                self.settle().await
            }
            _ => {
                run_on_postgres(&self.url, &PEER_USERS.replace("$1", &users.to_string())).await?;
                self.settle().await
            }
        }
    }

    /// No upkeep for what was just written is left over for the measurement to pay.
    async fn settle(&self) -> Result<()> {
        run_on_postgres(&self.url, "VACUUM (ANALYZE) users").await?;
        run_on_postgres(&self.url, "CHECKPOINT").await
    }

    /// How many rows say that somebody is connected.
    pub async fn active_rows(&self) -> Result<u64> {
        const COUNT: &str = "SELECT count(*) FROM user_sessions WHERE is_active = TRUE";
        let count: i64 = if self.url.starts_with("sqlite:") {
            let mut connection = SqliteConnection::connect(&self.url).await?;
            sqlx::query_scalar(COUNT).fetch_one(&mut connection).await?
        } else {
            let mut connection = PgConnection::connect(&self.url).await?;
            sqlx::query_scalar(COUNT).fetch_one(&mut connection).await?
        };
        Ok(count.unsigned_abs())
    }
}

const PEER_USERS: &str = "INSERT INTO users (username, role, disabled)
    SELECT 'user' || n, CASE n WHEN 1 THEN 'admin' ELSE 'user' END, FALSE
    FROM generate_series(1, $1) AS n ORDER BY n";

const ATALAYA_USERS: &str = "INSERT INTO users (username, role, created_at)
    SELECT 'user' || n, CASE n WHEN 1 THEN 'admin' ELSE 'user' END, now() AT TIME ZONE 'UTC'
    FROM generate_series(1, $1) AS n ORDER BY n";

const SQLITE_USERS: &str = "INSERT INTO users (username, role, created_at)
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
    SELECT 'user' || n, CASE n WHEN 1 THEN 'admin' ELSE 'user' END, CURRENT_TIMESTAMP FROM numbers ORDER BY n";

fn sqlite_file(folder: &Path) -> PathBuf {
    folder.join("atalaya.db")
}

async fn migrate(url: &str, folder: &Path) -> Result<()> {
    let output = Command::new(ATALAYA)
        .arg("migrate")
        .env("DATABASE_URL", url)
        .env("ATALAYA_DATA_DIR", folder)
        .stdin(Stdio::null())
        .output()
        .await
        .with_context(|| format!("running {ATALAYA}"))?;
    ensure!(
        output.status.success(),
        "atalaya migrate failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

async fn run_on_postgres(url: &str, sql: &str) -> Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok(())
}

async fn run_on_sqlite(url: &str, sql: &str) -> Result<()> {
    let mut connection = SqliteConnection::connect(url).await?;
    raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok(())
}
