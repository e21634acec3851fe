//! Publishing: what a committed publish means, and the order of the stream.

use atalaya_store::{
    Audience, NewNotification, NotificationId, Position, PublishError, Role, Severity, Target,
    UserId,
};
use futures_util::future::join_all;

use crate::bench::{Bench, T0, contract, counted, notification};

contract!(
    a_publish_keeps_every_field,
    a_broadcast_is_one_row_and_one_target,
    recipients_are_counted_once,
    an_unknown_recipient_is_named_and_nothing_is_written,
    an_audience_of_nobody_is_refused,
    a_refused_publish_harms_no_other,
    each_of_many_concurrent_publishes_gets_its_own_id,
    positions_never_skip,
);

async fn a_publish_keeps_every_field(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let new = NewNotification {
        to: Audience {
            users: vec![ana.id, ana.id],
            roles: vec!["Operator".into()],
            all: false,
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
        publisher: Some(ana.id),
    };
    let published = bench.store.publish(new, T0).await.unwrap();
    assert_eq!((published.created_at, published.recipients), (T0, 1));
    let outgoing = bench
        .store
        .published_after(Position::START, 10)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(
        outgoing.targets,
        [Target::Role(Role::Operator), Target::User(ana.id)]
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
    bench.store.set_disabled(away, true).await.unwrap();
    let role = || vec!["operator".to_owned()];
    let cases = [
        (
            Audience {
                users: vec![operator, user],
                roles: role(),
                all: false,
            },
            2,
        ),
        (
            Audience {
                users: vec![user],
                roles: role(),
                all: true,
            },
            2,
        ),
        (
            Audience {
                users: vec![],
                roles: role(),
                all: false,
            },
            1,
        ),
        (
            Audience {
                users: vec![away],
                roles: role(),
                all: false,
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
    let stream = whole_stream(&bench).await;
    assert_eq!(stream.len(), 500);
    for (n, id) in by_title {
        let found = stream.iter().find(|(found, _)| *found == id).unwrap();
        assert_eq!(found.1, format!("n{n}"));
    }
}

async fn whole_stream(bench: &Bench) -> Vec<(NotificationId, String)> {
    let mut stream: Vec<(NotificationId, String)> = Vec::new();
    loop {
        let after = stream
            .last()
            .map_or(Position::START, |(id, _)| Position::from(*id));
        let more = bench.store.published_after(after, 100).await.unwrap();
        if more.is_empty() {
            return stream;
        }
        stream.extend(
            more.into_iter()
                .map(|item| (item.notification.id, item.notification.title)),
        );
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
