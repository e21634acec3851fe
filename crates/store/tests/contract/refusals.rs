//! Who could not connect, and why.

use atalaya_store::{NewRefusal, Role, UserId};

use crate::bench::{Bench, NODE, T0, contract, eventually};

contract!(
    a_refusal_is_recorded_with_what_is_known,
    a_flood_of_refusals_is_dropped_and_counted,
    the_newest_refusals_are_kept,
);

fn refusal(code: &'static str) -> NewRefusal {
    NewRefusal {
        at: T0,
        code,
        detail: Some("the token is expired".to_owned()),
        ip_address: Some("192.0.2.7".to_owned()),
        user_agent: None,
        origin: Some("https://app.example.com".to_owned()),
        namespace: Some("/notifications".to_owned()),
        user_id: None,
        node: NODE.to_owned(),
        transport: "polling",
    }
}

async fn a_refusal_is_recorded_with_what_is_known(bench: Bench) {
    let user = bench.user("ana", Role::User).await;
    bench.store.record_refusal(NewRefusal {
        user_id: Some(user.id),
        ..refusal("token_expired")
    });
    eventually("the refusal is listed", async || {
        !bench
            .store
            .list_refusals(None, 10)
            .await
            .unwrap()
            .items
            .is_empty()
    })
    .await;
    let row = bench
        .store
        .list_refusals(None, 10)
        .await
        .unwrap()
        .items
        .remove(0);
    assert_eq!(
        (row.refused_at, row.code.as_str(), row.transport.as_str()),
        (T0, "token_expired", "polling")
    );
    assert_eq!(
        (row.user_id, row.username.as_deref()),
        (Some(UserId(user.id.0)), Some("ana"))
    );
    assert_eq!(row.origin.as_deref(), Some("https://app.example.com"));
    assert_eq!(
        (row.namespace.as_deref(), row.user_agent),
        (Some("/notifications"), None)
    );
}

async fn a_flood_of_refusals_is_dropped_and_counted(bench: Bench) {
    bench.crowd().await;
    for _ in 0..20_000 {
        bench.store.record_refusal(refusal("token_missing"));
    }
    // An accepted client does not wait behind them.
    bench.open(1, "s1").await;
    assert!(bench.store.refusals_dropped() > 0);
    eventually("each is either recorded or counted", async || {
        let recorded = bench
            .number("SELECT COUNT(*) FROM refused_connections")
            .await;
        recorded.unsigned_abs() + bench.store.refusals_dropped() == 20_000
    })
    .await;
}

async fn the_newest_refusals_are_kept(bench: Bench) {
    for _ in 0..12 {
        bench.store.record_refusal(refusal("token_missing"));
    }
    eventually("all are recorded", async || {
        bench
            .number("SELECT COUNT(*) FROM refused_connections")
            .await
            == 12
    })
    .await;
    let newest: Vec<_> = bench
        .store
        .list_refusals(None, 5)
        .await
        .unwrap()
        .items
        .iter()
        .map(|row| row.id)
        .collect();
    assert_eq!(bench.store.prune_refusals(5).await.unwrap(), 7);
    let kept = bench.store.list_refusals(None, 50).await.unwrap();
    assert_eq!(
        kept.items.iter().map(|row| row.id).collect::<Vec<_>>(),
        newest
    );
    assert_eq!(bench.store.prune_refusals(5).await.unwrap(), 0);
}
