//! Taking over tables that another program made.
//!
//! `users` and `user_sessions` may exist already, made by Prisma or by hand. What is missing is added, as
//! nullable or with a default; nothing is changed or dropped, so that the program that made them can run on.
//! What cannot work is refused here, by name and with the remedy, instead of failing at the first connection.

use sqlx::{AssertSqlSafe, Postgres, Row, Sqlite, Transaction};

use crate::{
    Migration,
    db::{Db, Sql, on},
    error::StoreError,
};

/// One column that Atalaya uses of a table that may be another program's.
struct Column {
    name: &'static str,
    /// How it is added where it is missing; `None` when a table without it is no table of ours.
    add: Option<&'static str>,
    /// What it may be on PostgreSQL, as `information_schema` names it.
    types: &'static [&'static str],
    /// Whether Atalaya has a value for it in every row.
    always_written: bool,
    /// How many characters it must hold.
    min_chars: i32,
}

struct Table {
    name: &'static str,
    columns: &'static [Column],
    /// Whether Atalaya must be able to insert, or only to read and to update.
    must_insert: bool,
}

const INTEGER: &[&str] = &["integer", "bigint"];
const TEXT: &[&str] = &["text", "character varying"];
const TIME: &[&str] = &["timestamp without time zone"];
const BOOLEAN: &[&str] = &["boolean"];
const NAME: &[&str] = &["text", "character varying", "USER-DEFINED"];

const fn own(name: &'static str, types: &'static [&'static str]) -> Column {
    Column {
        name,
        add: None,
        types,
        always_written: true,
        min_chars: 0,
    }
}

const fn added(name: &'static str, add: &'static str, types: &'static [&'static str]) -> Column {
    Column {
        name,
        add: Some(add),
        types,
        always_written: false,
        min_chars: 0,
    }
}

const fn written(column: Column) -> Column {
    Column {
        always_written: true,
        ..column
    }
}

const fn holding(min_chars: i32, column: Column) -> Column {
    Column {
        min_chars,
        ..column
    }
}

/// Over the longest close reason. A row whose reason did not fit could not be closed at all: not when its
/// connection ends, and not by the lease either.
const REASON_CHARS: i32 = 20;

/// Over the longest id by which a connection is continued.
const RECOVERY_ID_CHARS: i32 = 80;

const TABLES: [Table; 2] = [
    Table {
        name: "user_sessions",
        must_insert: true,
        columns: &[
            own("id", INTEGER),
            own("user_id", INTEGER),
            own("socket_id", TEXT),
            own("connected_at", TIME),
            own("is_active", BOOLEAN),
            added("disconnected_at", "TIMESTAMP(3)", TIME),
            holding(REASON_CHARS, added("disconnect_reason", "TEXT", TEXT)),
            written(added("last_seen_at", "TIMESTAMP(3)", TIME)),
            added("ip_address", "TEXT", TEXT),
            added("user_agent", "TEXT", TEXT),
            written(added("transport", "TEXT", TEXT)),
            written(added("node", "TEXT", TEXT)),
            added("recovered_from", "BIGINT", INTEGER),
            holding(RECOVERY_ID_CHARS, added("recovery_id", "TEXT", TEXT)),
        ],
    },
    Table {
        name: "users",
        must_insert: false,
        columns: &[
            own("id", INTEGER),
            written(added("username", "TEXT UNIQUE", TEXT)),
            added("password_hash", "TEXT", TEXT),
            written(added("role", "TEXT NOT NULL DEFAULT 'user'", NAME)),
            added("display_name", "TEXT", TEXT),
            written(added("disabled", "BOOLEAN NOT NULL DEFAULT FALSE", BOOLEAN)),
            written(added("created_at", "TIMESTAMP(3)", TIME)),
            written(added(
                "joined_position",
                "BIGINT NOT NULL DEFAULT 0",
                INTEGER,
            )),
            written(added(
                "role_since_position",
                "BIGINT NOT NULL DEFAULT 0",
                INTEGER,
            )),
        ],
    },
];

/// A column that is there.
struct Found {
    name: String,
    /// `None` where types are loose (SQLite).
    data_type: Option<String>,
    /// `None` where it is not bounded.
    max_chars: Option<i32>,
    not_null: bool,
    has_default: bool,
}

pub(crate) async fn postgres(
    transaction: &mut Transaction<'_, Postgres>,
) -> Result<Migration, StoreError> {
    let mut report = Migration::default();
    for table in &TABLES {
        let found: Vec<Found> = sqlx::query(
            "SELECT CAST(column_name AS TEXT), CAST(data_type AS TEXT), is_nullable = 'NO', \
                    column_default IS NOT NULL OR is_identity = 'YES', CAST(character_maximum_length AS INTEGER) \
             FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1",
        )
        .bind(table.name)
        .try_map(|row: sqlx::postgres::PgRow| {
            Ok(Found {
                name: row.try_get(0)?,
                data_type: Some(row.try_get(1)?),
                not_null: row.try_get(2)?,
                has_default: row.try_get(3)?,
                max_chars: row.try_get(4)?,
            })
        })
        .fetch_all(&mut **transaction)
        .await?;
        for column in plan(table, &found, &mut report)? {
            sqlx::query(AssertSqlSafe(add_column(table, column)))
                .execute(&mut **transaction)
                .await?;
        }
        if !found.is_empty() {
            require_sequence(transaction, table).await?;
        }
    }
    Ok(report)
}

/// Ids are drawn before the rows are written, so the sequence must be one that PostgreSQL knows as the column's.
async fn require_sequence(
    transaction: &mut Transaction<'_, Postgres>,
    table: &Table,
) -> Result<(), StoreError> {
    let sequence: Option<String> = sqlx::query_scalar("SELECT pg_get_serial_sequence($1, 'id')")
        .bind(table.name)
        .fetch_one(&mut **transaction)
        .await?;
    match sequence {
        Some(_) => Ok(()),
        None => Err(unadoptable(
            table,
            "its column id draws from no sequence of its own; make it a SERIAL or an identity column".into(),
        )),
    }
}

pub(crate) async fn sqlite(
    transaction: &mut Transaction<'_, Sqlite>,
) -> Result<Migration, StoreError> {
    let mut report = Migration::default();
    for table in &TABLES {
        let found: Vec<Found> = sqlx::query(
            "SELECT name, \"notnull\", dflt_value IS NOT NULL OR pk > 0 FROM pragma_table_info($1)",
        )
        .bind(table.name)
        .try_map(|row: sqlx::sqlite::SqliteRow| {
            Ok(Found {
                name: row.try_get(0)?,
                data_type: None,
                max_chars: None,
                not_null: row.try_get(1)?,
                has_default: row.try_get(2)?,
            })
        })
        .fetch_all(&mut **transaction)
        .await?;
        for column in plan(table, &found, &mut report)? {
            // SQLite cannot add a column that is UNIQUE; the name is looked up through an index instead.
            let statement = add_column(table, column).replace(" UNIQUE", "");
            sqlx::query(AssertSqlSafe(statement))
                .execute(&mut **transaction)
                .await?;
            if column.name == "username" {
                sqlx::query("CREATE UNIQUE INDEX IF NOT EXISTS users_username ON users (username)")
                    .execute(&mut **transaction)
                    .await?;
            }
        }
    }
    Ok(report)
}

const UNIQUE_SOCKET_IDS: Sql = Sql {
    sqlite: "SELECT EXISTS (SELECT 1 FROM pragma_index_list('user_sessions') AS i \
             WHERE i.\"unique\" AND (SELECT GROUP_CONCAT(name) FROM pragma_index_info(i.name)) = 'socket_id')",
    postgres: "SELECT EXISTS (SELECT 1 FROM pg_index AS i JOIN pg_attribute AS a \
                   ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] \
               WHERE i.indrelid = CAST('user_sessions' AS regclass) AND i.indisunique AND i.indnkeyatts = 1 \
                   AND a.attname = 'socket_id')",
};

/// Whether the table of sessions, which another program may have made, forbids the same socket id twice.
pub(crate) async fn socket_ids_are_unique(db: &Db) -> Result<bool, StoreError> {
    on!(db, writers, |connection, engine| {
        Ok(sqlx::query_scalar(UNIQUE_SOCKET_IDS.on(engine))
            .fetch_one(connection)
            .await?)
    })
}

fn add_column(table: &Table, column: &Column) -> String {
    let definition = column.add.unwrap_or_default();
    format!(
        "ALTER TABLE {} ADD COLUMN {} {definition}",
        table.name, column.name
    )
}

/// Which columns must be added; nothing for a table that does not exist yet.
fn plan<'t>(
    table: &'t Table,
    found: &[Found],
    report: &mut Migration,
) -> Result<Vec<&'t Column>, StoreError> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let mut missing = Vec::new();
    for column in table.columns {
        match found.iter().find(|there| there.name == column.name) {
            Some(there) => check(table, column, there)?,
            None if column.add.is_some() => missing.push(column),
            None => {
                return Err(unadoptable(
                    table,
                    format!("it has no column {}", column.name),
                ));
            }
        }
    }
    check_foreign(table, found, report)?;
    report.adopted.extend(
        missing
            .iter()
            .map(|column| format!("{}.{}", table.name, column.name)),
    );
    Ok(missing)
}

fn check(table: &Table, column: &Column, there: &Found) -> Result<(), StoreError> {
    if let Some(data_type) = &there.data_type
        && !column.types.contains(&data_type.as_str())
    {
        return Err(unadoptable(
            table,
            format!(
                "its column {} is {data_type}; it must be {}",
                column.name,
                column.types.join(" or ")
            ),
        ));
    }
    if let Some(max_chars) = there.max_chars
        && max_chars < column.min_chars
    {
        return Err(unadoptable(
            table,
            format!(
                "its column {0} holds {max_chars} characters, and {1} are needed; \
                 ALTER TABLE {2} ALTER COLUMN {0} TYPE TEXT",
                column.name, column.min_chars, table.name
            ),
        ));
    }
    if table.must_insert && there.not_null && !column.always_written {
        return Err(unadoptable(
            table,
            format!(
                "its column {0} is NOT NULL, and not every connection has a value for it; \
                 ALTER TABLE {1} ALTER COLUMN {0} DROP NOT NULL",
                column.name, table.name
            ),
        ));
    }
    Ok(())
}

/// Columns that only the other program knows must not stand in the way of an insert.
fn check_foreign(table: &Table, found: &[Found], report: &mut Migration) -> Result<(), StoreError> {
    for there in found {
        let ours = table.columns.iter().any(|column| column.name == there.name);
        if ours || !there.not_null || there.has_default {
            continue;
        }
        let problem = format!(
            "its column {0} is NOT NULL without a default, and only the program that made it knows what belongs there; \
             ALTER TABLE {1} ALTER COLUMN {0} SET DEFAULT …",
            there.name, table.name
        );
        if table.must_insert {
            return Err(unadoptable(table, problem));
        }
        report
            .notes
            .push(format!("no {} can be made here: {problem}", table.name));
    }
    Ok(())
}

fn unadoptable(table: &Table, problem: String) -> StoreError {
    StoreError::Unadoptable {
        table: table.name,
        problem,
    }
}
