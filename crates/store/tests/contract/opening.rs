//! Opening a database that is new, wrong, read-only, full or gone.

use std::{
    os::unix::fs::PermissionsExt,
    time::{Duration, Instant},
};

use atalaya_store::{Engine, OpenError, OpenOptions, Store, StoreError};
use atalaya_testbed::ports;
use futures_util::future::join_all;

use crate::bench::{Bench, LEASE, NODE, T0, contract, crowd, execute, node, session};

contract!(
    a_second_migration_changes_nothing,
    a_database_that_answers_is_ready,
    no_verb_takes_longer_than_the_stores_patience,
);

async fn a_second_migration_changes_nothing(bench: Bench) {
    let report = bench.store.migrate().await.unwrap();
    assert_eq!(
        (report.applied, report.adopted, report.notes),
        (vec![], vec![], vec![])
    );
}

async fn a_database_that_answers_is_ready(bench: Bench) {
    bench.store.ping().await.unwrap();
    let expected = if bench.url.starts_with("sqlite") {
        Engine::Sqlite
    } else {
        Engine::Postgres
    };
    assert_eq!(bench.store.engine(), expected);
}

async fn no_verb_takes_longer_than_the_stores_patience(bench: Bench) {
    // Long enough that what else the machine does is small beside it.
    let patience = Duration::from_secs(4);
    let options = OpenOptions {
        patience,
        ..OpenOptions::default()
    };
    let store = Store::open(&bench.url, options).await.unwrap();
    let _holder = bench.hold_nodes().await;
    // More than there are connections, and one after the other: some wait for a connection, get it from one
    // that has given up, and then wait for the database.
    let renewals = (0..12).map(async |n| {
        tokio::time::sleep(n * Duration::from_millis(320)).await;
        let started = Instant::now();
        let renewed = store.renew_lease(NODE, T0, LEASE).await;
        (renewed, started.elapsed())
    });
    for (renewed, took) in join_all(renewals).await {
        assert!(
            matches!(renewed, Err(StoreError::Unavailable(_))),
            "{renewed:?}"
        );
        assert!(took < patience.mul_f32(1.3), "{took:?}");
    }
}

async fn migrate_together(bench: &Bench) {
    let mut starts = Vec::new();
    for _ in 0..4 {
        let store = bench.second_store().await;
        starts.push(tokio::spawn(async move { store.migrate().await }));
    }
    let mut applied = 0;
    for start in starts {
        applied += start.await.unwrap().unwrap().applied.len();
    }
    let files = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres");
    let files = std::fs::read_dir(files).unwrap().count();
    assert_eq!(applied, files, "each migration is applied by one of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_start_together_migrate_once_on_sqlite() {
    migrate_together(&Bench::empty_sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_start_together_migrate_once_on_postgres() {
    migrate_together(&Bench::empty_postgres().await).await;
}

#[tokio::test]
async fn a_new_file_is_readable_for_its_owner_only_even_in_an_open_folder() {
    let root = tempfile::tempdir().unwrap();
    std::fs::set_permissions(root.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let path = root.path().join("atalaya.db");
    let url = format!("sqlite://{}", path.display());
    let store = Store::open(&url, OpenOptions::default()).await.unwrap();
    store.migrate().await.unwrap();
    for name in ["atalaya.db", "atalaya.db-wal", "atalaya.db-shm"] {
        let mode = std::fs::metadata(root.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_missing_folder_is_made_for_its_owner_only() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("a/b");
    let url = format!("sqlite://{}/atalaya.db", folder.display());
    Store::open(&url, OpenOptions::default())
        .await
        .unwrap()
        .migrate()
        .await
        .unwrap();
    let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

async fn opened(url: &str) -> Result<Store, StoreError> {
    let patience = Duration::from_secs(2);
    Store::open(
        url,
        OpenOptions {
            patience,
            ..OpenOptions::default()
        },
    )
    .await
}

#[tokio::test]
async fn an_unusable_url_is_refused_without_its_password() {
    for url in [
        "mysql://user:hunter2@host/db",
        "nonsense",
        "sqlite::memory:",
        "sqlite://",
        "postgres://user:hunter2@host:notaport/db",
    ] {
        let error = opened(url).await.err().unwrap();
        assert!(matches!(error, StoreError::BadUrl(_)), "{url}: {error:?}");
        assert!(
            !format!("{error} {error:?}").contains("hunter2"),
            "{url}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_postgres_that_is_down_is_named_without_its_password() {
    let port = ports::free();
    let error = opened(&format!("postgres://ana:hunter2@127.0.0.1:{port}/atalaya"))
        .await
        .err()
        .unwrap();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert!(
        error.to_string().contains(&format!("127.0.0.1:{port}")),
        "{error}"
    );
    assert!(
        !format!("{error} {error:?}").contains("hunter2"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_named() {
    let bench = Bench::empty_postgres().await;
    let error = opened(&format!("{}_missing", bench.url))
        .await
        .err()
        .unwrap();
    assert!(error.to_string().contains("does not exist"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_called_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("atalaya.db");
    std::fs::write(&file, "this is a letter, not a database".repeat(200)).unwrap();
    let error = opened(&format!("sqlite://{}", file.display()))
        .await
        .err()
        .unwrap();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}");
}

#[tokio::test]
async fn a_read_only_sqlite_opens_no_session_and_is_not_ready() {
    let bench = Bench::sqlite().await;
    bench.crowd().await;
    bench.store.close().await;
    let store = Store::open(&format!("{}?mode=ro", bench.url), OpenOptions::default())
        .await
        .unwrap();
    let opened = store.open_session(session(1, "s1")).await;
    assert!(
        matches!(opened, Err(OpenError::Store(StoreError::ReadOnly(_)))),
        "{opened:?}"
    );
    let ready = store.ping().await;
    assert!(matches!(ready, Err(StoreError::ReadOnly(_))), "{ready:?}");
    assert_eq!(
        store.count_active(None).await.unwrap(),
        0,
        "reading goes on"
    );
}

#[tokio::test]
async fn a_read_only_postgres_opens_no_session_and_is_not_ready() {
    let bench = Bench::postgres().await;
    bench.crowd().await;
    let name = bench.url.rsplit_once('/').unwrap().1.to_owned();
    execute(
        &bench.url,
        &format!("ALTER DATABASE {name} SET default_transaction_read_only = on"),
    )
    .await;
    let store = bench.second_store().await;
    let opened = store.open_session(session(1, "s1")).await;
    assert!(
        matches!(opened, Err(OpenError::Store(StoreError::ReadOnly(_)))),
        "{opened:?}"
    );
    let ready = store.ping().await;
    assert!(matches!(ready, Err(StoreError::ReadOnly(_))), "{ready:?}");
}

#[tokio::test]
async fn a_full_sqlite_opens_no_session_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/atalaya.db", folder.path().display());
    let options = OpenOptions {
        max_file_bytes: Some(400_000),
        ..OpenOptions::default()
    };
    let store = Store::open(&url, options).await.unwrap();
    store.migrate().await.unwrap();
    crowd(&url).await;
    store
        .register_node(node("node-1"), T0, LEASE)
        .await
        .unwrap();
    let mut opened = 0;
    let error = loop {
        match store.open_session(session(opened, &"s".repeat(500))).await {
            Ok(_) => opened += 1,
            Err(error) => break error,
        }
    };
    assert!(
        matches!(error, OpenError::Store(StoreError::Full(_))),
        "{error:?}"
    );
    assert_eq!(
        i64::try_from(store.count_active(None).await.unwrap()),
        Ok(opened)
    );
}

#[tokio::test]
async fn a_deleted_or_replaced_sqlite_file_is_noticed() {
    let bench = Bench::sqlite().await;
    bench.crowd().await;
    let path = bench.url.strip_prefix("sqlite://").unwrap();
    let aside = format!("{path}.aside");
    std::fs::rename(path, &aside).unwrap();
    for _ in 0..2 {
        let opened = bench.store.open_session(session(1, "s1")).await;
        assert!(
            matches!(opened, Err(OpenError::Store(StoreError::Unavailable(_)))),
            "{opened:?}"
        );
        assert!(bench.store.ping().await.is_err());
        std::fs::copy(&aside, path).unwrap();
    }
    std::fs::rename(&aside, path).unwrap();
    bench.store.open_session(session(1, "s1")).await.unwrap();
}
