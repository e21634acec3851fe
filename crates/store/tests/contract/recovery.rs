//! A connection that continues another: which are continued, and what they take over.

use atalaya_store::{NewSession, OpenError, Opened, Recovers, Role, SessionId, Timestamp, UserId};

use crate::bench::{Bench, NODE, T0, contract, session};

contract!(
    a_connection_that_ended_a_moment_ago_is_continued_as_the_same_socket,
    a_chain_of_recoveries_has_no_end,
    a_user_with_many_sockets_has_each_of_them_continued,
    one_that_nobody_noticed_is_gone_is_continued_too,
    one_that_nobody_noticed_is_gone_does_not_count_beside_its_successor,
    one_that_ended_before_the_window_is_not_continued,
    one_that_left_or_was_sent_away_is_not_continued,
    another_users_connection_is_not_continued,
    only_the_last_of_a_chain_counts,
    one_that_was_closed_by_the_lease_is_continued,
    where_the_table_forbids_the_same_socket_id_twice_it_gets_another,
    a_batch_decides_each_recovery_by_itself,
);

const WINDOW_MS: i64 = 120_000;

/// Opened at `at_ms`, asking to continue what had `recovery_id`.
fn returning(user: UserId, socket_id: &str, recovery_id: &str, at_ms: i64) -> NewSession {
    NewSession {
        connected_at: T0.plus_ms(at_ms),
        recovers: Some(Recovers {
            recovery_id: recovery_id.to_owned(),
            ended_after: T0.plus_ms(at_ms - WINDOW_MS),
        }),
        ..session(user.0, socket_id)
    }
}

async fn open(bench: &Bench, new: NewSession) -> Opened {
    bench.store.open_session(new).await.unwrap()
}

async fn close(bench: &Bench, id: SessionId, reason: &'static str, at: Timestamp) {
    bench.store.close_session(id, reason, at, at).await.unwrap();
}

/// Luis, whose connection `s1` ended after a second, for this reason.
async fn ended(bench: &Bench, reason: &'static str) -> (UserId, String, SessionId) {
    let luis = bench.user("luis", Role::User).await.id;
    let first = session(luis.0, "s1");
    let recovery_id = first.recovery_id.clone();
    let id = open(bench, first).await.id;
    close(bench, id, reason, T0.plus_ms(1_000)).await;
    (luis, recovery_id, id)
}

async fn a_connection_that_ended_a_moment_ago_is_continued_as_the_same_socket(bench: Bench) {
    let (luis, recovery_id, first) = ended(&bench, "transport_close").await;
    let again = open(&bench, returning(luis, "s2", &recovery_id, 2_000)).await;
    assert_eq!(again.recovered_from, Some(first));
    assert_eq!(again.socket_id, "s1");
    let row = bench.store.session(again.id).await.unwrap().unwrap();
    assert_eq!(row.recovered_from, Some(first));
    assert_eq!(row.socket_id, "s1");
    assert!(row.is_active);
}

async fn a_chain_of_recoveries_has_no_end(bench: Bench) {
    let (luis, recovery_id, mut last) = ended(&bench, "transport_close").await;
    for round in 1..=5 {
        // Each ends a minute after it began: the first is long outside the window at the end.
        let at_ms = round * 100_000;
        let again = open(&bench, returning(luis, "other", &recovery_id, at_ms)).await;
        assert_eq!(again.recovered_from, Some(last), "round {round}");
        assert_eq!(again.socket_id, "s1");
        close(&bench, again.id, "ping_timeout", T0.plus_ms(at_ms + 60_000)).await;
        last = again.id;
    }
}

/// As after a restart of the server: those who come back first stand in front of the last one's predecessor.
async fn a_user_with_many_sockets_has_each_of_them_continued(bench: Bench) {
    let (luis, recovery_id, first) = ended(&bench, "server_shutdown").await;
    let others = (0..300).map(|n| bench.store.open_session(session(luis.0, &format!("o{n}"))));
    for opened in futures_util::future::join_all(others).await {
        opened.unwrap();
    }
    let again = open(&bench, returning(luis, "s2", &recovery_id, 2_000)).await;
    assert_eq!(again.recovered_from, Some(first));
}

async fn one_that_nobody_noticed_is_gone_is_continued_too(bench: Bench) {
    let luis = bench.user("luis", Role::User).await.id;
    let first = session(luis.0, "s1");
    let recovery_id = first.recovery_id.clone();
    let first = open(&bench, first).await;
    let again = open(&bench, returning(luis, "s2", &recovery_id, 10 * WINDOW_MS)).await;
    assert_eq!(again.recovered_from, Some(first.id));
}

/// Otherwise who has as many sockets as one may would be kept out by the one that they lost.
async fn one_that_nobody_noticed_is_gone_does_not_count_beside_its_successor(bench: Bench) {
    let luis = bench.user("luis", Role::User).await.id;
    let first = session(luis.0, "s1");
    let recovery_id = first.recovery_id.clone();
    let first = open(&bench, first).await.id;
    let bounded = |new: NewSession| NewSession {
        max_active: Some(1),
        ..new
    };
    let back = bounded(returning(luis, "s2", &recovery_id, 1_000));
    assert_eq!(open(&bench, back).await.recovered_from, Some(first));
    // Another one is one too many.
    let another = bench.store.open_session(bounded(session(luis.0, "s3")));
    let refused = another.await.unwrap_err();
    assert!(
        matches!(refused, OpenError::TooManySessions { .. }),
        "{refused}"
    );
}

async fn one_that_ended_before_the_window_is_not_continued(bench: Bench) {
    let (luis, recovery_id, _) = ended(&bench, "transport_close").await;
    let late = open(
        &bench,
        returning(luis, "s2", &recovery_id, 1_001 + WINDOW_MS),
    )
    .await;
    assert_eq!(late.recovered_from, None);
    assert_eq!(late.socket_id, "s2");
    let in_time = open(
        &bench,
        returning(luis, "s3", &recovery_id, 1_000 + WINDOW_MS),
    )
    .await;
    assert_eq!(in_time.socket_id, "s1");
}

async fn one_that_left_or_was_sent_away_is_not_continued(bench: Bench) {
    let luis = bench.user("luis", Role::User).await.id;
    for (at, reason) in ["client_disconnect", "revoked"].into_iter().enumerate() {
        let first = session(luis.0, &format!("s{at}"));
        let recovery_id = first.recovery_id.clone();
        let id = open(&bench, first).await.id;
        close(&bench, id, reason, T0).await;
        let again = open(&bench, returning(luis, "other", &recovery_id, 1)).await;
        assert_eq!(again.recovered_from, None, "{reason}");
        assert_eq!(again.socket_id, "other");
    }
}

async fn another_users_connection_is_not_continued(bench: Bench) {
    let (_, recovery_id, _) = ended(&bench, "transport_close").await;
    let ana = bench.user("ana", Role::User).await.id;
    let hers = open(&bench, returning(ana, "s2", &recovery_id, 2_000)).await;
    assert_eq!(hers.recovered_from, None);
    assert_eq!(hers.socket_id, "s2");
}

async fn only_the_last_of_a_chain_counts(bench: Bench) {
    let (luis, recovery_id, _) = ended(&bench, "transport_close").await;
    let second = open(&bench, returning(luis, "s2", &recovery_id, 2_000)).await;
    close(&bench, second.id, "revoked", T0.plus_ms(3_000)).await;
    let third = open(&bench, returning(luis, "s3", &recovery_id, 4_000)).await;
    assert_eq!(third.recovered_from, None);
}

async fn one_that_was_closed_by_the_lease_is_continued(bench: Bench) {
    let luis = bench.user("luis", Role::User).await.id;
    let first = session(luis.0, "s1");
    let recovery_id = first.recovery_id.clone();
    let first = open(&bench, first).await;
    bench.store.stop_node(NODE, T0.plus_ms(500)).await.unwrap();
    bench.register("another").await;
    let again = NewSession {
        node: "another".to_owned(),
        ..returning(luis, "s2", &recovery_id, 1_000)
    };
    assert_eq!(open(&bench, again).await.recovered_from, Some(first.id));
}

async fn where_the_table_forbids_the_same_socket_id_twice_it_gets_another(bench: Bench) {
    bench
        .execute("CREATE UNIQUE INDEX theirs ON user_sessions (socket_id)")
        .await;
    bench.store.migrate().await.unwrap();
    let (luis, recovery_id, first) = ended(&bench, "transport_close").await;
    let second = open(&bench, returning(luis, "s2", &recovery_id, 2_000)).await;
    assert_eq!(second.recovered_from, Some(first));
    assert_eq!(second.socket_id, "s2");
    close(&bench, second.id, "transport_close", T0.plus_ms(3_000)).await;
    let third = open(&bench, returning(luis, "s3", &recovery_id, 4_000)).await;
    assert_eq!(third.recovered_from, Some(second.id));
    assert_eq!(third.socket_id, "s3");
}

async fn a_batch_decides_each_recovery_by_itself(bench: Bench) {
    let (luis, recovery_id, first) = ended(&bench, "transport_close").await;
    let asked = [
        returning(luis, "a", &recovery_id, 2_000),
        session(luis.0, "b"),
        returning(luis, "c", "nobody's", 2_000),
    ];
    let opened =
        futures_util::future::join_all(asked.into_iter().map(|new| bench.store.open_session(new)))
            .await;
    let opened: Vec<Opened> = opened.into_iter().map(Result::unwrap).collect();
    let taken: Vec<_> = opened
        .iter()
        .map(|it| (it.socket_id.as_str(), it.recovered_from))
        .collect();
    assert_eq!(taken, [("s1", Some(first)), ("b", None), ("c", None)]);
}
