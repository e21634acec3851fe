//! Law L2: no row stays active without a live node behind it.

use atalaya_store::{Lease, OpenError, Reaped, StoreError};
use futures_util::future::join_all;

use crate::bench::{Bench, LEASE, NODE, OBSERVER, T0, contract, node, session};

contract!(
    rows_of_a_node_whose_lease_ran_out_are_closed_as_lost,
    a_renewed_lease_keeps_its_rows,
    a_node_is_reaped_by_exactly_one_of_many,
    a_reaped_node_neither_renews_nor_opens,
    a_node_id_is_used_once,
    a_stopped_node_leaves_nothing_active,
    a_server_closes_what_its_predecessors_at_the_same_address_left,
    rows_that_no_node_holds_are_closed_after_a_grace,
    no_open_slips_in_behind_the_reaper,
    a_server_never_reaps_itself,
    what_no_node_holds_is_found_among_the_rows_of_live_nodes,
);

async fn rows_of_a_node_whose_lease_ran_out_are_closed_as_lost(bench: Bench) {
    bench.crowd().await;
    let id = bench.open(1, "s1").await;
    let late = T0.plus_ms(30_001);
    let reaped = bench.store.reap_expired(late, OBSERVER).await.unwrap();
    assert_eq!(
        reaped,
        [Reaped {
            node: Some(NODE.to_owned()),
            sessions: 1
        }]
    );
    let row = bench.store.session(id).await.unwrap().unwrap();
    assert_eq!((row.is_active, row.disconnected_at), (false, Some(late)));
    assert_eq!(row.disconnect_reason.as_deref(), Some("node_lost"));
}

async fn a_renewed_lease_keeps_its_rows(bench: Bench) {
    bench.crowd().await;
    bench.open(1, "s1").await;
    let renewed = bench
        .store
        .renew_lease(NODE, T0.plus_ms(20_000), LEASE)
        .await
        .unwrap();
    assert_eq!(renewed, Lease::Renewed);
    assert_eq!(
        bench
            .store
            .reap_expired(T0.plus_ms(49_000), OBSERVER)
            .await
            .unwrap(),
        []
    );
    assert_eq!(bench.store.count_active(None).await.unwrap(), 1);
}

async fn a_node_is_reaped_by_exactly_one_of_many(bench: Bench) {
    bench.crowd().await;
    for n in 0..20 {
        bench.open(n, &format!("s{n}")).await;
    }
    let other = bench.second_store().await;
    let reapers = (0..12).map(|n| {
        if n % 2 == 0 { &bench.store } else { &other }.reap_expired(T0.plus_ms(31_000), OBSERVER)
    });
    let reaped: Vec<_> = join_all(reapers)
        .await
        .into_iter()
        .flat_map(Result::unwrap)
        .collect();
    assert_eq!(
        reaped,
        [Reaped {
            node: Some(NODE.to_owned()),
            sessions: 20
        }]
    );
}

async fn a_reaped_node_neither_renews_nor_opens(bench: Bench) {
    bench.crowd().await;
    bench
        .store
        .reap_expired(T0.plus_ms(31_000), OBSERVER)
        .await
        .unwrap();
    assert_eq!(
        bench
            .store
            .renew_lease(NODE, T0.plus_ms(31_000), LEASE)
            .await
            .unwrap(),
        Lease::Lost
    );
    assert!(matches!(
        bench.store.open_session(session(1, "s1")).await,
        Err(OpenError::NoLease)
    ));
}

async fn a_node_id_is_used_once(bench: Bench) {
    let again = bench.store.register_node(node(NODE), T0, LEASE).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
}

async fn a_stopped_node_leaves_nothing_active(bench: Bench) {
    bench.crowd().await;
    bench.open(1, "s1").await;
    bench.open(2, "s2").await;
    assert_eq!(bench.store.stop_node(NODE, T0.plus_ms(5)).await.unwrap(), 2);
    assert_eq!(bench.store.stop_node(NODE, T0.plus_ms(6)).await.unwrap(), 0);
    let reasons = bench
        .texts("SELECT disconnect_reason FROM user_sessions")
        .await;
    assert_eq!(reasons, ["server_shutdown", "server_shutdown"]);
}

async fn a_server_closes_what_its_predecessors_at_the_same_address_left(bench: Bench) {
    bench.crowd().await;
    let left = bench.open(1, "s1").await;
    let mut elsewhere = node("node-2");
    elsewhere.listen = "127.0.0.1:3002".to_owned();
    bench
        .store
        .register_node(elsewhere, T0, LEASE)
        .await
        .unwrap();
    let mut new = session(2, "s2");
    new.node = "node-2".to_owned();
    let kept = bench.store.open_session(new).await.unwrap().id;
    bench.register("node-3").await;

    let reaped = bench
        .store
        .reap_predecessors("host", "127.0.0.1:3001", "node-3", T0)
        .await
        .unwrap();
    assert_eq!(
        reaped,
        [Reaped {
            node: Some(NODE.to_owned()),
            sessions: 1
        }]
    );
    assert!(!bench.store.session(left).await.unwrap().unwrap().is_active);
    assert!(bench.store.session(kept).await.unwrap().unwrap().is_active);
    assert_eq!(
        bench.store.renew_lease("node-3", T0, LEASE).await.unwrap(),
        Lease::Renewed
    );
}

async fn rows_that_no_node_holds_are_closed_after_a_grace(bench: Bench) {
    bench.crowd().await;
    bench
        .execute(
            "INSERT INTO user_sessions (user_id, socket_id, connected_at, is_active) \
             VALUES (1, 'theirs', '2026-03-01 10:20:30.500', TRUE)",
        )
        .await;
    bench
        .store
        .renew_lease(NODE, T0.plus_ms(60_000), LEASE)
        .await
        .unwrap();
    bench.open(2, "ours").await;
    assert_eq!(
        bench
            .store
            .reap_expired(T0.plus_ms(59_000), OBSERVER)
            .await
            .unwrap(),
        []
    );
    let reaped = bench
        .store
        .reap_expired(T0.plus_ms(61_000), OBSERVER)
        .await
        .unwrap();
    assert_eq!(
        reaped,
        [Reaped {
            node: None,
            sessions: 1
        }]
    );
    assert_eq!(
        bench
            .texts("SELECT socket_id FROM user_sessions WHERE is_active = TRUE")
            .await,
        ["ours"]
    );
}

async fn no_open_slips_in_behind_the_reaper(bench: Bench) {
    bench.crowd().await;
    let opens = join_all((0..300).map(|n| bench.store.open_session(session(n, &format!("s{n}")))));
    let other = bench.second_store().await;
    let (opened, reaped) = tokio::join!(opens, other.reap_expired(T0.plus_ms(31_000), OBSERVER));
    reaped.unwrap();
    assert!(
        opened
            .iter()
            .all(|open| matches!(open, Ok(_) | Err(OpenError::NoLease)))
    );
    assert_eq!(bench.store.count_active(None).await.unwrap(), 0);
}

async fn a_server_never_reaps_itself(bench: Bench) {
    bench.crowd().await;
    let id = bench.open(1, "s1").await;
    let late = T0.plus_ms(90_000);
    assert_eq!(bench.store.reap_expired(late, NODE).await.unwrap(), []);
    // Nor when somebody else took it for dead and left a row of its behind.
    bench
        .execute("UPDATE nodes SET stopped_at = '2026-03-01 10:20:30.500'")
        .await;
    assert_eq!(bench.store.reap_expired(late, NODE).await.unwrap(), []);
    assert!(bench.store.session(id).await.unwrap().unwrap().is_active);
    let by_another = bench.store.reap_expired(late, OBSERVER).await.unwrap();
    assert_eq!(
        by_another,
        [Reaped {
            node: None,
            sessions: 1
        }]
    );
}

/// Active rows that another program, or a mistake, left at `T0`.
async fn left_behind(bench: &Bench, rows: u32, node: &str) {
    let sql = format!(
        "INSERT INTO user_sessions (user_id, socket_id, connected_at, is_active, node) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) \
         SELECT i, 'left-' || CAST(i AS TEXT), '2026-03-01 10:20:30.500', TRUE, {node} FROM n"
    );
    bench.execute(&sql).await;
}

async fn what_no_node_holds_is_found_among_the_rows_of_live_nodes(bench: Bench) {
    bench.register("node-3").await;
    bench.register("node-5").await;
    let late = T0.plus_ms(61_000);
    for live in [NODE, "node-3"] {
        bench.store.renew_lease(live, late, LEASE).await.unwrap();
    }
    bench.store.stop_node("node-5", T0).await.unwrap();
    for (rows, node) in [
        (3, "NULL"),
        (2, "''"),
        (4, "'a'"),
        (10, "'node-1'"),
        (5, "'node-2'"),
        (10, "'node-3'"),
        (6, "'node-5'"),
        (7, "'z'"),
    ] {
        left_behind(&bench, rows, node).await;
    }
    let reaped = bench.store.reap_expired(late, OBSERVER).await.unwrap();
    assert_eq!(
        reaped,
        [Reaped {
            node: None,
            sessions: 3 + 2 + 4 + 5 + 6 + 7
        }]
    );
    let kept = bench
        .texts("SELECT DISTINCT node FROM user_sessions WHERE is_active = TRUE ORDER BY node")
        .await;
    assert_eq!(kept, [NODE, "node-3"]);
}
