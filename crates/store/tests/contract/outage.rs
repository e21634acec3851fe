//! A PostgreSQL that goes away: nothing hangs, nothing is promised that is not kept, and all goes on by itself.

use std::time::{Duration, Instant};

use atalaya_store::{OpenError, OpenOptions, SessionId, Store, StoreError};
use atalaya_testbed::{
    postgres::{self, Server},
    proxy::{self, Proxy},
};

use atalaya_store::Audience;

use crate::bench::{
    LEASE, NODE, T0, crowd, eventually, execute, node, notification, session, texts,
};

const PATIENCE: Duration = Duration::from_secs(1);

/// A store behind a proxy, and one that goes straight to the database, to look at it.
struct Outage {
    proxy: Proxy,
    store: Store,
    direct: Store,
    database: postgres::Database,
}

async fn outage() -> Outage {
    let database = postgres::database().await;
    let (server, name) = database.url.rsplit_once('/').unwrap();
    let upstream = server.rsplit_once('@').unwrap().1.parse().unwrap();
    let proxy = proxy::cuttable(upstream).await;
    let direct = open(&database.url).await;
    direct.migrate().await.unwrap();
    crowd(&database.url).await;
    direct.register_node(node(NODE), T0, LEASE).await.unwrap();
    let store = open(&format!("postgres://postgres@{}/{name}", proxy.address())).await;
    Outage {
        proxy,
        store,
        direct,
        database,
    }
}

async fn open(url: &str) -> Store {
    Store::open(
        url,
        OpenOptions {
            patience: PATIENCE,
            ..OpenOptions::default()
        },
    )
    .await
    .unwrap()
}

async fn nothing_hangs(store: &Store) {
    let started = Instant::now();
    let opened = store.open_session(session(1, "s1")).await;
    assert!(
        matches!(opened, Err(OpenError::Store(StoreError::Unavailable(_)))),
        "{opened:?}"
    );
    assert!(matches!(
        store.ping().await,
        Err(StoreError::Unavailable(_))
    ));
    assert!(matches!(
        store.count_active(None).await,
        Err(StoreError::Unavailable(_))
    ));
    assert!(
        store
            .publish(notification(Audience::all(), "t"), T0)
            .await
            .is_err()
    );
    assert!(started.elapsed() < 5 * PATIENCE, "{:?}", started.elapsed());
}

async fn goes_on(store: &Store) {
    eventually("sessions open again", async || {
        store.open_session(session(2, "s2")).await.is_ok()
    })
    .await;
    eventually("reads go on", async || {
        store.count_active(None).await.is_ok()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_hangs_while_connections_are_cut_and_all_goes_on_afterwards() {
    let outage = outage().await;
    goes_on(&outage.store).await;
    outage.proxy.cut();
    nothing_hangs(&outage.store).await;
    outage.proxy.restore();
    goes_on(&outage.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_hangs_on_a_network_that_swallows_everything() {
    let outage = outage().await;
    goes_on(&outage.store).await;
    outage.proxy.pause();
    for _ in 0..6 {
        nothing_hangs(&outage.store).await;
    }
    outage.proxy.restore();
    goes_on(&outage.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_whose_commit_is_unknown_is_refused_and_its_row_closed() {
    let outage = outage().await;
    goes_on(&outage.store).await;
    outage.proxy.cut_before_answer_to(b"ghost");
    let opened = outage.store.open_session(session(9, "ghost")).await;
    assert!(
        matches!(opened, Err(OpenError::Store(StoreError::Unavailable(_)))),
        "{opened:?}"
    );
    let filter = atalaya_store::SessionFilter {
        user_id: Some(atalaya_store::UserId(9)),
        active: None,
    };
    let ghost = outage
        .direct
        .list_sessions(filter, None, 10)
        .await
        .unwrap()
        .items
        .remove(0);
    assert!(
        ghost.is_active,
        "the row was committed, which its opener could not know"
    );

    outage.proxy.restore();
    eventually("the ghost is closed", async || {
        let row = outage.direct.session(ghost.id).await.unwrap().unwrap();
        row.disconnect_reason.as_deref() == Some("admission_failed") && !row.is_active
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_whose_commit_ends_after_its_connection_did_is_closed_too() {
    let outage = outage().await;
    goes_on(&outage.store).await;
    // A slow disk, or a standby that confirms late: the commit goes on for a while without its client.
    execute(
        &outage.database.url,
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM pg_sleep(0.7); RETURN NULL; END $$; \
         CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON user_sessions DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW WHEN (NEW.socket_id = 'late') EXECUTE FUNCTION slow()",
    )
    .await;
    let cut_in_the_middle = async {
        let under_way = "SELECT query FROM pg_stat_activity WHERE datname = current_database() \
                         AND wait_event = 'PgSleep'";
        for _ in 0..200 {
            if !texts(&outage.database.url, under_way).await.is_empty() {
                break;
            }
        }
        outage.proxy.cut();
    };
    let (opened, ()) = tokio::join!(
        outage.store.open_session(session(9, "late")),
        cut_in_the_middle
    );
    assert!(
        matches!(opened, Err(OpenError::Store(StoreError::Unavailable(_)))),
        "{opened:?}"
    );
    outage.proxy.restore();
    let reasons =
        "SELECT COALESCE(disconnect_reason, 'active') FROM user_sessions WHERE user_id = 9";
    let early = texts(&outage.database.url, reasons).await;
    assert!(early.is_empty(), "the commit is not through: {early:?}");
    eventually("the row appears, and is closed", async || {
        texts(&outage.database.url, reasons).await == ["admission_failed"]
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_during_an_outage_is_closed_after_it() {
    let outage = outage().await;
    let mut ids: Vec<SessionId> = Vec::new();
    for n in 0..20 {
        ids.push(
            outage
                .store
                .open_session(session(n, &format!("s{n}")))
                .await
                .unwrap()
                .id,
        );
    }
    outage.proxy.cut();
    let ended = T0.plus_ms(1_234);
    let closes = ids.iter().map(|id| {
        outage
            .store
            .close_session(*id, "transport_close", ended, ended)
    });
    for closed in futures_util::future::join_all(closes).await {
        assert!(
            matches!(closed, Err(StoreError::Unavailable(_))),
            "{closed:?}"
        );
    }
    outage.proxy.restore();
    eventually("all are closed", async || {
        outage.direct.count_active(None).await.unwrap() == 0
    })
    .await;
    let row = outage.direct.session(ids[7]).await.unwrap().unwrap();
    assert_eq!(
        (row.disconnected_at, row.disconnect_reason.as_deref()),
        (Some(ended), Some("transport_close"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_server_that_crashes_and_returns_is_used_again() {
    let mut server = Server::start().await;
    let store = open(&server.url("postgres")).await;
    store.migrate().await.unwrap();
    crowd(&server.url("postgres")).await;
    store.register_node(node(NODE), T0, LEASE).await.unwrap();
    let kept = store.open_session(session(1, "kept")).await.unwrap();
    server.kill().await;
    nothing_hangs(&store).await;
    server.resume().await;
    goes_on(&store).await;
    assert!(store.session(kept.id).await.unwrap().is_some());
}
