//! Publishing: what a committed publish means, and the order of the stream.

use std::{collections::HashSet, net::SocketAddr, time::Duration};

use atalaya_store::{
    Audience, NewNotification, NotificationId, OpenOptions, Position, PublishError, Role, Severity,
    Store, Target, UserId,
};
use futures_util::future::join_all;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::bench::{Bench, T0, contract, counted, eventually, notification};

contract!(
    a_publish_keeps_every_field,
    a_broadcast_is_one_row_and_one_target,
    recipients_are_counted_once,
    a_change_of_ours_to_an_account_is_in_the_next_count,
    an_unknown_recipient_is_named_and_nothing_is_written,
    an_audience_of_nobody_is_refused,
    a_refused_publish_harms_no_other,
    each_of_many_concurrent_publishes_gets_its_own_id,
    positions_never_skip,
    what_a_store_wrote_itself_it_tells_as_the_table_does,
    what_another_store_wrote_in_between_is_not_passed_over,
    every_target_comes_with_its_notification,
    a_page_of_the_stream_is_bounded_in_bytes_too,
    a_page_says_whether_it_is_the_last,
);

async fn a_publish_keeps_every_field(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let new = NewNotification {
        to: Audience {
            users: vec![ana.id, ana.id],
            roles: vec!["Operator".into()],
            all: false,
            topic: None,
        },
        title: "Disk \"full\" on ñandú \0".to_owned(),
        body: Some("line\nline".to_owned()),
        severity: Severity::Critical,
        kind: Some("disk".to_owned()),
        event: Some("alert".to_owned()),
        link: Some("/disks/1".to_owned()),
        data: Some(r#"{"free": 0, "text": "\u0000"}"#.to_owned()),
        expires_at: Some(T0.plus_ms(60_000)),
        requires_ack: true,
        collapse_key: None,
        idempotency_key: None,
        publisher: Some(ana.id),
        only_by: None,
    };
    let published = bench.store.publish(new, T0).await.unwrap();
    assert_eq!((published.created_at, published.recipients), (T0, 1));
    let reader = bench.second_store().await;
    let page = reader.published_after(Position::START, 10).await.unwrap();
    let outgoing = page.items.into_iter().next().unwrap();
    assert_eq!(
        HashSet::from_iter(outgoing.targets),
        HashSet::from([Target::Role(Role::Operator), Target::User(ana.id)])
    );
    let kept = outgoing.notification;
    assert_eq!(
        (kept.id, kept.title.as_str()),
        (published.id, "Disk \"full\" on ñandú ")
    );
    assert_eq!(
        (kept.body.as_deref(), kept.severity),
        (Some("line\nline"), Severity::Critical)
    );
    assert_eq!(
        (kept.kind.as_deref(), kept.event.as_deref()),
        (Some("disk"), Some("alert"))
    );
    assert_eq!(kept.link.as_deref(), Some("/disks/1"));
    assert_eq!(
        kept.data.as_deref(),
        Some(r#"{"free": 0, "text": "\u0000"}"#)
    );
    assert_eq!(
        (kept.created_at, kept.expires_at, kept.requires_ack),
        (T0, Some(T0.plus_ms(60_000)), true)
    );
    let publisher = kept.publisher.unwrap();
    assert_eq!((publisher.id, publisher.username.as_str()), (ana.id, "ana"));
}

async fn a_broadcast_is_one_row_and_one_target(bench: Bench) {
    for n in 0..30 {
        bench.user(&format!("user-{n}"), Role::User).await;
    }
    let published = bench
        .store
        .publish(notification(Audience::all(), "hello"), T0)
        .await
        .unwrap();
    assert_eq!(published.recipients, 30);
    assert_eq!(
        bench
            .number("SELECT COUNT(*) FROM notification_targets")
            .await,
        1
    );
    assert_eq!(
        bench
            .number("SELECT COUNT(*) FROM notification_states")
            .await,
        0
    );
}

async fn recipients_are_counted_once(bench: Bench) {
    let operator = bench.user("o1", Role::Operator).await.id;
    let away = bench.user("o2", Role::Operator).await.id;
    let user = bench.user("u1", Role::User).await.id;
    bench.store.set_disabled(away, true, T0).await.unwrap();
    let role = || vec!["operator".to_owned()];
    let cases = [
        (
            Audience {
                users: vec![operator, user],
                roles: role(),
                all: false,
                topic: None,
            },
            2,
        ),
        (
            Audience {
                users: vec![user],
                roles: role(),
                all: true,
                topic: None,
            },
            2,
        ),
        (
            Audience {
                users: vec![],
                roles: role(),
                all: false,
                topic: None,
            },
            1,
        ),
        (
            Audience {
                users: vec![away],
                roles: role(),
                all: false,
                topic: None,
            },
            2,
        ),
    ];
    for (to, expected) in cases {
        let published = bench
            .store
            .publish(notification(to.clone(), "t"), T0)
            .await
            .unwrap();
        assert_eq!(published.recipients, expected, "{to:?}");
    }
}

async fn recipients(bench: &Bench, to: Audience) -> u64 {
    let publish = bench.store.publish(notification(to, "t"), T0);
    publish.await.unwrap().recipients
}

async fn a_change_of_ours_to_an_account_is_in_the_next_count(bench: Bench) {
    let ana = bench.user("ana", Role::User).await.id;
    assert_eq!(recipients(&bench, Audience::all()).await, 1);
    bench.user("luis", Role::User).await;
    assert_eq!(recipients(&bench, Audience::all()).await, 2);
    bench.store.set_role(ana, Role::Admin, T0).await.unwrap();
    assert_eq!(recipients(&bench, Audience::roles(["user"])).await, 1);
    bench.store.set_disabled(ana, true, T0).await.unwrap();
    assert_eq!(recipients(&bench, Audience::all()).await, 1);
}

/// On one thread, because the clock can be moved there only.
#[tokio::test]
async fn what_others_do_to_the_accounts_is_counted_within_a_minute() {
    counted_within_a_minute(Bench::sqlite().await).await;
    counted_within_a_minute(Bench::postgres().await).await;
}

async fn counted_within_a_minute(bench: Bench) {
    bench.user("ana", Role::User).await;
    assert_eq!(recipients(&bench, Audience::all()).await, 1);
    bench
        .execute(
            "INSERT INTO users (username, created_at) VALUES ('luis', '2026-03-01 10:20:30.500')",
        )
        .await;
    assert_eq!(
        recipients(&bench, Audience::all()).await,
        1,
        "no publish counts the users"
    );
    // Only timers see this minute; the database goes on in its own time.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    eventually("the new user is counted", async || {
        recipients(&bench, Audience::all()).await == 2
    })
    .await;
}

async fn an_unknown_recipient_is_named_and_nothing_is_written(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let to = Audience::users([ana.id, UserId(998), UserId(999)]);
    match bench.store.publish(notification(to, "t"), T0).await {
        Err(PublishError::UnknownUsers(users)) => assert_eq!(users, [UserId(998), UserId(999)]),
        other => panic!("{other:?}"),
    }
    match bench
        .store
        .publish(
            notification(Audience::roles(["operator", "pilot"]), "t"),
            T0,
        )
        .await
    {
        Err(PublishError::UnknownRoles(roles)) => assert_eq!(roles, ["pilot"]),
        other => panic!("{other:?}"),
    }
    assert_eq!(bench.number("SELECT COUNT(*) FROM notifications").await, 0);
}

async fn an_audience_of_nobody_is_refused(bench: Bench) {
    let outcome = bench
        .store
        .publish(notification(Audience::default(), "t"), T0)
        .await;
    assert!(
        matches!(outcome, Err(PublishError::EmptyAudience)),
        "{outcome:?}"
    );
    let crowd = Audience::users((0..1_001).map(UserId));
    let outcome = bench.store.publish(notification(crowd, "t"), T0).await;
    assert!(
        matches!(
            outcome,
            Err(PublishError::TooManyUsers {
                given: 1_001,
                max: 1_000
            })
        ),
        "{outcome:?}"
    );
}

async fn a_refused_publish_harms_no_other(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let publishes = (0..40).map(|n| {
        let to = if n % 4 == 0 { UserId(999) } else { ana.id };
        bench
            .store
            .publish(notification(Audience::users([to]), "t"), T0)
    });
    let outcomes = join_all(publishes).await;
    assert_eq!(
        counted(outcomes.iter().map(Result::is_ok)),
        [(true, 30), (false, 10)].into()
    );
}

async fn each_of_many_concurrent_publishes_gets_its_own_id(bench: Bench) {
    let other = bench.second_store().await;
    let publishes = (0..500).map(|n| {
        let store = if n % 2 == 0 { &bench.store } else { &other };
        async move {
            (
                n,
                store
                    .publish(notification(Audience::all(), &format!("n{n}")), T0)
                    .await
                    .unwrap()
                    .id,
            )
        }
    });
    let by_title = join_all(publishes).await;
    let stream = whole_stream(&bench.second_store().await).await;
    assert_eq!(stream.len(), 500);
    for (n, id) in by_title {
        let found = stream.iter().find(|(found, _)| *found == id).unwrap();
        assert_eq!(found.1, format!("n{n}"));
    }
}

async fn whole_stream(store: &Store) -> Vec<(NotificationId, String)> {
    let mut stream: Vec<(NotificationId, String)> = Vec::new();
    loop {
        let after = stream
            .last()
            .map_or(Position::START, |(id, _)| Position::from(*id));
        let more = store.published_after(after, 100).await.unwrap();
        stream.extend(
            more.items
                .into_iter()
                .map(|item| (item.notification.id, item.notification.title)),
        );
        if more.is_complete {
            return stream;
        }
    }
}

async fn positions_never_skip(bench: Bench) {
    // Readers follow the stream while publishers on two nodes write it: whoever has read up to a position
    // must have seen everything that is ever at or below it.
    let other = bench.second_store().await;
    let publish = join_all((0..600).map(|n| {
        let store = if n % 2 == 0 { &bench.store } else { &other };
        store.publish(notification(Audience::all(), "t"), T0)
    }));
    let follow = async {
        let mut seen: Vec<NotificationId> = Vec::new();
        for _ in 0..10_000 {
            let after = seen
                .last()
                .map_or(Position::START, |id| Position::from(*id));
            seen.extend(
                bench
                    .store
                    .published_after(after, 50)
                    .await
                    .unwrap()
                    .items
                    .iter()
                    .map(|item| item.notification.id),
            );
            if seen.len() == 600 {
                break;
            }
        }
        seen
    };
    let (published, seen) = tokio::join!(publish, follow);
    let mut ids: Vec<_> = published
        .into_iter()
        .map(|outcome| outcome.unwrap().id)
        .collect();
    ids.sort();
    assert_eq!(seen, ids);
    assert_eq!(bench.store.head().await.unwrap(), Position::from(ids[599]));
}

async fn what_a_store_wrote_itself_it_tells_as_the_table_does(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await.id;
    let audiences = [
        Audience::all(),
        Audience::users([ana]),
        Audience::roles(["user", "admin"]),
    ];
    for (n, to) in audiences.into_iter().cycle().take(9).enumerate() {
        let mut new = notification(to, &format!("n{n} \0 ñ"));
        if n % 2 == 0 {
            new.body = Some("a\0b".to_owned());
            new.data = Some(r#"{"free": 0.10}"#.to_owned());
            new.expires_at = Some(T0.plus_ms(1));
            new.requires_ack = true;
            new.severity = Severity::Warning;
        } else {
            new.publisher = Some(if n == 3 { UserId(999) } else { ana });
            new.kind = Some("disk".to_owned());
            new.event = Some("alert".to_owned());
            new.link = Some("/disks/1".to_owned());
        }
        bench.store.publish(new, T0).await.unwrap();
    }
    let other = bench.second_store().await;
    for (after, limit) in [(0, 10), (0, 9), (0, 4), (5, 10), (8, 1), (9, 10)] {
        let own = bench.store.published_after(Position(after), limit).await;
        let read = other.published_after(Position(after), limit).await;
        let (mut own, mut read) = (own.unwrap(), read.unwrap());
        assert_eq!(own.items.len() as i64, i64::from(limit).min(9 - after));
        for item in own.items.iter_mut().chain(&mut read.items) {
            item.targets.sort_by_key(Target::to_string);
        }
        assert_eq!(own.items, read.items, "after {after}, at most {limit}");
        // A page that is exactly full: the table's reader cannot know.
        assert_eq!(own.is_complete, 9 - after <= i64::from(limit));
    }
}

async fn what_another_store_wrote_in_between_is_not_passed_over(bench: Bench) {
    let other = bench.second_store().await;
    for (store, title) in [(&bench.store, "n1"), (&other, "n2"), (&bench.store, "n3")] {
        let new = notification(Audience::all(), title);
        store.publish(new, T0).await.unwrap();
    }
    // The other's own is the second. It does not know of the third yet, and finds it when it asks again.
    let cases = [
        (&bench.store, 0, vec![1, 2, 3]),
        (&bench.store, 1, vec![2, 3]),
        (&bench.store, 2, vec![3]),
        (&other, 0, vec![1, 2, 3]),
        (&other, 1, vec![2]),
        (&other, 2, vec![3]),
    ];
    for (store, after, expected) in cases {
        let page = store.published_after(Position(after), 10).await.unwrap();
        let ids: Vec<_> = page
            .items
            .iter()
            .map(|item| item.notification.id.0)
            .collect();
        assert_eq!(ids, expected);
        assert!(page.is_complete);
    }
}

async fn every_target_comes_with_its_notification(bench: Bench) {
    let (crowd, content) = crowd_and_content(&bench).await;
    bench
        .store
        .publish(notification(Audience::all(), "before"), T0)
        .await
        .unwrap();
    let mut large = notification(Audience::users(crowd.iter().copied()), "large");
    large.body = Some(content.clone());
    bench.store.publish(large, T0).await.unwrap();
    bench
        .store
        .publish(notification(Audience::roles(["user"]), "after"), T0)
        .await
        .unwrap();
    let reader = bench.second_store().await;
    let page = reader.published_after(Position::START, 10).await.unwrap();
    let titles: Vec<_> = page
        .items
        .iter()
        .map(|item| item.notification.title.as_str())
        .collect();
    assert_eq!(
        (titles, page.is_complete),
        (vec!["before", "large", "after"], true)
    );
    assert_eq!(page.items[0].targets, [Target::All]);
    let expected: HashSet<_> = crowd.into_iter().map(Target::User).collect();
    assert_eq!(page.items[1].targets.len(), expected.len());
    assert_eq!(HashSet::from_iter(page.items[1].targets.clone()), expected);
    assert_eq!(page.items[1].notification.body, Some(content));
    assert_eq!(page.items[2].targets, [Target::Role(Role::User)]);
}

/// As many users as one publish may name, and as much text as a publisher may well send.
async fn crowd_and_content(bench: &Bench) -> (Vec<UserId>, String) {
    bench
        .execute(
            "INSERT INTO users (id, username, created_at) \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) \
             SELECT i, 'user-' || CAST(i AS TEXT), '2026-03-01 10:20:30.500' FROM n",
        )
        .await;
    ((1..=1_000).map(UserId).collect(), "ñ".repeat(20_000))
}

async fn a_page_of_the_stream_is_bounded_in_bytes_too(bench: Bench) {
    let publishes = (0..100).map(|n| {
        let mut new = notification(Audience::all(), &format!("n{n}"));
        new.body = Some("x".repeat(100_000));
        bench.store.publish(new, T0)
    });
    let mut ids: Vec<_> = join_all(publishes)
        .await
        .into_iter()
        .map(|outcome| outcome.unwrap().id)
        .collect();
    ids.sort();
    let reader = bench.second_store().await;
    let mut seen = Vec::new();
    let mut after = Position::START;
    for page in 1..10 {
        let read = reader.published_after(after, 256).await.unwrap();
        assert!(read.items.len() <= 42, "{}", read.items.len());
        seen.extend(read.items.iter().map(|item| item.notification.id));
        after = Position::from(*seen.last().unwrap());
        if read.is_complete {
            assert_eq!((seen, page), (ids, 3));
            return;
        }
    }
    panic!("the stream has no end");
}

async fn a_page_says_whether_it_is_the_last(bench: Bench) {
    let start = Position::START;
    let empty = bench.store.published_after(start, 2).await.unwrap();
    assert_eq!((empty.items.len(), empty.is_complete), (0, true));
    for n in 0..3 {
        // Larger than a whole page: it still comes, alone.
        let mut new = notification(Audience::all(), &format!("n{n}"));
        new.data = (n == 1).then(|| format!("\"{}\"", "x".repeat(5_000_000)));
        bench.store.publish(new, T0).await.unwrap();
    }
    let reader = bench.second_store().await;
    let mut found = Vec::new();
    let mut after = start;
    for limit in [2, 1, 2] {
        let page = reader.published_after(after, limit).await.unwrap();
        found.push((page.items.len(), page.is_complete));
        after = page
            .items
            .last()
            .map_or(after, |item| Position::from(item.notification.id));
    }
    assert_eq!(found, [(2, false), (1, false), (0, true)]);
}

/// A relay in front of PostgreSQL that counts what the server sends, for one connection.
async fn counting_relay(upstream: SocketAddr) -> (SocketAddr, JoinHandle<u64>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = tokio::spawn(async move {
        let mut sent = 0;
        // The first is the store's look at whether the address is right.
        for _ in 0..2 {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut server = TcpStream::connect(upstream).await.unwrap();
            let copied = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            sent += copied.unwrap().1;
        }
        sent
    });
    (address, count)
}

#[tokio::test(flavor = "multi_thread")]
async fn content_crosses_the_wire_once_however_many_it_is_for() {
    let bench = Bench::postgres().await;
    let (crowd, content) = crowd_and_content(&bench).await;
    let mut large = notification(Audience::users(crowd), "large");
    large.body = Some(content);
    bench.store.publish(large, T0).await.unwrap();

    let (server, name) = bench.url.rsplit_once('/').unwrap();
    let upstream = server.rsplit_once('@').unwrap().1.parse().unwrap();
    let (relay, sent) = counting_relay(upstream).await;
    let store = Store::open(
        &format!("postgres://postgres@{relay}/{name}"),
        OpenOptions::default(),
    )
    .await
    .unwrap();
    let page = store.published_after(Position::START, 10).await.unwrap();
    assert_eq!(page.items[0].targets.len(), 1_000);
    store.close().await;
    let sent = sent.await.unwrap();
    assert!((40_000..200_000).contains(&sent), "{sent} bytes");
}
