//! Why a reader may remember "the last id I saw": a sequence alone would let it pass over what commits late, and the
//! publishers' turn does not. On SQLite there is one writer anyway; `positions_never_skip` reads along on both.

use atalaya_store::{Audience, Position};
use sqlx::{Connection, Executor, PgConnection, Row};

use crate::bench::{Bench, T0, notification};

/// "atalayaP", by which publishers take turns.
const TURN: &str = "SELECT pg_advisory_xact_lock(7022344802737087824)";

async fn ids(connection: &mut PgConnection, sql: &'static str) -> Vec<i64> {
    let rows = connection.fetch_all(sql).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// The hazard: an id is handed out before its transaction commits.
#[tokio::test]
async fn a_reader_of_a_bare_sequence_passes_over_what_commits_late() {
    let bench = Bench::postgres().await;
    let mut slow = PgConnection::connect(&bench.url).await.unwrap();
    let mut quick = PgConnection::connect(&bench.url).await.unwrap();
    quick
        .execute("CREATE TABLE stream (id BIGSERIAL PRIMARY KEY, by TEXT)")
        .await
        .unwrap();
    slow.execute("BEGIN; INSERT INTO stream (by) VALUES ('slow')")
        .await
        .unwrap();
    quick
        .execute("INSERT INTO stream (by) VALUES ('quick')")
        .await
        .unwrap();
    let seen = ids(&mut quick, "SELECT id FROM stream WHERE id > 0 ORDER BY id").await;
    assert_eq!(seen, [2]);
    slow.execute("COMMIT").await.unwrap();
    // It remembers 2, and never sees 1.
    let rest = ids(&mut quick, "SELECT id FROM stream WHERE id > 2").await;
    assert!(rest.is_empty());
    assert_eq!(
        ids(&mut quick, "SELECT id FROM stream ORDER BY id").await,
        [1, 2]
    );
}

/// The design: who has drawn an id and not yet committed keeps the next from drawing one.
#[tokio::test]
async fn a_publisher_that_commits_late_makes_the_next_one_wait() {
    let bench = Bench::postgres().await;
    let mut slow = PgConnection::connect(&bench.url).await.unwrap();
    let mut watcher = PgConnection::connect(&bench.url).await.unwrap();
    slow.execute("BEGIN").await.unwrap();
    slow.execute(TURN).await.unwrap();
    slow.execute(
        "INSERT INTO notifications (title, severity, created_at) VALUES ('slow', 'info', now() AT TIME ZONE 'UTC')",
    )
    .await
    .unwrap();

    let store = bench.store.clone();
    let quick = tokio::spawn(async move {
        let new = notification(Audience::all(), "quick");
        store.publish(new, T0).await.unwrap().id
    });
    let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while ids(&mut watcher, waiting).await != [1] {
        assert!(!quick.is_finished(), "it did not wait");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let read = async |after| {
        let page = bench.store.published_after(after, 10).await.unwrap();
        let titles = page
            .items
            .iter()
            .map(|item| item.notification.title.clone());
        titles.collect::<Vec<_>>()
    };
    assert!(read(Position::START).await.is_empty());
    slow.execute("COMMIT").await.unwrap();
    let id = quick.await.unwrap();
    assert_eq!(read(Position::START).await, ["slow", "quick"]);
    assert_eq!(bench.store.head().await.unwrap(), Position::from(id));
}
