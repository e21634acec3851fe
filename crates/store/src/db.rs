//! The two databases behind one name: an enum over their pools, and the macro by which one body of a
//! verb is compiled for both.
//!
//! Each side has readers and writers apart, so that a slow list cannot delay the ledger. A connection is
//! leased; if its holder is cancelled or runs out of patience in the middle of a statement, the connection is
//! dropped rather than given back, because what it would answer next is unknown.

use sqlx::{Connection, Database, Pool, SqlSafeStr, pool::PoolConnection};
use tokio::time::{Duration, Instant, error::Elapsed};

use crate::{Engine, error::StoreError, postgres, sqlite};

/// The pools of one of the two engines.
pub(crate) enum Db {
    Sqlite(sqlite::Database),
    Postgres(postgres::Database),
}

impl Db {
    pub(crate) fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(db) => {
                tokio::join!(db.readers.close(), db.writers.close());
            }
            Self::Postgres(db) => {
                tokio::join!(
                    db.readers.close(),
                    db.writers.close(),
                    db.ledger.close(),
                    db.publisher.close(),
                    db.bus.close(),
                );
            }
        }
    }
}

impl Engine {
    /// How a transaction that will write begins. SQLite takes the write lock at once, so that it waits
    /// at the start instead of failing in the middle.
    pub(crate) fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }
}

/// One statement whose text differs between the engines.
pub(crate) struct Sql {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

impl Sql {
    pub(crate) fn on(&self, engine: Engine) -> &'static str {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }
}

/// Where connections come from.
pub(crate) trait Source<DB: Database> {
    fn acquire(&self) -> impl Future<Output = Result<PoolConnection<DB>, sqlx::Error>> + Send;

    /// Takes back one that is in order.
    fn give_back(&self, connection: PoolConnection<DB>);
}

impl<DB: Database> Source<DB> for Pool<DB> {
    async fn acquire(&self) -> Result<PoolConnection<DB>, sqlx::Error> {
        Self::acquire(self).await
    }

    fn give_back(&self, connection: PoolConnection<DB>) {
        drop(connection);
    }
}

/// A source's connection for the length of one verb.
pub(crate) struct Lease<'a, DB: Database, S: Source<DB>> {
    source: &'a S,
    connection: Option<PoolConnection<DB>>,
    /// When the verb is given up. The wait for the connection is part of it.
    deadline: Instant,
}

impl<'a, DB: Database, S: Source<DB>> Lease<'a, DB, S> {
    pub(crate) async fn of(source: &'a S, patience: Duration) -> Result<Self, StoreError> {
        let deadline = Instant::now() + patience;
        match tokio::time::timeout_at(deadline, source.acquire()).await {
            Ok(connection) => Ok(Self {
                source,
                connection: Some(connection?),
                deadline,
            }),
            Err(Elapsed { .. }) => Err(StoreError::unavailable("no connection was free in time")),
        }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    pub(crate) fn connection(&mut self) -> &mut DB::Connection {
        self.connection
            .as_mut()
            .expect("it is held until the lease settles")
    }

    /// Gives the connection back, unless its last statement was given up.
    pub(crate) fn settle<T>(
        mut self,
        outcome: Result<Result<T, StoreError>, Elapsed>,
    ) -> Result<T, StoreError> {
        match outcome {
            Ok(Err(error)) if error.concerns_the_database() => Err(error),
            Ok(result) => {
                match (self.connection.take(), &result) {
                    (Some(connection), Ok(_)) => self.source.give_back(connection),
                    // The pool has the transaction that failed rolled back at once.
                    (connection, _) => drop(connection),
                }
                result
            }
            Err(Elapsed { .. }) => Err(StoreError::unavailable("it did not answer in time")),
        }
    }
}

impl<DB: Database, S: Source<DB>> Drop for Lease<'_, DB, S> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.detach());
        }
    }
}

/// Begins a transaction that writes.
pub(crate) async fn begin<C: Connection>(
    connection: &mut C,
    engine: Engine,
) -> Result<sqlx::Transaction<'_, C::Database>, StoreError> {
    Ok(connection.begin_with(engine.begin().into_sql_str()).await?)
}

/// Runs one body, a `Result<_, StoreError>`, on a leased connection of either engine, within the store's
/// patience. `|connection, engine|` are a `&mut` connection and the [`Engine`].
macro_rules! on {
    ($db:expr, $side:ident, |$connection:ident, $engine:ident| $body:expr) => {
        match {
            let db: &$crate::db::Db = $db;
            db
        } {
            $crate::db::Db::Sqlite(db) => {
                $crate::db::on!(@ db, $side, $crate::Engine::Sqlite, $connection, $engine, $body)
            }
            $crate::db::Db::Postgres(db) => {
                $crate::db::on!(@ db, $side, $crate::Engine::Postgres, $connection, $engine, $body)
            }
        }
    };
    (@ $db:ident, $side:ident, $value:expr, $connection:ident, $engine:ident, $body:expr) => {{
        $db.check()?;
        let mut lease = $crate::db::Lease::of(&$db.$side, $db.patience).await?;
        let outcome = tokio::time::timeout_at(lease.deadline(), async {
            let $engine = $value;
            let $connection = lease.connection();
            $body
        })
        .await;
        lease.settle(outcome)
    }};
}
pub(crate) use on;

/// Maps a row of either engine to a type, with one body.
macro_rules! mapped {
    ($type:ty, |$row:ident| $body:expr) => {
        impl sqlx::FromRow<'_, sqlx::sqlite::SqliteRow> for $type {
            fn from_row($row: &sqlx::sqlite::SqliteRow) -> Result<Self, sqlx::Error> {
                use sqlx::Row as _;
                $body
            }
        }
        impl sqlx::FromRow<'_, sqlx::postgres::PgRow> for $type {
            fn from_row($row: &sqlx::postgres::PgRow) -> Result<Self, sqlx::Error> {
                use sqlx::Row as _;
                $body
            }
        }
    };
}
pub(crate) use mapped;
