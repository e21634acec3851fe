//! What becomes of a notification: it is recalled, it expires, it is acknowledged; and how that is told.

use atalaya_store::{
    Audience, Change, ChangePosition, NewNotification, NotificationId, Position, RecallError, Role,
    Selection, Statuses, Target, Timestamp, User, What,
};
use futures_util::future::join_all;

use crate::bench::{Bench, T0, contract, notification};

contract!(
    what_is_recalled_is_in_no_inbox,
    only_its_publisher_recalls_or_whoever_may_recall_all,
    a_recall_is_told_once_with_its_audience,
    what_is_recalled_reaches_nobody_who_comes_later,
    what_expires_is_told_once,
    who_acknowledges_is_kept_and_told,
    an_acknowledgement_is_made_once,
    what_awaits_an_acknowledgement_stands_in_front,
    only_what_is_in_the_inbox_is_acknowledged,
    changes_are_in_the_order_of_their_commits,
    old_changes_are_forgotten_but_for_the_newest,
    each_change_of_an_inbox_has_a_larger_version,
);

impl Bench {
    async fn send(&self, new: NewNotification) -> NotificationId {
        self.store.publish(new, T0).await.unwrap().id
    }

    async fn by(&self, publisher: &User, title: &str) -> NotificationId {
        self.send(NewNotification {
            publisher: Some(publisher.id),
            ..notification(Audience::all(), title)
        })
        .await
    }

    async fn changes(&self) -> Vec<Change> {
        let all = self.store.changes_after(ChangePosition(0)).await.unwrap();
        assert!(all.is_complete);
        all.items
    }

    /// Unread, read and archived.
    async fn everything(&self, user: &User) -> Vec<String> {
        let statuses = Statuses {
            unread: true,
            read: true,
            archived: true,
        };
        let list = self.store.list_inbox(user.id, statuses, None, 100, T0);
        let items = list.await.unwrap().items;
        items.into_iter().map(|it| it.notification.title).collect()
    }
}

fn asking(to: Audience, title: &str) -> NewNotification {
    NewNotification {
        requires_ack: true,
        ..notification(to, title)
    }
}

async fn what_is_recalled_is_in_no_inbox(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let ben = bench.user("ben", Role::User).await;
    let eva = bench.user("eva", Role::User).await;
    bench.by(&ana, "before").await;
    let id = bench.by(&ana, "mistake").await;
    bench.by(&ana, "after").await;
    let read = Selection::Ids(vec![id]);
    bench.store.mark_read(ben.id, read, T0).await.unwrap();
    bench.store.archive(eva.id, vec![id], T0).await.unwrap();
    bench.store.recall(id, Some(ana.id), T0).await.unwrap();
    for user in [&ana, &ben, &eva] {
        assert_eq!(bench.everything(user).await, ["after", "before"]);
        let unread = bench.store.unread(user.id, T0).await.unwrap();
        assert_eq!((unread.count, unread.position), (2, 3));
        let item = bench.store.inbox_item(user.id, id, T0).await.unwrap();
        assert!(item.is_none());
    }
    // Reading or putting away what is not there any more changes nothing.
    let read = Selection::Ids(vec![id]);
    let change = bench.store.mark_read(eva.id, read, T0).await.unwrap();
    assert!(change.read.is_empty());
    let head = bench.store.head().await.unwrap();
    assert_eq!(head, Position(3));
}

async fn only_its_publisher_recalls_or_whoever_may_recall_all(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let ben = bench.user("ben", Role::Operator).await;
    let first = bench.by(&ana, "one").await;
    let refused = bench.store.recall(first, Some(ben.id), T0).await;
    assert!(matches!(refused, Err(RecallError::NotTheirs)));
    let nothing = bench.store.recall(NotificationId(99), None, T0).await;
    assert!(matches!(nothing, Err(RecallError::NotFound)));
    assert_eq!(bench.everything(&ben).await, ["one"]);
    let at = bench.store.recall(first, None, T0).await.unwrap();
    // Again, by the publisher: it was recalled then.
    let again = bench.store.recall(first, Some(ana.id), T0.plus_ms(9));
    assert_eq!(again.await.unwrap(), at);
    assert_eq!(bench.changes().await.len(), 1);
}

async fn a_recall_is_told_once_with_its_audience(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let new = NewNotification {
        publisher: Some(ana.id),
        ..notification(
            Audience {
                users: vec![ana.id],
                roles: vec!["user".into()],
                all: true,
                topic: None,
            },
            "x",
        )
    };
    let id = bench.send(new).await;
    let recalls = (0..20).map(|_| bench.store.recall(id, Some(ana.id), T0));
    for recalled in join_all(recalls).await {
        assert_eq!(recalled.unwrap(), T0);
    }
    let changes = bench.changes().await;
    let [change] = &changes[..] else {
        panic!("{changes:?}")
    };
    assert_eq!(
        (change.notification, &change.what, change.at),
        (id, &What::Recalled, T0)
    );
    let mut targets: Vec<_> = change.targets.iter().map(Target::to_string).collect();
    targets.sort();
    assert_eq!(targets, ["all", "role:user", &format!("user:{}", ana.id)]);
}

async fn what_is_recalled_reaches_nobody_who_comes_later(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let id = bench.by(&ana, "x").await;
    bench.store.recall(id, None, T0).await.unwrap();
    let missed = bench
        .store
        .inbox_after(ana.id, Position::START, false, 10, T0);
    assert!(missed.await.unwrap().is_empty());
    // A server that has not read it yet delivers it to nobody.
    let other = bench.second_store().await;
    let stream = other.published_after(Position::START, 10).await.unwrap();
    assert_eq!(stream.items[0].targets, []);
}

async fn what_expires_is_told_once(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let brief = |ms| NewNotification {
        expires_at: Some(T0.plus_ms(ms)),
        ..notification(Audience::users([ana.id]), "brief")
    };
    let first = bench.send(brief(1_000)).await;
    let second = bench.send(brief(2_000)).await;
    bench.send(notification(Audience::all(), "lasts")).await;
    let other = bench.second_store().await;
    let end = async |ms| {
        let now = T0.plus_ms(ms);
        bench.store.end_expired(now).await.unwrap() + other.end_expired(now).await.unwrap()
    };
    assert_eq!(end(999).await, 0);
    assert_eq!(end(1_000).await, 1);
    assert_eq!(end(1_500).await, 0);
    assert_eq!(end(5_000).await, 1);
    assert_eq!(end(9_000).await, 0);
    let told: Vec<_> = bench
        .changes()
        .await
        .into_iter()
        .map(|it| (it.notification, it.what, it.targets))
        .collect();
    let targets = || vec![Target::User(ana.id)];
    assert_eq!(
        told,
        [
            (first, What::Expired, targets()),
            (second, What::Expired, targets())
        ]
    );
}

async fn who_acknowledges_is_kept_and_told(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let ben = bench.user("ben", Role::Operator).await;
    let id = bench.send(asking(Audience::all(), "pump")).await;
    let later = T0.plus_ms(1_000);
    let change = bench.store.acknowledge(ben.id, id, T0).await.unwrap();
    assert_eq!((change.acknowledged, change.read), (vec![id], vec![id]));
    assert_eq!(change.unread.count, 0);
    bench.store.acknowledge(ana.id, id, later).await.unwrap();
    for user in [&ana, &ben] {
        let item = bench.store.inbox_item(user.id, id, T0).await.unwrap();
        let item = item.unwrap();
        let by: Vec<_> = item
            .acknowledgements
            .iter()
            .map(|it| (it.user.username.as_str(), it.at))
            .collect();
        assert_eq!(by, [("ben", T0), ("ana", later)]);
        assert!(item.acknowledged_at.is_some() && item.read_at.is_some());
    }
    let told: Vec<_> = bench
        .changes()
        .await
        .into_iter()
        .map(|it| it.what)
        .collect();
    let names: Vec<_> = told
        .iter()
        .map(|what| match what {
            What::Acknowledged { by } => by.username.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names, ["ben", "ana"]);
}

async fn an_acknowledgement_is_made_once(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let id = bench.send(asking(Audience::all(), "pump")).await;
    let tabs = (0..10).map(|n| bench.store.acknowledge(ana.id, id, T0.plus_ms(n)));
    let changes = join_all(tabs).await;
    let made = changes
        .iter()
        .filter(|it| !it.as_ref().unwrap().acknowledged.is_empty());
    assert_eq!((made.count(), bench.changes().await.len()), (1, 1));
}

async fn what_awaits_an_acknowledgement_stands_in_front(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let ben = bench.user("ben", Role::User).await;
    let roles = Audience::roles(["operator"]);
    let first = bench.send(asking(roles.clone(), "first")).await;
    bench
        .send(notification(Audience::all(), "asks nothing"))
        .await;
    let second = bench.send(asking(Audience::all(), "second")).await;
    let third = bench
        .send(asking(Audience::users([ana.id]), "recalled"))
        .await;
    bench
        .send(NewNotification {
            expires_at: Some(T0.plus_ms(1_000)),
            ..asking(roles, "expires")
        })
        .await;
    let awaited = async |user: &User, at: Timestamp| -> Vec<String> {
        let items = bench.store.awaited(user.id, 10, at).await.unwrap();
        items.into_iter().map(|it| it.notification.title).collect()
    };
    let expected = ["expires", "recalled", "second", "first"];
    assert_eq!(awaited(&ana, T0).await, expected);
    bench.store.recall(third, None, T0).await.unwrap();
    // Neither reading nor archiving takes it from the front.
    bench
        .store
        .mark_read(ana.id, Selection::All, T0)
        .await
        .unwrap();
    bench.store.archive(ana.id, vec![first], T0).await.unwrap();
    let later = T0.plus_ms(1_000);
    assert_eq!(awaited(&ana, later).await, ["second", "first"]);
    assert_eq!(awaited(&ben, later).await, ["second"]);
    // Whoever of the audience does it, does it for all.
    bench
        .store
        .acknowledge(ben.id, second, later)
        .await
        .unwrap();
    assert_eq!(awaited(&ana, later).await, ["first"]);
    assert_eq!(awaited(&ben, later).await, [""; 0]);
}

async fn only_what_is_in_the_inbox_is_acknowledged(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let ben = bench.user("ben", Role::User).await;
    let anas = bench.send(asking(Audience::users([ana.id]), "ana's")).await;
    for id in [anas, NotificationId(99)] {
        let change = bench.store.acknowledge(ben.id, id, T0).await.unwrap();
        assert!(change.acknowledged.is_empty() && change.read.is_empty());
    }
    assert_eq!(bench.changes().await, []);
    assert_eq!(bench.store.awaited(ana.id, 10, T0).await.unwrap().len(), 1);
}

/// Two servers make changes while a third follows: it passes none over.
async fn changes_are_in_the_order_of_their_commits(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let mut ids = Vec::new();
    for n in 0..60 {
        ids.push(bench.by(&ana, &n.to_string()).await);
    }
    let (one, other) = (bench.store.clone(), bench.second_store().await);
    let follower = bench.second_store().await;
    let follow = async {
        let mut at = ChangePosition(0);
        let mut seen = Vec::new();
        while seen.len() < 60 {
            let changes = follower.changes_after(at).await.unwrap();
            at = changes.up_to;
            seen.extend(changes.items.into_iter().map(|it| it.notification));
        }
        seen
    };
    let recall = async {
        let recalls = ids.iter().enumerate().map(|(n, id)| {
            let store = [&one, &other][n % 2];
            store.recall(*id, None, T0)
        });
        join_all(recalls).await
    };
    let (mut seen, _) = tokio::join!(follow, recall);
    seen.sort();
    assert_eq!(seen, ids);
}

async fn old_changes_are_forgotten_but_for_the_newest(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    for n in 0..3 {
        let id = bench.by(&ana, &n.to_string()).await;
        bench.store.recall(id, None, T0).await.unwrap();
    }
    let head = bench.store.changes_head().await.unwrap();
    let hour = T0.plus_ms(60 * 60 * 1_000);
    assert_eq!(bench.store.forget_changes(hour).await.unwrap(), 0);
    assert_eq!(
        bench.store.forget_changes(hour.plus_ms(1)).await.unwrap(),
        2
    );
    assert_eq!(
        bench.store.forget_changes(hour.plus_ms(1)).await.unwrap(),
        0
    );
    assert_eq!(bench.store.changes_head().await.unwrap(), head);
}

async fn each_change_of_an_inbox_has_a_larger_version(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let mut last = bench.store.unread(ana.id, T0).await.unwrap();
    let mut grows = async |what: &str| {
        let now = bench.store.unread(ana.id, T0).await.unwrap();
        assert!(now.version > last.version, "{what}: {last:?} {now:?}");
        let opened = bench
            .store
            .open_session(crate::bench::session(ana.id.0, what));
        assert_eq!(opened.await.unwrap().inbox.version, now.version, "{what}");
        last = now;
    };
    let id = bench.by(&ana, "one").await;
    grows("publish").await;
    let read = Selection::Ids(vec![id]);
    bench.store.mark_read(ana.id, read, T0).await.unwrap();
    grows("read").await;
    bench.store.archive(ana.id, vec![id], T0).await.unwrap();
    grows("archive").await;
    bench.by(&ana, "two").await;
    bench
        .store
        .mark_read(ana.id, Selection::All, T0)
        .await
        .unwrap();
    grows("read all").await;
    bench.store.recall(id, None, T0).await.unwrap();
    grows("recall").await;
    let asked = bench.send(asking(Audience::all(), "asked")).await;
    grows("publish again").await;
    bench.store.acknowledge(ana.id, asked, T0).await.unwrap();
    grows("acknowledge").await;
    bench.store.set_role(ana.id, Role::User, T0).await.unwrap();
    grows("another role").await;
}
