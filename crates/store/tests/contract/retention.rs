//! What is taken away and what is kept, and that nobody misses anything.

use std::collections::{BTreeMap, BTreeSet};

use atalaya_store::{
    Audience, Keep, NewNotification, NotificationId, Position, Role, Selection, Statuses,
    Timestamp, User,
};

use crate::bench::{Bench, T0, contract, notification, session};

contract!(
    what_everybody_named_has_read_or_archived_goes,
    what_names_somebody_who_has_not_read_it_stays,
    what_is_for_a_role_or_all_goes_by_its_age_alone,
    what_expired_or_was_recalled_or_replaced_goes,
    what_awaits_an_acknowledgement_stays,
    what_is_younger_stays_and_so_does_the_newest,
    a_user_who_is_gone_keeps_nothing,
    nothing_is_left_of_what_is_gone,
    many_rows_go_in_small_steps,
    up_to_where_is_noted_and_told_with_each_opening,
    two_servers_take_away_each_once,
    publishes_and_reads_go_on_meanwhile,
);

const DAY: i64 = 24 * 60 * 60 * 1_000;
/// A hundred days after everything was published.
const NOW: Timestamp = Timestamp(T0.0 + 100 * DAY);

fn keep(days: i64, groups: Option<i64>) -> Keep {
    Keep {
        since: NOW.plus_ms(-days * DAY),
        groups_since: groups.map(|days| NOW.plus_ms(-days * DAY)),
    }
}

impl Bench {
    async fn old(&self, to: Audience) -> NotificationId {
        self.old_with(notification(to, "old")).await
    }

    async fn old_with(&self, new: NewNotification) -> NotificationId {
        self.store.publish(new, T0).await.unwrap().id
    }

    /// One that stays, since it is the newest.
    async fn newest(&self, user: &User) -> NotificationId {
        let new = notification(Audience::users([user.id]), "newest");
        self.store.publish(new, NOW).await.unwrap().id
    }

    /// Once through the table; how many steps it took and how many are gone.
    async fn walk(&self, keep: Keep) -> (u64, u64) {
        let (mut at, mut steps, mut gone) = (Position::START, 0, 0);
        loop {
            let step = self.store.prune(at, keep).await.unwrap();
            steps += 1;
            gone += step.notifications;
            match step.next {
                Some(next) => at = next,
                None => return (steps, gone),
            }
        }
    }

    async fn left(&self) -> Vec<i64> {
        let ids = "SELECT CAST(id AS TEXT) FROM notifications ORDER BY notifications.id";
        let ids = self.texts(ids).await;
        ids.into_iter().map(|id| id.parse().unwrap()).collect()
    }
}

async fn what_everybody_named_has_read_or_archived_goes(bench: Bench) {
    let (ana, ben) = (
        bench.user("ana", Role::User).await,
        bench.user("ben", Role::User).await,
    );
    let both = || Audience::users([ana.id, ben.id]);
    let one = bench.old(both()).await;
    let two = bench.old(both()).await;
    bench.newest(&ana).await;
    bench
        .store
        .mark_read(ana.id, Selection::UpTo(two), T0)
        .await
        .unwrap();
    bench
        .store
        .mark_read(ben.id, Selection::Ids(vec![one]), T0)
        .await
        .unwrap();
    assert_eq!(bench.walk(keep(90, None)).await.1, 1);
    assert_eq!(bench.left().await, [2, 3]);
    bench.store.archive(ben.id, vec![two], T0).await.unwrap();
    assert_eq!(bench.walk(keep(90, None)).await.1, 1);
    assert_eq!(bench.left().await, [3]);
}

async fn what_names_somebody_who_has_not_read_it_stays(bench: Bench) {
    let (ana, ben) = (
        bench.user("ana", Role::User).await,
        bench.user("ben", Role::User).await,
    );
    bench.old(Audience::users([ana.id, ben.id])).await;
    bench.newest(&ana).await;
    bench
        .store
        .mark_read(ana.id, Selection::All, T0)
        .await
        .unwrap();
    assert_eq!(bench.walk(keep(0, Some(0))).await.1, 0);
}

async fn what_is_for_a_role_or_all_goes_by_its_age_alone(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    bench.old(Audience::all()).await;
    bench.old(Audience::roles(["user"])).await;
    bench.newest(&ana).await;
    assert_eq!(bench.walk(keep(90, None)).await.1, 0);
    assert_eq!(bench.walk(keep(90, Some(365))).await.1, 0);
    assert_eq!(bench.walk(keep(90, Some(99))).await.1, 2);
}

async fn what_expired_or_was_recalled_or_replaced_goes(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let to = || Audience::users([ana.id]);
    bench
        .old_with(NewNotification {
            expires_at: Some(T0.plus_ms(DAY)),
            ..notification(to(), "x")
        })
        .await;
    let late = Some(T0.plus_ms(50 * DAY));
    bench
        .old_with(NewNotification {
            expires_at: late,
            ..notification(to(), "x")
        })
        .await;
    let recalled = bench.old(to()).await;
    bench.store.recall(recalled, None, T0).await.unwrap();
    for _ in 0..2 {
        let collapsing = NewNotification {
            collapse_key: Some("c".to_owned()),
            publisher: Some(ana.id),
            ..notification(to(), "x")
        };
        bench.old_with(collapsing).await;
    }
    bench.newest(&ana).await;
    assert_eq!(bench.walk(keep(90, None)).await.1, 3);
    assert_eq!(
        bench.left().await,
        [2, 5, 6],
        "what ended later, what took the place, the newest"
    );
}

async fn what_awaits_an_acknowledgement_stays(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let asking = |expires_at| NewNotification {
        requires_ack: true,
        expires_at,
        ..notification(Audience::users([ana.id]), "x")
    };
    let first = bench.old_with(asking(None)).await;
    bench.old_with(asking(Some(T0.plus_ms(DAY)))).await;
    bench.newest(&ana).await;
    bench
        .store
        .mark_read(ana.id, Selection::All, T0)
        .await
        .unwrap();
    assert_eq!(bench.walk(keep(90, Some(0))).await.1, 1);
    assert_eq!(bench.left().await, [1, 3]);
    bench.store.acknowledge(ana.id, first, T0).await.unwrap();
    assert_eq!(bench.walk(keep(90, None)).await.1, 1);
}

async fn what_is_younger_stays_and_so_does_the_newest(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let to = || Audience::users([ana.id]);
    bench.old(to()).await;
    bench.old(to()).await;
    bench
        .store
        .mark_read(ana.id, Selection::All, T0)
        .await
        .unwrap();
    assert_eq!(bench.walk(keep(101, Some(101))).await.1, 0);
    assert_eq!(bench.walk(keep(90, None)).await.1, 1);
    // Positions go on where they were.
    assert_eq!(bench.store.head().await.unwrap(), Position(2));
    assert_eq!(bench.old(to()).await, NotificationId(3));
}

async fn a_user_who_is_gone_keeps_nothing(bench: Bench) {
    let (ana, ben) = (
        bench.user("ana", Role::User).await,
        bench.user("ben", Role::User).await,
    );
    bench.old(Audience::users([ben.id])).await;
    bench.newest(&ana).await;
    bench
        .execute(&format!("DELETE FROM users WHERE id = {}", ben.id))
        .await;
    assert_eq!(bench.walk(keep(90, None)).await.1, 1);
}

async fn nothing_is_left_of_what_is_gone(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let id = bench.old(Audience::all()).await;
    bench
        .store
        .mark_read(ana.id, Selection::Ids(vec![id]), T0)
        .await
        .unwrap();
    bench.newest(&ana).await;
    bench.walk(keep(90, Some(90))).await;
    for table in ["notification_targets", "notification_states"] {
        let left = format!("SELECT COUNT(*) FROM {table} WHERE notification_id = {id}");
        assert_eq!(bench.number(&left).await, 0, "{table}");
    }
}

async fn many_rows_go_in_small_steps(bench: Bench) {
    bench.crowd().await;
    let ana = bench.user("ana", Role::User).await;
    let users = (1..=1_000).map(atalaya_store::UserId);
    let id = bench.old(Audience::users(users)).await;
    for _ in 0..500 {
        bench.old(Audience::all()).await;
    }
    bench.newest(&ana).await;
    let read = "INSERT INTO notification_states (user_id, notification_id, read_at) \
                SELECT id, ID, created_at FROM users WHERE id BETWEEN 1 AND 1000";
    bench.execute(&read.replace("ID", &id.to_string())).await;
    let (steps, gone) = bench.walk(keep(90, Some(90))).await;
    assert_eq!(gone, 501);
    // A thousand states and a thousand targets, two hundred at a time.
    assert!(steps >= 10 + 3, "{steps}");
}

async fn up_to_where_is_noted_and_told_with_each_opening(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let opened = async |socket: &str| {
        let opened = bench.store.open_session(session(ana.id.0, socket)).await;
        opened.unwrap().inbox.pruned_up_to
    };
    assert_eq!(opened("a").await, Position(0));
    for _ in 0..3 {
        bench.old(Audience::all()).await;
    }
    bench.newest(&ana).await;
    bench.walk(keep(90, Some(90))).await;
    assert_eq!(bench.store.pruned_up_to().await.unwrap(), Position(3));
    assert_eq!(opened("b").await, Position(3));
}

async fn two_servers_take_away_each_once(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    for _ in 0..300 {
        bench.old(Audience::all()).await;
    }
    bench.newest(&ana).await;
    let other = bench.second_store().await;
    let keep = keep(90, Some(90));
    let walk = async |store: &atalaya_store::Store| {
        let (mut at, mut gone) = (Position::START, 0);
        while let Ok(step) = store.prune(at, keep).await {
            gone += step.notifications;
            match step.next {
                Some(next) => at = next,
                None => break,
            }
        }
        gone
    };
    let (one, two) = tokio::join!(walk(&bench.store), walk(&other));
    let rest = bench.walk(keep).await.1;
    assert_eq!(one + two + rest, 300);
    assert_eq!(bench.left().await.len(), 1);
}

/// What is unread, and every younger item of each inbox, is the same before and after.
async fn publishes_and_reads_go_on_meanwhile(bench: Bench) {
    let mut users = Vec::new();
    for n in 0..3 {
        users.push(bench.user(&format!("user-{n}"), Role::User).await);
    }
    for n in 0..250 {
        let to = match n % 4 {
            3 => Audience::all(),
            of => Audience::users([users[of].id]),
        };
        let id = bench.old(to).await;
        if n % 3 == 0 {
            let read = Selection::Ids(vec![id]);
            bench
                .store
                .mark_read(users[n % 3].id, read, T0)
                .await
                .unwrap();
        }
    }
    let unread = async || {
        let mut all = BTreeMap::new();
        for user in &users {
            let statuses = Statuses {
                read: false,
                ..Statuses::default()
            };
            let list = bench.store.list_inbox(user.id, statuses, None, 500, NOW);
            let ids = list
                .await
                .unwrap()
                .items
                .into_iter()
                .map(|it| it.notification.id);
            all.insert(user.id, ids.collect::<BTreeSet<_>>());
        }
        all
    };
    let before = unread().await;
    let publish = async {
        let mut ids = Vec::new();
        for n in 0..40 {
            let new = notification(Audience::users([users[n % 3].id]), "new");
            ids.push((
                users[n % 3].id,
                bench.store.publish(new, NOW).await.unwrap().id,
            ));
        }
        ids
    };
    let ((_, gone), published) = tokio::join!(bench.walk(keep(90, None)), publish);
    assert_eq!(gone, 21);
    let mut expected = before;
    for (user, id) in published {
        expected.get_mut(&user).unwrap().insert(id);
    }
    assert_eq!(unread().await, expected);
}
