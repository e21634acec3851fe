//! PostgreSQL: two small pools and a connection for each group commit, all of which reconnect by themselves, with a
//! bound on every wait.

use std::{
    str::FromStr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::Instant;

use crate::{
    OpenOptions,
    db::{Lease, Source},
    error::{Cause, StoreError},
};

/// Writers: the leases, the accounts and the marks of readers.
const WRITERS: u32 = 3;

/// What a group commit looks up, it finds by an index: a statement that was planned while its table was nearly empty would
/// read all of it each time, until the next `ANALYZE`. And it is planned once, not anew for each size of a batch.
const BY_INDEX: &str = "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan;";

/// How long a connection that lies idle is believed to be alive.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// An open PostgreSQL database.
pub(crate) struct Database {
    pub(crate) readers: PgPool,
    pub(crate) writers: PgPool,
    /// For each group commit a connection of its own.
    pub(crate) ledger: Kept,
    pub(crate) publisher: Kept,
    /// For the bus between servers: one connection to listen on and one to speak on, made when they are used.
    pub(crate) bus: PgPool,
    pub(crate) patience: Duration,
}

impl Database {
    pub(crate) async fn open(url: &str, options: &OpenOptions) -> Result<Self, StoreError> {
        let (connect, schema) = parse(url)?;
        probe(&connect, options.patience).await?;
        let session = session(options.patience, schema.as_deref());
        let open = |connections, session: &str| {
            pool(options, connections, session.to_owned()).connect_lazy_with(connect.clone())
        };
        let kept = || Kept::of(open(1, &format!("{session} {BY_INDEX}")));
        Ok(Self {
            readers: open(options.readers, &session),
            writers: open(WRITERS, &session),
            ledger: kept(),
            publisher: kept(),
            bus: open(2, &session),
            patience: options.patience,
        })
    }

    /// Asks whether a write would be taken: after a failover the address may lead to a standby.
    pub(crate) async fn ping(&self) -> Result<(), StoreError> {
        let mut lease = Lease::of(&self.writers, self.patience).await?;
        let outcome = tokio::time::timeout_at(lease.deadline(), async {
            let read_only =
                "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'";
            Ok(sqlx::query_scalar::<_, bool>(read_only)
                .fetch_one(lease.connection())
                .await?)
        })
        .await;
        match lease.settle(outcome)? {
            false => Ok(()),
            true => Err(StoreError::ReadOnly(Cause::text(
                "PostgreSQL is a standby, or set to read-only",
            ))),
        }
    }

    /// Nothing to check before a connection is leased; SQLite has.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// One connection that stays with its one user. A pool hands its connections out in turn, though a process of
/// PostgreSQL that has just done the same thing does it for less; and it asks each that comes back whether it is alive
/// (`launchbadge/sqlx`, `PoolConnection::return_to_pool`), which for a lone publish costs as much as the publish.
pub(crate) struct Kept {
    pool: PgPool,
    /// Between two uses, with the time of the last.
    free: Mutex<Option<(PoolConnection<Postgres>, Instant)>>,
}

impl Kept {
    fn of(pool: PgPool) -> Self {
        Self {
            pool,
            free: Mutex::default(),
        }
    }

    pub(crate) async fn close(&self) {
        drop(self.take());
        self.pool.close().await;
    }

    fn take(&self) -> Option<(PoolConnection<Postgres>, Instant)> {
        self.free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl Drop for Kept {
    /// A pool takes a connection back by a task, and panics where no runtime is to run it; an end of the program may
    /// come after that of the runtime.
    fn drop(&mut self) {
        if let Some((connection, _)) = self.take() {
            drop(connection.detach());
        }
    }
}

impl Source<Postgres> for Kept {
    async fn acquire(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        if let Some((mut connection, used_at)) = self.take() {
            if used_at.elapsed() <= TRUSTED_FOR || connection.ping().await.is_ok() {
                return Ok(connection);
            }
            drop(connection.detach());
        }
        self.pool.acquire().await
    }

    fn give_back(&self, connection: PoolConnection<Postgres>) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.pool.is_closed() {
            *free = Some((connection, Instant::now()));
        }
    }
}

fn pool(options: &OpenOptions, connections: u32, session: String) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections.max(1))
        // Under the patience, so that a waiter hears why before it gives up by itself.
        .acquire_timeout(options.patience.mul_f32(0.6))
        // A ping before each use would double the round trips of most verbs. One that was used a moment ago is
        // alive, as far as a ping can tell.
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > TRUSTED_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(move |connection, _| {
            let session = session.clone();
            Box::pin(async move {
                connection.execute(AssertSqlSafe(session)).await?;
                Ok(())
            })
        })
}

/// What each connection is told. A server that dies in the middle of a transaction must not hold the
/// publishers' lock; and where the administrator turned synchronous commit off, a CONNECT or a 201 would promise
/// what a power cut takes back. Compiling a statement (`jit`) costs more than any of ours takes.
fn session(patience: Duration, schema: Option<&str>) -> String {
    let patience_ms = patience.as_millis();
    let mut session = format!(
        "SET statement_timeout = {patience_ms}; \
         SET jit = off; \
         SET idle_in_transaction_session_timeout = {}; \
         SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';",
        2 * patience_ms
    );
    if let Some(schema) = schema {
        session.push_str(&format!(
            " SET search_path = \"{}\";",
            schema.replace('"', "\"\"")
        ));
    }
    session
}

/// Prisma's URLs name the schema in a parameter of their own (`?schema=public`).
fn parse(url: &str) -> Result<(PgConnectOptions, Option<String>), StoreError> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let (ours, theirs): (Vec<_>, Vec<_>) = query
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .partition(|parameter| parameter.starts_with("schema="));
    let url = match theirs.as_slice() {
        [] => base.to_owned(),
        parameters => format!("{base}?{}", parameters.join("&")),
    };
    // The parser's own words may quote the URL, and the URL holds the password.
    let options = PgConnectOptions::from_str(&url).map_err(|_| {
        StoreError::BadUrl(
            "it is not of the form postgres://user:password@host:port/database".into(),
        )
    })?;
    let schema = ours
        .first()
        .and_then(|parameter| parameter.strip_prefix("schema="));
    Ok((
        options.application_name("atalaya"),
        schema.map(str::to_owned),
    ))
}

/// Connects once, so that a wrong address, name or password is told at the start, and by its name.
async fn probe(connect: &PgConnectOptions, patience: Duration) -> Result<(), StoreError> {
    let at = match connect.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", connect.get_host(), connect.get_port()),
    };
    let unreachable = |why: String| StoreError::unavailable(format!("PostgreSQL at {at}: {why}"));
    match tokio::time::timeout(patience, PgConnection::connect_with(connect)).await {
        Ok(Ok(connection)) => {
            // It served its purpose; how its farewell goes is of no interest.
            connection.close().await.ok();
            Ok(())
        }
        Ok(Err(error)) => Err(unreachable(error.to_string())),
        Err(_) => Err(unreachable(format!("no answer within {patience:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_connection_may_be_dropped_outside_of_the_runtime() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let place = runtime.block_on(atalaya_testbed::postgres::database());
        let options = OpenOptions::default();
        let database = runtime.block_on(Database::open(&place.url, &options));
        let database = database.unwrap();
        let connection = runtime.block_on(database.ledger.acquire()).unwrap();
        database.ledger.give_back(connection);
        drop(database);
    }
}
