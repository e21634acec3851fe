//! Millions of rows, quickly: a statement writes half a million of each table.

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const USERS: u64 = 10_000;
/// The newest so many sessions are active.
const CONNECTED: u64 = 10_000;
/// How many rows one statement writes.
const CHUNK: u64 = 500_000;

/// `{numbers}` are the numbers `i` of a chunk, as a table `n`; `{time}` is a time that grows with them. One in five
/// notifications is for user 1, one in fifty for everybody of a role or all, one in a hundred for one of 200 topics; whoever a notification is for alone has read
/// it, if it is of the older half, and archived a few.
const FILL: [&str; 4] = [
    "INSERT INTO user_sessions (id, user_id, socket_id, connected_at, is_active, disconnected_at, disconnect_reason, \
                                last_seen_at, ip_address, user_agent, transport, node) \
     {numbers} SELECT i, 1 + (i * 7919) % {users}, 'socket-' || CAST(i AS TEXT), {time}, i > {rows} - {connected}, \
         CASE WHEN i > {rows} - {connected} THEN NULL ELSE {time} END, \
         CASE WHEN i > {rows} - {connected} THEN NULL ELSE 'client_left' END, \
         {time}, '192.0.2.7', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101', 'websocket', 'node-1' FROM n",
    "INSERT INTO notifications (id, title, body, severity, created_at, publisher_id) \
     {numbers} SELECT i, 'Pump ' || CAST(i AS TEXT), 'Pressure fell to 0.2 bar in the northern station.', 'warning', \
         {time}, 2 FROM n",
    "INSERT INTO notification_targets (target, notification_id) \
     {numbers} SELECT CASE WHEN i % 100 = 0 THEN 'all' WHEN i % 100 = 1 THEN 'role:user' \
         WHEN i % 100 = 3 THEN 'topic:topic-' || CAST((i / 100) % 200 AS TEXT) WHEN i % 5 = 2 THEN 'user:1' ELSE 'user:' || CAST(2 + (i * 7919) % ({users} - 1) AS TEXT) END, i FROM n",
    "INSERT INTO notification_states (user_id, notification_id, read_at, archived_at) \
     {numbers} SELECT CASE WHEN i % 5 = 2 THEN 1 ELSE 2 + (i * 7919) % ({users} - 1) END, i, {time}, \
         CASE WHEN i % 1000 = 2 OR i % 40 = 3 THEN {time} END FROM n WHERE i % 100 > 1 AND i % 100 <> 3 AND i < {rows} / 2",
];

/// One user reads a quarter of the topics, from the beginning.
const TOPICS: [&str; 2] = [
    "INSERT INTO topics (id, name, created_at, is_listed, admin_since, operator_since, user_since) \
     WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 199) \
     SELECT i + 1, 'topic-' || CAST(i AS TEXT), {time}, TRUE, 0, 0, 0 FROM n",
    "INSERT INTO topic_subscriptions (user_id, topic_id, since_position) \
     SELECT 9000, id, 0 FROM topics WHERE id % 4 = 0",
];

pub(crate) async fn fill(url: &str, rows: u64) -> Outcome<()> {
    let is_sqlite = url.starts_with("sqlite");
    let time = if is_sqlite {
        "STRFTIME('%Y-%m-%d %H:%M:%f', 1750000000 + i, 'unixepoch')"
    } else {
        "TIMESTAMP '2025-06-15 15:06:40' + i * INTERVAL '1 second'"
    };
    let mut statements = Vec::new();
    for low in (1..=rows).step_by(CHUNK as usize) {
        let high = rows.min(low + CHUNK - 1);
        let numbers = format!(
            "WITH RECURSIVE n(i) AS (SELECT CAST({low} AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {high})"
        );
        statements.extend(FILL.iter().map(|statement| {
            statement
                .replace("{numbers}", &numbers)
                .replace("{time}", time)
                .replace("{users}", &USERS.to_string())
                .replace("{connected}", &CONNECTED.to_string())
                .replace("{rows}", &rows.to_string())
        }));
    }
    statements.extend(TOPICS.map(|statement| statement.replace("{time}", time)));
    // Last: whoever is found here tells that all is filled.
    statements.push(format!(
        "INSERT INTO users (id, username, created_at) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
         WHERE i < {USERS}) SELECT i, 'user-' || CAST(i AS TEXT), {time} FROM n"
    ));
    if is_sqlite {
        // As much as the indexes need to grow in memory. What is filled can be filled again, so nothing is synchronised.
        statements.insert(
            0,
            "PRAGMA cache_size = -2000000; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF"
                .into(),
        );
        on_sqlite(url, &statements).await?;
    } else {
        statements.insert(0, "SET synchronous_commit = off".into());
        statements.extend(["users", "user_sessions", "notifications"].map(|table| {
            format!("SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))")
        }));
        // What autovacuum does by itself some time after.
        statements.push("VACUUM ANALYZE".into());
        on_postgres(url, &statements).await?;
    }
    Ok(())
}

async fn on_sqlite(url: &str, statements: &[String]) -> Outcome<()> {
    let mut connection = SqliteConnection::connect(url).await?;
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe(statement.as_str()))
            .execute(&mut connection)
            .await?;
    }
    Ok(connection.close().await?)
}

async fn on_postgres(url: &str, statements: &[String]) -> Outcome<()> {
    let mut connection = PgConnection::connect(url).await?;
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe(statement.as_str()))
            .execute(&mut connection)
            .await?;
    }
    Ok(connection.close().await?)
}
