//! Law L1 (a row before anyone hears of it) and law L3 (closed exactly once), as the store keeps them.

use atalaya_store::{
    Closed, OpenError, Role, SessionFilter, SessionId, StoreError, Timestamp, UserId,
};
use futures_util::future::join_all;

use crate::bench::{Bench, T0, contract, counted, eventually, session};

contract!(
    a_row_is_committed_when_the_open_returns,
    the_storys_query_runs_verbatim,
    each_of_many_concurrent_opens_gets_its_own_row,
    a_second_close_changes_nothing,
    of_many_concurrent_closes_exactly_one_closes,
    a_row_never_ends_before_it_began,
    closing_an_unknown_row_changes_nothing,
    a_user_gets_no_more_sessions_than_allowed,
    a_closed_session_makes_room_for_another,
    a_node_without_a_lease_opens_nothing,
    an_open_that_nobody_waits_for_is_closed_again,
    a_bad_row_harms_nobody_else_in_its_batch,
    what_a_stranger_sends_is_stored_within_bounds,
    last_seen_only_moves_forward_and_only_while_active,
    the_ledger_is_listed_newest_first_page_by_page,
    the_ledger_is_filtered_by_state_and_by_user,
    a_row_outlives_its_user,
    what_waits_is_committed_before_the_store_closes,
    a_close_that_the_table_refused_is_tried_again,
    a_reason_that_the_table_refuses_is_left_out_at_last,
    a_close_that_the_table_goes_on_refusing_harms_no_other,
);

async fn a_row_is_committed_when_the_open_returns(bench: Bench) {
    bench.crowd().await;
    let user = bench.user("ana", Role::User).await;
    let id = bench.open(user.id.0, "s1").await;
    let row = bench
        .second_store()
        .await
        .session(id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (row.user_id, row.username.as_deref(), row.socket_id.as_str()),
        (user.id, Some("ana"), "s1")
    );
    assert_eq!(
        (row.connected_at, row.last_seen_at, row.is_active),
        (T0, T0, true)
    );
    assert_eq!((row.disconnected_at, row.disconnect_reason), (None, None));
    assert_eq!(
        (row.ip_address.as_deref(), row.user_agent.as_deref()),
        (Some("192.0.2.7"), Some("Mozilla/5.0"))
    );
    assert_eq!(
        (
            row.transport.as_str(),
            row.node.as_str(),
            row.recovered_from
        ),
        ("websocket", "node-1", None)
    );
}

async fn the_storys_query_runs_verbatim(bench: Bench) {
    bench.crowd().await;
    let id = bench.open(27, "s1").await;
    let rows = bench
        .texts(
            "SELECT CAST(id AS TEXT) || ' ' || CAST(user_id AS TEXT) || ' ' || socket_id || ' ' || \
             CAST(connected_at AS TEXT) || ' ' || CASE WHEN is_active THEN 'active' ELSE 'closed' END FROM (\
             SELECT id, user_id, socket_id, connected_at, is_active\n\
             FROM user_sessions ORDER BY connected_at DESC) AS story",
        )
        .await;
    // PostgreSQL leaves out the zeros at the end of a fraction.
    let shown = rows[0].replace(".500", ".5");
    assert_eq!(shown, format!("{id} 27 s1 2026-03-01 10:20:30.5 active"));
    bench
        .execute("SELECT id, user_id, socket_id, connected_at, is_active\nFROM user_sessions ORDER BY connected_at DESC;")
        .await;
}

async fn each_of_many_concurrent_opens_gets_its_own_row(bench: Bench) {
    bench.crowd().await;
    let opens = (0..2_000).map(|n| bench.store.open_session(session(n, &format!("s{n}"))));
    let ids: Vec<_> = join_all(opens)
        .await
        .into_iter()
        .map(|opened| opened.unwrap().id)
        .collect();
    assert_eq!(counted(ids.clone()).len(), 2_000);
    for n in (0..2_000).step_by(97) {
        let row = bench.store.session(ids[n]).await.unwrap().unwrap();
        assert_eq!(
            (row.socket_id, row.user_id),
            (format!("s{n}"), UserId(n as i64))
        );
    }
    assert_eq!(bench.store.count_active(None).await.unwrap(), 2_000);
}

async fn a_second_close_changes_nothing(bench: Bench) {
    bench.crowd().await;
    let id = bench.open(1, "s1").await;
    let first = bench
        .store
        .close_session(id, "client_disconnect", T0.plus_ms(500), T0.plus_ms(400))
        .await
        .unwrap();
    let second = bench
        .store
        .close_session(id, "ping_timeout", T0.plus_ms(900), T0.plus_ms(900))
        .await
        .unwrap();
    assert_eq!((first, second), (Closed::Now, Closed::Already));
    let row = bench.store.session(id).await.unwrap().unwrap();
    assert!(!row.is_active);
    assert_eq!(row.disconnected_at, Some(T0.plus_ms(500)));
    assert_eq!(row.disconnect_reason.as_deref(), Some("client_disconnect"));
    assert_eq!(row.last_seen_at, T0.plus_ms(400));
}

async fn of_many_concurrent_closes_exactly_one_closes(bench: Bench) {
    bench.crowd().await;
    let other = bench.second_store().await;
    let id = bench.open(1, "s1").await;
    let closes = (0..40).map(|n| {
        let store = if n % 2 == 0 { &bench.store } else { &other };
        store.close_session(id, "transport_close", T0, T0)
    });
    let outcomes = join_all(closes).await.into_iter().map(Result::unwrap);
    assert_eq!(
        counted(outcomes.map(|closed| closed == Closed::Now))[&true],
        1
    );
}

async fn a_row_never_ends_before_it_began(bench: Bench) {
    bench.crowd().await;
    let id = bench.open(1, "s1").await;
    let before = T0.plus_ms(-60_000);
    bench
        .store
        .close_session(id, "transport_close", before, before)
        .await
        .unwrap();
    let row = bench.store.session(id).await.unwrap().unwrap();
    assert_eq!((row.disconnected_at, row.last_seen_at), (Some(T0), T0));
}

async fn closing_an_unknown_row_changes_nothing(bench: Bench) {
    bench.crowd().await;
    let closed = bench
        .store
        .close_session(SessionId(999), "transport_close", T0, T0)
        .await
        .unwrap();
    assert_eq!(closed, Closed::Already);
}

async fn a_user_gets_no_more_sessions_than_allowed(bench: Bench) {
    bench.crowd().await;
    let opens = (0..50).map(|n| {
        let mut new = session(7, &format!("s{n}"));
        new.max_active = Some(10);
        bench.store.open_session(new)
    });
    let outcomes = join_all(opens).await;
    let refused = outcomes.iter().filter(|outcome| {
        matches!(
            outcome,
            Err(OpenError::TooManySessions {
                active: 10,
                max: 10
            })
        )
    });
    assert_eq!(refused.count(), 40);
    assert_eq!(bench.store.count_active(Some(UserId(7))).await.unwrap(), 10);
}

async fn a_closed_session_makes_room_for_another(bench: Bench) {
    bench.crowd().await;
    let mut new = session(7, "s1");
    new.max_active = Some(1);
    let first = bench.store.open_session(new.clone()).await.unwrap();
    assert!(bench.store.open_session(new.clone()).await.is_err());
    bench
        .store
        .close_session(first.id, "client_disconnect", T0, T0)
        .await
        .unwrap();
    bench.store.open_session(new).await.unwrap();
}

async fn a_node_without_a_lease_opens_nothing(bench: Bench) {
    bench.crowd().await;
    let mut new = session(1, "s1");
    new.node = "nobody".to_owned();
    assert!(matches!(
        bench.store.open_session(new).await,
        Err(OpenError::NoLease)
    ));
    assert_eq!(bench.number("SELECT COUNT(*) FROM user_sessions").await, 0);
}

async fn an_open_that_nobody_waits_for_is_closed_again(bench: Bench) {
    bench.crowd().await;
    for n in 0..50 {
        let open = bench.store.open_session(session(n, &format!("s{n}")));
        // Given up at a different moment each time: before, in and after the commit.
        tokio::time::timeout(
            std::time::Duration::from_micros(40 * n.unsigned_abs()),
            open,
        )
        .await
        .ok()
        .map(|open| {
            let id = open.unwrap().id;
            let store = bench.store.clone();
            tokio::spawn(async move { store.close_session(id, "client_disconnect", T0, T0).await })
        });
    }
    eventually("no row is active", async || {
        bench.store.count_active(None).await.unwrap() == 0
    })
    .await;
}

async fn a_bad_row_harms_nobody_else_in_its_batch(bench: Bench) {
    bench.crowd().await;
    bench
        .execute("CREATE UNIQUE INDEX theirs ON user_sessions (socket_id)")
        .await;
    bench.open(1, "taken").await;
    let opens = (0..64).map(|n| {
        let socket_id = if n == 40 {
            "taken".to_owned()
        } else {
            format!("s{n}")
        };
        bench.store.open_session(session(1, &socket_id))
    });
    let outcomes = join_all(opens).await;
    for (n, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Ok(_) => assert_ne!(n, 40),
            Err(error) => {
                assert!(
                    matches!(error, OpenError::Store(StoreError::Conflict(_))),
                    "{n}: {error}"
                );
                assert_eq!(n, 40);
            }
        }
    }
    assert_eq!(bench.store.count_active(None).await.unwrap(), 64);
}

async fn what_a_stranger_sends_is_stored_within_bounds(bench: Bench) {
    bench.crowd().await;
    let mut new = session(1, "s1");
    new.user_agent = Some(format!("nul\0 and \"quotes\" and ñ{}", "x".repeat(100_000)));
    let id = bench.store.open_session(new).await.unwrap().id;
    let agent = bench
        .store
        .session(id)
        .await
        .unwrap()
        .unwrap()
        .user_agent
        .unwrap();
    assert!(agent.starts_with("nul and \"quotes\" and ñx"), "{agent}");
    assert!(agent.chars().count() <= 255);
}

async fn last_seen_only_moves_forward_and_only_while_active(bench: Bench) {
    bench.crowd().await;
    let (a, b) = (bench.open(1, "a").await, bench.open(2, "b").await);
    bench
        .store
        .close_session(b, "client_disconnect", T0, T0)
        .await
        .unwrap();
    bench
        .store
        .touch_sessions(&[
            (a, T0.plus_ms(50)),
            (b, T0.plus_ms(50)),
            (SessionId(999), T0),
        ])
        .await
        .unwrap();
    bench
        .store
        .touch_sessions(&[(a, T0.plus_ms(20))])
        .await
        .unwrap();
    assert_eq!(
        bench.store.session(a).await.unwrap().unwrap().last_seen_at,
        T0.plus_ms(50)
    );
    assert_eq!(
        bench.store.session(b).await.unwrap().unwrap().last_seen_at,
        T0
    );
}

async fn the_ledger_is_listed_newest_first_page_by_page(bench: Bench) {
    bench.crowd().await;
    let mut expected = Vec::new();
    for n in 0..7 {
        expected.insert(0, bench.open(n, &format!("s{n}")).await);
    }
    let mut found = Vec::new();
    let mut cursor = None;
    for _ in 0..3 {
        let page = bench
            .store
            .list_sessions(SessionFilter::default(), cursor, 3)
            .await
            .unwrap();
        found.extend(page.items.iter().map(|row| row.id));
        cursor = page.next;
        // What arrives meanwhile is newer than the pages that follow.
        bench.open(99, "late").await;
    }
    assert_eq!((found, cursor), (expected, None));
}

async fn the_ledger_is_filtered_by_state_and_by_user(bench: Bench) {
    bench.crowd().await;
    let (a, b, c) = (
        bench.open(1, "a").await,
        bench.open(1, "b").await,
        bench.open(2, "c").await,
    );
    bench
        .store
        .close_session(a, "client_disconnect", T0, T0)
        .await
        .unwrap();
    let (one, two) = (Some(UserId(1)), Some(UserId(2)));
    let cases = [
        (None, None, vec![c, b, a]),
        (Some(true), None, vec![c, b]),
        (Some(false), None, vec![a]),
        (None, one, vec![b, a]),
        (Some(true), one, vec![b]),
        (Some(false), one, vec![a]),
        (Some(false), two, vec![]),
    ];
    for (active, user_id, expected) in cases {
        let page = bench
            .store
            .list_sessions(SessionFilter { active, user_id }, None, 50)
            .await
            .unwrap();
        let found: Vec<_> = page.items.iter().map(|row| row.id).collect();
        assert_eq!(found, expected, "{active:?} {user_id:?}");
    }
}

async fn a_row_outlives_its_user(bench: Bench) {
    bench.crowd().await;
    let user = bench.user("ana", Role::User).await;
    let id = bench.open(user.id.0, "s1").await;
    bench.execute("DELETE FROM users").await;
    assert_eq!(
        bench.store.session(id).await.unwrap().unwrap().username,
        None
    );
}

async fn what_waits_is_committed_before_the_store_closes(bench: Bench) {
    bench.crowd().await;
    let id = bench.open(1, "s1").await;
    let store = bench.second_store().await;
    let closing = store.clone();
    let close =
        tokio::spawn(async move { closing.close_session(id, "server_shutdown", T0, T0).await });
    tokio::task::yield_now().await;
    store.close().await;
    close.await.unwrap().ok();
    let late = store
        .close_session(id, "transport_close", T0, Timestamp(0))
        .await;
    assert!(matches!(late, Err(StoreError::Unavailable(_))), "{late:?}");
}

/// Makes the table refuse what matches, as an adopted table's own rules may.
async fn refuse(bench: &Bench, what: &str) {
    if bench.url.starts_with("sqlite") {
        let sql = format!(
            "CREATE TRIGGER theirs BEFORE UPDATE ON user_sessions WHEN {} \
             BEGIN SELECT RAISE(ABORT, 'theirs'); END",
            what.replace("is_active", "NEW.is_active")
                .replace("socket_id", "NEW.socket_id")
                .replace("disconnect_reason", "NEW.disconnect_reason")
        );
        bench.execute(&sql).await;
    } else {
        let sql =
            format!("ALTER TABLE user_sessions ADD CONSTRAINT theirs CHECK (({what}) IS NOT TRUE)");
        bench.execute(&sql).await;
    }
}

async fn refuse_no_more(bench: &Bench) {
    bench
        .execute(if bench.url.starts_with("sqlite") {
            "DROP TRIGGER theirs"
        } else {
            "ALTER TABLE user_sessions DROP CONSTRAINT theirs"
        })
        .await;
}

async fn a_close_that_the_table_refused_is_tried_again(bench: Bench) {
    bench.crowd().await;
    let id = bench.open(1, "s1").await;
    refuse(&bench, "is_active = FALSE").await;
    let closed = bench
        .store
        .close_session(id, "transport_close", T0, T0)
        .await;
    assert!(matches!(closed, Err(StoreError::Conflict(_))), "{closed:?}");
    refuse_no_more(&bench).await;
    eventually("it is closed", async || {
        bench.store.count_active(None).await.unwrap() == 0
    })
    .await;
    let row = bench.store.session(id).await.unwrap().unwrap();
    assert_eq!(row.disconnect_reason.as_deref(), Some("transport_close"));
}

async fn a_reason_that_the_table_refuses_is_left_out_at_last(bench: Bench) {
    bench.crowd().await;
    let id = bench.open(1, "s1").await;
    refuse(&bench, "disconnect_reason = 'transport_close'").await;
    let ended = T0.plus_ms(70);
    let closed = bench
        .store
        .close_session(id, "transport_close", ended, ended)
        .await;
    assert!(matches!(closed, Err(StoreError::Conflict(_))), "{closed:?}");
    eventually("it is closed", async || {
        bench.store.count_active(None).await.unwrap() == 0
    })
    .await;
    let row = bench.store.session(id).await.unwrap().unwrap();
    assert_eq!(
        (row.disconnect_reason, row.disconnected_at),
        (None, Some(ended))
    );
}

async fn a_close_that_the_table_goes_on_refusing_harms_no_other(bench: Bench) {
    bench.crowd().await;
    let stuck = bench.open(1, "stuck").await;
    refuse(&bench, "is_active = FALSE AND socket_id = 'stuck'").await;
    let closed = bench
        .store
        .close_session(stuck, "transport_close", T0, T0)
        .await;
    assert!(matches!(closed, Err(StoreError::Conflict(_))), "{closed:?}");
    for n in 0..50 {
        let id = bench.open(2, &format!("s{n}")).await;
        let closed = bench
            .store
            .close_session(id, "transport_close", T0, T0)
            .await;
        assert_eq!(closed.unwrap(), Closed::Now);
    }
    let active = bench
        .texts("SELECT socket_id FROM user_sessions WHERE is_active = TRUE")
        .await;
    assert_eq!(active, ["stuck"]);
}
