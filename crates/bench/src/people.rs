//! Users to connect as, made in bulk straight in the tables of a database that is there for measuring.

use sqlx::{Connection as _, PgConnection, SqliteConnection};

use crate::{Error, rows::runtime};

/// Who was made.
#[derive(Clone, Debug)]
pub struct Crowd {
    /// The user who may publish.
    pub publisher: u64,
    pub users: Vec<u64>,
}

/// The newest position: whoever is made now has nothing to catch up on.
macro_rules! insert {
    ($numbers:literal, $now:literal) => {
        concat!(
            "INSERT INTO users (username, role, created_at, joined_position, role_since_position) ",
            $numbers,
            " SELECT 'bench-' || i, CASE i WHEN 0 THEN 'admin' ELSE 'user' END, ",
            $now,
            ", head, head FROM numbers, (SELECT COALESCE(MAX(id), 0) AS head FROM notifications) AS newest ORDER BY i"
        )
    };
}

const ON_SQLITE: &str = insert!(
    "WITH RECURSIVE numbers (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i < $1)",
    "CURRENT_TIMESTAMP"
);
const ON_POSTGRES: &str = insert!(
    "WITH numbers (i) AS (SELECT generate_series(0, $1))",
    "now() AT TIME ZONE 'UTC'"
);
/// Whoever is in the table and was not made here.
const STRANGERS: &str =
    "SELECT COUNT(*) - COUNT(CASE WHEN username LIKE 'bench-%' THEN 1 END) FROM users";
const CLEAR: &str = "DELETE FROM users";
const IDS: &str = "SELECT id FROM users ORDER BY id";

/// Replaces the users of the last measurement by `count` new ones and a publisher. A database that has
/// users of its own is left alone.
pub fn make_people(database_url: &str, count: usize) -> Result<Crowd, Error> {
    let last = i64::try_from(count).map_err(|_| Error::Plan("too many clients"))?;
    let ids = runtime()?.block_on(async {
        if database_url.starts_with("sqlite:") {
            on_sqlite(database_url, last).await
        } else {
            on_postgres(database_url, last).await
        }
    })?;
    let mut ids = ids.into_iter().map(i64::unsigned_abs);
    Ok(Crowd {
        publisher: ids.next().ok_or(Error::Plan("no user could be made"))?,
        users: ids.collect(),
    })
}

/// The same steps on either engine: nothing unless all are this tool's, then all at once.
macro_rules! replace_users {
    ($connection:expr, $insert:expr, $last:expr) => {{
        let strangers = sqlx::query_scalar(STRANGERS);
        refuse_strangers(strangers.fetch_one(&mut $connection).await?)?;
        let mut transaction = $connection.begin().await?;
        sqlx::query(CLEAR).execute(&mut *transaction).await?;
        let insert = sqlx::query($insert).bind($last);
        insert.execute(&mut *transaction).await?;
        let ids: Vec<i64> = sqlx::query_scalar(IDS).fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        ids
    }};
}

async fn on_sqlite(url: &str, last: i64) -> Result<Vec<i64>, Error> {
    let mut connection = SqliteConnection::connect(url).await?;
    let ids = replace_users!(connection, ON_SQLITE, last);
    connection.close().await?;
    Ok(ids)
}

async fn on_postgres(url: &str, last: i64) -> Result<Vec<i64>, Error> {
    let mut connection = PgConnection::connect(url).await?;
    let ids = replace_users!(connection, ON_POSTGRES, last);
    // Without it, the planner believes for a minute that the table is nearly empty.
    sqlx::query("ANALYZE users")
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok(ids)
}

fn refuse_strangers(strangers: i64) -> Result<(), Error> {
    match strangers {
        0 => Ok(()),
        _ => Err(Error::Plan(
            "the database has users of its own; give one that is there for measuring",
        )),
    }
}
