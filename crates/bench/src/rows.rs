//! The ledger as a stranger sees it: is this socket's row there, how many are active. Read over a
//! connection of its own, whose server process is left out of the account.

use std::{
    net::IpAddr,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{self, JoinHandle},
    time::Duration,
};

use sqlx::{
    Connection as _, PgConnection, SqliteConnection, postgres::PgConnectOptions,
    sqlite::SqliteConnectOptions,
};
use tokio::runtime::Runtime;

use crate::{Error, process, report::Rows};

/// One in so many is looked up, so that looking does not show in what is measured.
const SAMPLED_ONE_IN: u32 = 50;
/// Lookups that wait for their turn. One more is left out of the sample.
const MAX_WAITING: usize = 256;

/// By the user too, because that is what the table has an index for.
const ROW: &str = "SELECT COUNT(*) FROM user_sessions WHERE user_id = $1 AND socket_id = $2";
const ACTIVE: &str = "SELECT COUNT(*) FROM user_sessions WHERE is_active";

enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

pub(crate) struct Ledger {
    runtime: Runtime,
    connection: Connection,
    backend_pid: Option<u32>,
}

impl Ledger {
    pub(crate) fn open(url: &str) -> Result<Self, Error> {
        let runtime = runtime()?;
        let (connection, backend_pid) = runtime.block_on(connect(url))?;
        Ok(Self {
            runtime,
            connection,
            backend_pid,
        })
    }

    /// The database's own process that serves us.
    pub(crate) fn backend_pid(&self) -> Option<u32> {
        self.backend_pid
    }

    /// How many rows are active now.
    pub(crate) fn active(&mut self) -> Result<u64, Error> {
        let count: i64 = self.runtime.block_on(async {
            match &mut self.connection {
                Connection::Sqlite(connection) => {
                    sqlx::query_scalar(ACTIVE).fetch_one(connection).await
                }
                Connection::Postgres(connection) => {
                    sqlx::query_scalar(ACTIVE).fetch_one(connection).await
                }
            }
        })?;
        Ok(count.unsigned_abs())
    }

    /// Lets the database work for a while.
    pub(crate) fn sleep(&self, length: Duration) {
        self.runtime.block_on(tokio::time::sleep(length));
    }

    fn has_row(&mut self, user: i64, socket_id: &str) -> Result<bool, Error> {
        let count: i64 = self.runtime.block_on(async {
            match &mut self.connection {
                Connection::Sqlite(connection) => {
                    let query = sqlx::query_scalar(ROW).bind(user).bind(socket_id);
                    query.fetch_one(connection).await
                }
                Connection::Postgres(connection) => {
                    let query = sqlx::query_scalar(ROW).bind(user).bind(socket_id);
                    query.fetch_one(connection).await
                }
            }
        })?;
        Ok(count > 0)
    }
}

pub(crate) fn runtime() -> Result<Runtime, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Error::System {
            doing: "asynchronous runtime",
            source,
        })
}

async fn connect(url: &str) -> Result<(Connection, Option<u32>), Error> {
    if url.starts_with("sqlite:") {
        let options: SqliteConnectOptions = url.parse()?;
        let options = options.create_if_missing(false).pragma("query_only", "ON");
        let connection = SqliteConnection::connect_with(&options).await?;
        return Ok((Connection::Sqlite(connection), None));
    }
    let mut connection = PgConnection::connect(url).await?;
    // The plan that is right for an empty table is kept, and would have each lookup read all of a full one.
    sqlx::query("SET enable_seqscan = off")
        .execute(&mut connection)
        .await?;
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut connection)
        .await?;
    let pid = u32::try_from(pid).ok().filter(|_| is_local(url));
    Ok((Connection::Postgres(connection), pid))
}

/// Whether a process id that the database tells means anything on this machine.
fn is_local(url: &str) -> bool {
    let Ok(options) = url.parse::<PgConnectOptions>() else {
        return false;
    };
    let host = options.get_host();
    let is_loopback = host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    is_loopback || host == "localhost" || host.starts_with('/') || options.get_socket().is_some()
}

/// The process that all others of this database descend from, when it runs on this machine and has any.
pub fn database_process(url: &str) -> Result<Option<u32>, Error> {
    let ledger = Ledger::open(url)?;
    let parent = ledger.backend_pid().and_then(process::parent_of);
    // A container may have its own numbers, which mean something else here.
    Ok(
        parent
            .filter(|pid| process::name_of(*pid).is_some_and(|name| name.starts_with("postgres"))),
    )
}

/// Looks up rows on a thread of its own, from the moment when they are offered.
pub(crate) struct Sampler {
    /// User ids, by client.
    users: Vec<i64>,
    /// Bounded; a lookup that does not fit is left out.
    offers: SyncSender<(i64, String)>,
    thread: JoinHandle<(Ledger, Result<Rows, Error>)>,
    seen: u32,
}

impl Sampler {
    pub(crate) fn start(ledger: Ledger, users: Vec<i64>) -> Self {
        let (offers, received) = sync_channel(MAX_WAITING);
        Self {
            users,
            offers,
            thread: thread::spawn(move || look_up(ledger, &received)),
            seen: 0,
        }
    }

    /// Takes one in fifty, the first among them.
    pub(crate) fn offer(&mut self, client: usize, socket_id: &[u8]) {
        if self.seen.is_multiple_of(SAMPLED_ONE_IN) {
            let socket_id = String::from_utf8_lossy(socket_id).into_owned();
            // Full: there are enough of them as it is.
            let _ = self.offers.try_send((self.users[client], socket_id));
        }
        self.seen += 1;
    }

    /// Waits for the lookups that are under way.
    pub(crate) fn finish(self) -> Result<(Ledger, Rows), Error> {
        drop(self.offers);
        let (ledger, rows) = self
            .thread
            .join()
            .map_err(|_| Error::Plan("the lookup of rows panicked"))?;
        Ok((ledger, rows?))
    }
}

fn look_up(mut ledger: Ledger, offers: &Receiver<(i64, String)>) -> (Ledger, Result<Rows, Error>) {
    let mut rows = Rows::default();
    while let Ok((user, socket_id)) = offers.recv() {
        match ledger.has_row(user, &socket_id) {
            Ok(found) => {
                rows.sampled += 1;
                rows.missing += u64::from(!found);
            }
            Err(error) => return (ledger, Err(error)),
        }
    }
    (ledger, Ok(rows))
}
