//! What is to be published later: once, at its time, by whatever server is there.

use atalaya_store::{
    Audience, NewNotification, Position, PublishError, RecallError, Role, ScheduledId, Statuses,
    UserId,
};
use futures_util::future::join_all;

use crate::bench::{Bench, T0, contract, notification};

contract!(
    what_is_scheduled_is_nobodys_until_it_is_due,
    every_field_comes_through,
    of_many_servers_one_publishes_it,
    what_is_cancelled_is_not_published,
    only_its_publisher_cancels_or_whoever_may_cancel_all,
    each_sees_their_own_and_some_see_all,
    a_repeated_schedule_is_answered_as_the_first,
    one_key_is_for_one_of_both,
    who_joins_meanwhile_sees_it_and_who_is_gone_does_not_harm,
    what_is_for_nobody_any_more_is_cancelled,
    unknown_recipients_are_told_at_once,
);

const LEFT: &str = "SELECT COUNT(*) FROM scheduled_notifications";

fn by(publisher: UserId, title: &str) -> NewNotification {
    NewNotification {
        publisher: Some(publisher),
        ..notification(Audience::all(), title)
    }
}

async fn what_is_scheduled_is_nobodys_until_it_is_due(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let store = &bench.store;
    assert_eq!(store.next_scheduled().await.unwrap(), None);
    let late = T0.plus_ms(2_000);
    let soon = T0.plus_ms(1_000);
    store.schedule(by(ana.id, "late"), late, T0).await.unwrap();
    let scheduled = store.schedule(by(ana.id, "soon"), soon, T0).await.unwrap();
    assert_eq!((scheduled.created_at, scheduled.deliver_at), (T0, soon));
    assert_eq!(store.next_scheduled().await.unwrap(), Some(soon));
    assert_eq!(store.due(T0.plus_ms(999), 10).await.unwrap().len(), 0);
    assert_eq!(store.head().await.unwrap(), Position(0));
    let due = store.due(late, 10).await.unwrap();
    let titles: Vec<_> = due.iter().map(|it| &it.notification.title).collect();
    assert_eq!(titles, ["soon", "late"]);
    let published = store.publish_scheduled(&due[0], soon).await.unwrap();
    assert_eq!(published.unwrap().created_at, soon);
    assert_eq!(store.next_scheduled().await.unwrap(), Some(late));
    assert_eq!(store.unread(ana.id, soon).await.unwrap().count, 1);
}

async fn every_field_comes_through(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let new = NewNotification {
        to: Audience {
            users: vec![ana.id],
            roles: vec!["operator".into()],
            all: true,
            topic: None,
        },
        body: Some("line\nñ \"".to_owned()),
        severity: atalaya_store::Severity::Critical,
        kind: Some("disk".to_owned()),
        event: Some("alert".to_owned()),
        link: Some("/x".to_owned()),
        data: Some(r#"{"a": 1.10}"#.to_owned()),
        expires_at: Some(T0.plus_ms(60_000)),
        requires_ack: true,
        collapse_key: Some("c".to_owned()),
        ..by(ana.id, "everything")
    };
    bench.store.schedule(new.clone(), T0, T0).await.unwrap();
    let due = bench.store.due(T0, 10).await.unwrap();
    let publisher = due[0].publisher.as_ref().unwrap();
    assert_eq!((publisher.id, publisher.username.as_str()), (ana.id, "ana"));
    bench.store.publish_scheduled(&due[0], T0).await.unwrap();
    let direct = bench.store.publish(new, T0).await.unwrap();
    let stream = bench.second_store().await;
    let items = stream
        .published_after(Position::START, 10)
        .await
        .unwrap()
        .items;
    let [later, now] = &items[..] else {
        panic!("{items:?}")
    };
    assert_eq!(later.targets, now.targets);
    let mut expected = now.notification.clone();
    assert_eq!(expected.replaces, Some(later.notification.id));
    expected.id = later.notification.id;
    expected.replaces = None;
    assert_eq!(later.notification, expected);
    assert_eq!(direct.id, now.notification.id);
}

async fn of_many_servers_one_publishes_it(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    for n in 0..20 {
        let new = by(ana.id, &n.to_string());
        bench.store.schedule(new, T0, T0).await.unwrap();
    }
    let other = bench.second_store().await;
    let due = bench.store.due(T0, 100).await.unwrap();
    let tries = due.iter().flat_map(|item| {
        [&bench.store, &other, &bench.store].map(|store| store.publish_scheduled(item, T0))
    });
    let published = join_all(tries).await;
    let once = published.iter().filter(|it| it.as_ref().unwrap().is_some());
    assert_eq!(once.count(), 20);
    assert_eq!(bench.number("SELECT COUNT(*) FROM notifications").await, 20);
    assert_eq!(bench.number(LEFT).await, 0);
}

async fn what_is_cancelled_is_not_published(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let scheduled = bench.store.schedule(by(ana.id, "x"), T0, T0).await.unwrap();
    let due = bench.store.due(T0, 10).await.unwrap();
    bench
        .store
        .cancel_scheduled(scheduled.id, None)
        .await
        .unwrap();
    let published = bench.store.publish_scheduled(&due[0], T0).await.unwrap();
    assert!(published.is_none());
    let again = bench.store.cancel_scheduled(scheduled.id, None).await;
    assert!(matches!(again, Err(RecallError::NotFound)));
    assert_eq!(bench.store.head().await.unwrap(), Position(0));
}

async fn only_its_publisher_cancels_or_whoever_may_cancel_all(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let ben = bench.user("ben", Role::Operator).await;
    let first = bench.store.schedule(by(ana.id, "x"), T0, T0).await.unwrap();
    let refused = bench.store.cancel_scheduled(first.id, Some(ben.id)).await;
    assert!(matches!(refused, Err(RecallError::NotTheirs)));
    let nothing = bench.store.cancel_scheduled(ScheduledId(99), None).await;
    assert!(matches!(nothing, Err(RecallError::NotFound)));
    let own = bench.store.cancel_scheduled(first.id, Some(ana.id));
    own.await.unwrap();
}

async fn each_sees_their_own_and_some_see_all(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let ben = bench.user("ben", Role::Operator).await;
    for n in 0..5 {
        let who = [ana.id, ben.id][n % 2];
        let new = by(who, &n.to_string());
        bench.store.schedule(new, T0, T0).await.unwrap();
    }
    let titles = async |who, limit| {
        let mut titles = Vec::new();
        let mut before = None;
        loop {
            let page = bench
                .store
                .list_scheduled(who, before, limit)
                .await
                .unwrap();
            titles.extend(page.items.into_iter().map(|it| it.notification.title));
            before = page.next;
            if before.is_none() {
                break titles;
            }
        }
    };
    assert_eq!(titles(Some(ana.id), 2).await, ["4", "2", "0"]);
    assert_eq!(titles(None, 2).await, ["4", "3", "2", "1", "0"]);
}

async fn a_repeated_schedule_is_answered_as_the_first(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let keyed = || NewNotification {
        idempotency_key: Some("k".to_owned()),
        ..by(ana.id, "x")
    };
    let store = &bench.store;
    let soon = T0.plus_ms(1_000);
    let asked = (0..10).map(|_| store.schedule(keyed(), soon, T0));
    let answers: Vec<_> = join_all(asked)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert!(
        answers
            .iter()
            .all(|it| it.id == answers[0].id && it.created_at == T0)
    );
    assert_eq!(answers.iter().filter(|it| !it.is_repeat).count(), 1);
    assert_eq!(bench.number(LEFT).await, 1);
    // Also once it is published.
    let due = store.due(soon, 10).await.unwrap();
    store.publish_scheduled(&due[0], soon).await.unwrap();
    let again = store.schedule(keyed(), soon, soon).await.unwrap();
    assert_eq!((again.id, again.is_repeat), (answers[0].id, true));
    // At another time it is another notification.
    let other = store.schedule(keyed(), T0.plus_ms(2_000), T0).await;
    assert!(matches!(other, Err(PublishError::KeyReused)));
}

async fn one_key_is_for_one_of_both(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let keyed = |key: &str| NewNotification {
        idempotency_key: Some(key.to_owned()),
        ..by(ana.id, "x")
    };
    let store = &bench.store;
    store.schedule(keyed("later"), T0, T0).await.unwrap();
    store.publish(keyed("now"), T0).await.unwrap();
    let now = store.publish(keyed("later"), T0).await;
    assert!(matches!(now, Err(PublishError::KeyReused)));
    let later = store.schedule(keyed("now"), T0, T0).await;
    assert!(matches!(later, Err(PublishError::KeyReused)));
}

async fn who_joins_meanwhile_sees_it_and_who_is_gone_does_not_harm(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let ben = bench.user("ben", Role::User).await;
    let to = Audience {
        users: vec![ana.id, ben.id],
        roles: vec!["user".into()],
        all: false,
        topic: None,
    };
    let new = notification(to, "x");
    bench.store.schedule(new, T0, T0).await.unwrap();
    bench
        .execute(&format!("DELETE FROM users WHERE id = {}", ben.id))
        .await;
    let eva = bench.user("eva", Role::User).await;
    let due = bench.store.due(T0, 10).await.unwrap();
    let published = bench.store.publish_scheduled(&due[0], T0).await.unwrap();
    assert_eq!(published.unwrap().recipients, 2);
    for user in [&ana, &eva] {
        let list = bench
            .store
            .list_inbox(user.id, Statuses::default(), None, 9, T0);
        assert_eq!(list.await.unwrap().items.len(), 1);
    }
}

async fn what_is_for_nobody_any_more_is_cancelled(bench: Bench) {
    let ben = bench.user("ben", Role::User).await;
    let new = notification(Audience::users([ben.id]), "x");
    bench.store.schedule(new, T0, T0).await.unwrap();
    bench
        .execute(&format!("DELETE FROM users WHERE id = {}", ben.id))
        .await;
    let due = bench.store.due(T0, 10).await.unwrap();
    let published = bench.store.publish_scheduled(&due[0], T0).await.unwrap();
    assert!(published.is_none());
    assert_eq!(bench.number(LEFT).await, 0);
}

async fn unknown_recipients_are_told_at_once(bench: Bench) {
    let new = notification(Audience::users([UserId(99)]), "x");
    let refused = bench.store.schedule(new, T0, T0).await.unwrap_err();
    assert!(matches!(refused, PublishError::UnknownUsers(users) if users == [UserId(99)]));
    assert_eq!(bench.number(LEFT).await, 0);
}
