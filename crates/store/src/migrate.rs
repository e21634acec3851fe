//! Bringing the schema up to date: adoption first, then the pending migrations, all in one transaction.
//!
//! The files are embedded. The list below is the only one; a test checks it against the folders.

use std::time::Duration;

use sqlx::{
    Connection, Executor, Postgres, SqlSafeStr, Sqlite, Transaction,
    migrate::{Migrate, MigrateError, MigrationType, Migrator},
};

use crate::{
    Engine, Migration, adopt,
    db::Db,
    error::{Cause, StoreError},
    postgres, sqlite,
};

/// Of its own, because an adopted database may keep a `_sqlx_migrations` of somebody else.
const TABLE: &str = "atalaya_migrations";
/// Any constant will do, as long as no other program on the same database takes it: "atalayaM".
const LOCK: i64 = 0x6174_616c_6179_614d;
/// Making an index on a big adopted table takes its time; another server's migration is waited for.
const PATIENCE: Duration = Duration::from_secs(600);

macro_rules! files {
    ($($version:literal $name:literal),* $(,)?) => {
        [$((
            $version,
            $name,
            include_str!(concat!("../migrations/sqlite/", $name, ".sql")),
            include_str!(concat!("../migrations/postgres/", $name, ".sql")),
        )),*]
    };
}

/// Version, name, and the text for SQLite and for PostgreSQL.
const FILES: [(i64, &str, &str, &str); 8] = files![
    1 "0001_ledger",
    2 "0002_accounts",
    3 "0003_inbox",
    4 "0004_lists",
    5 "0005_publishing",
    6 "0006_changes",
    7 "0007_retention",
    8 "0008_topics",
];

pub(crate) async fn run(db: &Db) -> Result<Migration, StoreError> {
    let work = async {
        match db {
            Db::Sqlite(db) => on_sqlite(db).await,
            Db::Postgres(db) => on_postgres(db).await,
        }
    };
    tokio::time::timeout(PATIENCE, work)
        .await
        .unwrap_or_else(|_| Err(StoreError::unavailable("the migration did not end in time")))
}

async fn on_sqlite(db: &sqlite::Database) -> Result<Migration, StoreError> {
    let mut connection = db.writers.acquire().await?;
    let mut transaction = connection
        .begin_with("BEGIN IMMEDIATE".into_sql_str())
        .await?;
    let mut report = adopt::sqlite(&mut transaction).await?;
    report.applied = apply::<Sqlite>(&mut transaction, Engine::Sqlite).await?;
    if !report.applied.is_empty() {
        // The columns that tables of ours have got since their file.
        adopt::sqlite(&mut transaction).await?;
    }
    transaction.commit().await?;
    Ok(report)
}

async fn on_postgres(db: &postgres::Database) -> Result<Migration, StoreError> {
    let mut connection = db.writers.acquire().await?;
    let mut transaction = connection.begin().await?;
    transaction
        .execute("SET LOCAL statement_timeout = 0")
        .await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(&mut *transaction)
        .await?;
    let mut report = adopt::postgres(&mut transaction).await?;
    report.applied = apply::<Postgres>(&mut transaction, Engine::Postgres).await?;
    if !report.applied.is_empty() {
        // The columns that tables of ours have got since their file.
        adopt::postgres(&mut transaction).await?;
    }
    transaction.commit().await?;
    Ok(report)
}

/// Runs what is pending and returns its names. sqlx nests each file as a savepoint of the caller's transaction.
async fn apply<DB: sqlx::Database>(
    transaction: &mut Transaction<'_, DB>,
    engine: Engine,
) -> Result<Vec<String>, StoreError>
where
    DB::Connection: Migrate,
{
    let migrator = migrator(engine);
    let connection: &mut DB::Connection = &mut *transaction;
    connection
        .ensure_migrations_table(TABLE)
        .await
        .map_err(refused)?;
    let before = connection
        .list_applied_migrations(TABLE)
        .await
        .map_err(refused)?;
    migrator
        .run_direct(None, connection, false)
        .await
        .map_err(refused)?;
    Ok(migrator
        .iter()
        .filter(|file| !before.iter().any(|applied| applied.version == file.version))
        .map(|file| file.description.to_string())
        .collect())
}

fn migrator(engine: Engine) -> Migrator {
    let files = FILES.iter().map(|(version, name, sqlite, postgres)| {
        let text = match engine {
            Engine::Sqlite => *sqlite,
            Engine::Postgres => *postgres,
        };
        sqlx::migrate::Migration::new(
            *version,
            (*name).into(),
            MigrationType::Simple,
            text.into_sql_str(),
            false,
        )
    });
    let mut migrator = Migrator::with_migrations(files.collect());
    migrator.dangerous_set_table_name(TABLE);
    // The caller's transaction holds the lock.
    migrator.set_locking(false);
    migrator
}

fn refused(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        MigrateError::VersionMissing(version) => StoreError::Conflict(Cause::text(format!(
            "migration {version} was applied by a newer version of this program; run that one"
        ))),
        other => StoreError::Bug(Cause::text(other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::FILES;

    #[test]
    fn every_file_of_the_two_folders_is_in_the_list() {
        for engine in ["sqlite", "postgres"] {
            let folder = format!("{}/migrations/{engine}", env!("CARGO_MANIFEST_DIR"));
            let mut found: Vec<_> = std::fs::read_dir(folder)
                .unwrap()
                .map(|file| file.unwrap().file_name().into_string().unwrap())
                .collect();
            found.sort();
            let listed: Vec<_> = FILES
                .iter()
                .map(|(_, name, ..)| format!("{name}.sql"))
                .collect();
            assert_eq!(found, listed, "{engine}");
        }
    }
}
