//! SQLite: one writer and a few readers over a file in WAL mode.
//!
//! `synchronous = FULL`, because a CONNECT or a 201 that was sent must survive a power cut, and WAL with
//! `NORMAL` would lose the last commits.

use std::{
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{OpenOptions, db::Lease, error::StoreError};

/// An open SQLite file.
pub(crate) struct Database {
    pub(crate) readers: SqlitePool,
    /// One connection: SQLite has one writer, and queueing for it here is fair and never `BUSY`.
    pub(crate) writers: SqlitePool,
    /// The same one: PostgreSQL has one for each group commit.
    pub(crate) ledger: SqlitePool,
    pub(crate) publisher: SqlitePool,
    pub(crate) patience: Duration,
    path: PathBuf,
    identity: (u64, u64),
}

impl Database {
    pub(crate) async fn open(url: &str, options: &OpenOptions) -> Result<Self, StoreError> {
        let connect = parse(url)?.busy_timeout(options.patience);
        let path = connect.get_filename().to_owned();
        make_folder(&path)?;
        make_file(&path, url)?;
        let connect = connect
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true);
        let writers = pool(options, 1)
            .connect_with(bounded(connect.clone(), options))
            .await?;
        let readers = pool(options, options.readers)
            .connect_with(connect.create_if_missing(false).pragma("query_only", "ON"))
            .await?;
        let identity = identity(&path)?;
        Ok(Self {
            readers,
            ledger: writers.clone(),
            publisher: writers.clone(),
            writers,
            patience: options.patience,
            path,
            identity,
        })
    }

    /// Begins to write and writes nothing: that fails on a file or a folder that cannot be written.
    /// (`BEGIN IMMEDIATE` alone does not: on a read-only file it quietly begins to read.)
    pub(crate) async fn ping(&self) -> Result<(), StoreError> {
        self.check()?;
        let mut lease = Lease::of(&self.writers, self.patience).await?;
        let outcome = tokio::time::timeout_at(lease.deadline(), async {
            let nothing = "UPDATE nodes SET pid = pid WHERE FALSE";
            sqlx::query(nothing).execute(lease.connection()).await?;
            Ok(())
        })
        .await;
        lease.settle(outcome)
    }

    /// Notices a file that was deleted or replaced: SQLite would go on writing to the one without a name.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if identity(&self.path)? == self.identity {
            return Ok(());
        }
        Err(StoreError::unavailable(format!(
            "the file {} was replaced by another; restart to use it",
            self.path.display()
        )))
    }
}

/// The bound on the file's size, which SQLite counts in pages.
fn bounded(connect: SqliteConnectOptions, options: &OpenOptions) -> SqliteConnectOptions {
    const PAGE_BYTES: u64 = 4_096;
    match options.max_file_bytes {
        None => connect,
        Some(bytes) => connect.pragma("max_page_count", (bytes / PAGE_BYTES).max(1).to_string()),
    }
}

fn pool(options: &OpenOptions, connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections.max(1))
        .acquire_timeout(options.patience)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

fn parse(url: &str) -> Result<SqliteConnectOptions, StoreError> {
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Err(StoreError::BadUrl(
            "an in-memory database would forget who is connected; name a file (sqlite://data/atalaya.db)".into(),
        ));
    }
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|error| StoreError::BadUrl(format!("{url}: {error}")))?;
    if options.get_filename().as_os_str().is_empty() {
        return Err(StoreError::BadUrl(
            "it names no file (sqlite://data/atalaya.db)".into(),
        ));
    }
    Ok(options)
}

/// Makes a missing file readable for its owner only, whatever the folder allows; what SQLite puts beside
/// it gets the same mode.
fn make_file(path: &Path, url: &str) -> Result<(), StoreError> {
    // A URL that says how to open it (`?mode=ro`) asks for a file that is there.
    if path.exists() || url.contains("mode=") {
        return Ok(());
    }
    let made = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        // Another process made it a moment ago.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => {
            let what = format!("the file {} cannot be made: {error}", path.display());
            Err(StoreError::unavailable(what))
        }
        Ok(_) => Ok(()),
    }
}

/// Makes the file's folder for its owner only: the database holds password hashes.
fn make_folder(path: &Path) -> Result<(), StoreError> {
    let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    else {
        return Ok(());
    };
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| {
            StoreError::BadUrl(format!(
                "the folder {} cannot be made: {error}",
                folder.display()
            ))
        })
}

fn identity(path: &Path) -> Result<(u64, u64), StoreError> {
    std::fs::metadata(path)
        .map(|file| (file.dev(), file.ino()))
        .map_err(|error| StoreError::unavailable(format!("the file {}: {error}", path.display())))
}
