//! What an open decides, and what it tells of the user whose connection it is.

use atalaya_store::{Audience, OpenError, Opened, Role, Selection, Standing, UserId};
use futures_util::future::join_all;

use crate::bench::{Bench, T0, contract, notification, session};

contract!(
    an_unknown_user_opens_nothing,
    a_disabled_user_opens_nothing,
    an_open_tells_the_role,
    an_open_tells_where_the_inbox_stands,
    what_was_addressed_to_others_is_not_theirs,
    one_batch_decides_each_open_by_itself,
    ids_of_a_storm_are_each_used_once_and_in_order,
);

async fn opened(bench: &Bench, user: UserId) -> Opened {
    let new = session(user.0, "s");
    bench.store.open_session(new).await.unwrap()
}

async fn publish(bench: &Bench, to: Audience) -> i64 {
    let new = notification(to, "hello");
    bench.store.publish(new, T0).await.unwrap().id.0
}

fn all() -> Audience {
    Audience {
        all: true,
        topic: None,
        ..Audience::default()
    }
}

fn role(name: &str) -> Audience {
    Audience {
        roles: vec![name.to_owned()],
        ..Audience::default()
    }
}

fn user(id: UserId) -> Audience {
    Audience {
        users: vec![id],
        ..Audience::default()
    }
}

fn numbers(inbox: Standing) -> [i64; 3] {
    [inbox.head.0, inbox.newest.0, inbox.read_up_to.0]
}

async fn an_unknown_user_opens_nothing(bench: Bench) {
    let outcome = bench.store.open_session(session(7, "s")).await;
    assert!(
        matches!(outcome, Err(OpenError::UnknownUser)),
        "{outcome:?}"
    );
    assert_eq!(bench.number("SELECT COUNT(*) FROM user_sessions").await, 0);
}

async fn a_disabled_user_opens_nothing(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    bench.store.set_disabled(ana.id, true, T0).await.unwrap();
    let outcome = bench.store.open_session(session(ana.id.0, "s")).await;
    assert!(
        matches!(outcome, Err(OpenError::DisabledUser)),
        "{outcome:?}"
    );
    assert_eq!(bench.number("SELECT COUNT(*) FROM user_sessions").await, 0);
    bench.store.set_disabled(ana.id, false, T0).await.unwrap();
    opened(&bench, ana.id).await;
}

async fn an_open_tells_the_role(bench: Bench) {
    for role in Role::ALL {
        let user = bench.user(role.as_str(), role).await;
        assert_eq!(opened(&bench, user.id).await.account.role, role);
    }
    let ana = bench.user("ana", Role::User).await;
    bench
        .execute("UPDATE users SET role = 'janitor' WHERE username = 'ana'")
        .await;
    assert_eq!(opened(&bench, ana.id).await.account.role, Role::User);
}

async fn an_open_tells_where_the_inbox_stands(bench: Bench) {
    publish(&bench, all()).await;
    let ana = bench.user("ana", Role::Operator).await;
    // What was published to all before she joined is not hers.
    assert_eq!(numbers(opened(&bench, ana.id).await.inbox), [1, 0, 0]);
    for to in [all(), role("operator"), user(ana.id)] {
        let id = publish(&bench, to).await;
        assert_eq!(numbers(opened(&bench, ana.id).await.inbox)[..2], [id, id]);
    }
    bench
        .store
        .mark_read(ana.id, Selection::All, T0)
        .await
        .unwrap();
    assert_eq!(numbers(opened(&bench, ana.id).await.inbox), [4, 4, 4]);
    let id = publish(&bench, all()).await;
    assert_eq!(numbers(opened(&bench, ana.id).await.inbox), [id, id, 4]);
}

async fn what_was_addressed_to_others_is_not_theirs(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let ben = bench.user("ben", Role::Operator).await;
    publish(&bench, user(ben.id)).await;
    publish(&bench, role("operator")).await;
    publish(&bench, role("admin")).await;
    assert_eq!(numbers(opened(&bench, ana.id).await.inbox), [3, 0, 0]);
    // A role that only another program knows counts as `user`.
    bench
        .execute("UPDATE users SET role = 'janitor' WHERE username = 'ana'")
        .await;
    let id = publish(&bench, role("user")).await;
    assert_eq!(numbers(opened(&bench, ana.id).await.inbox), [id, id, 0]);
}

async fn one_batch_decides_each_open_by_itself(bench: Bench) {
    bench.crowd().await;
    bench
        .execute("UPDATE users SET disabled = TRUE WHERE id BETWEEN 10 AND 19")
        .await;
    let opens = (0..60).map(|n| {
        let mut new = session(if n < 40 { n } else { 3_000 + n }, &format!("s{n}"));
        if (20..30).contains(&n) {
            new.node = "nobody".to_owned();
        }
        bench.store.open_session(new)
    });
    for (n, outcome) in join_all(opens).await.into_iter().enumerate() {
        let is_right = match n {
            10..20 => matches!(outcome, Err(OpenError::DisabledUser)),
            20..30 => matches!(outcome, Err(OpenError::NoLease)),
            40.. => matches!(outcome, Err(OpenError::UnknownUser)),
            _ => outcome.is_ok(),
        };
        assert!(is_right, "{n}: {outcome:?}");
    }
    assert_eq!(bench.store.count_active(None).await.unwrap(), 20);
}

async fn ids_of_a_storm_are_each_used_once_and_in_order(bench: Bench) {
    bench.crowd().await;
    let mut last = 0;
    for round in 0..5 {
        let opens = (0..100).map(|n| {
            bench
                .store
                .open_session(session(n, &format!("{round}-{n}")))
        });
        let mut ids: Vec<i64> = join_all(opens)
            .await
            .into_iter()
            .map(|opened| opened.unwrap().id.0)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 100);
        assert!(ids[0] > last, "{ids:?} after {last}");
        last = ids[99];
    }
    // Alone again, after the storm: no id of it is left to be used late.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let ids = bench
        .texts("SELECT CAST(MAX(id) AS TEXT) FROM user_sessions")
        .await;
    let late = bench.open(1, "late").await;
    assert!(late.0 > ids[0].parse().unwrap());
}
