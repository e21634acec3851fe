//! A notification with a collapse key takes the place of its predecessor, where nobody had touched that.

use atalaya_store::{
    Audience, NewNotification, NotificationId, Position, Published, Role, Selection, Statuses,
    Timestamp, User, UserId,
};
use futures_util::future::join_all;

use crate::bench::{Bench, T0, contract, notification};

contract!(
    an_unread_predecessor_is_replaced,
    who_had_read_or_archived_it_keeps_it,
    what_was_replaced_stays_so_when_all_is_read,
    only_the_same_publisher_key_and_audience_replace,
    of_many_at_once_the_last_stands,
    a_returning_client_gets_the_last_alone,
    the_stream_says_what_is_replaced,
    a_repeated_publish_replaces_nothing,
);

impl Bench {
    async fn collapsing(&self, publisher: UserId, to: Audience, title: &str) -> Published {
        self.collapsing_at(publisher, to, title, T0).await
    }

    async fn collapsing_at(
        &self,
        publisher: UserId,
        to: Audience,
        title: &str,
        at: Timestamp,
    ) -> Published {
        let new = NewNotification {
            publisher: Some(publisher),
            collapse_key: Some("pump-3".to_owned()),
            ..notification(to, title)
        };
        self.store.publish(new, at).await.unwrap()
    }

    /// What is unread, read and archived, newest first.
    async fn shown(&self, user: &User) -> [Vec<String>; 3] {
        let none = Statuses {
            unread: false,
            read: false,
            archived: false,
        };
        let unread = Statuses {
            unread: true,
            ..none
        };
        let read = Statuses { read: true, ..none };
        let archived = Statuses {
            archived: true,
            ..none
        };
        let mut shown = [const { Vec::new() }; 3];
        for (n, statuses) in [unread, read, archived].into_iter().enumerate() {
            let list = self.store.list_inbox(user.id, statuses, None, 100, LATER);
            let items = list.await.unwrap().items;
            shown[n] = items.into_iter().map(|it| it.notification.title).collect();
        }
        let count = self.store.unread(user.id, LATER).await.unwrap().count;
        assert_eq!(count, shown[0].len() as u64, "{shown:?}");
        shown
    }

    async fn read(&self, user: &User, selection: Selection, at: Timestamp) {
        self.store.mark_read(user.id, selection, at).await.unwrap();
    }
}

const LATER: Timestamp = Timestamp(T0.0 + 60_000);

fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

async fn an_unread_predecessor_is_replaced(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    for audience in [Audience::users([ana.id]), Audience::all()] {
        bench.collapsing(ana.id, audience.clone(), "one").await;
        bench.collapsing(ana.id, audience.clone(), "two").await;
        bench.collapsing(ana.id, audience, "three").await;
    }
    let [unread, ..] = bench.shown(&ana).await;
    assert_eq!(unread, ["three", "three"]);
}

async fn who_had_read_or_archived_it_keeps_it(bench: Bench) {
    let [ana, ben, eva, leo] = [
        bench.user("ana", Role::Operator).await,
        bench.user("ben", Role::User).await,
        bench.user("eva", Role::User).await,
        bench.user("leo", Role::User).await,
    ];
    let id = bench.collapsing(ana.id, Audience::all(), "one").await.id;
    bench.read(&ana, Selection::Ids(vec![id]), T0).await;
    bench.read(&ben, Selection::All, T0).await;
    bench.store.archive(eva.id, vec![id], T0).await.unwrap();
    let second = bench.collapsing_at(ana.id, Audience::all(), "two", T0.plus_ms(1_000));
    second.await;
    let kept = [texts(["two"]), texts(["one"]), vec![]];
    assert_eq!(bench.shown(&ana).await, kept);
    assert_eq!(bench.shown(&ben).await, kept);
    assert_eq!(
        bench.shown(&eva).await,
        [texts(["two"]), vec![], texts(["one"])]
    );
    assert_eq!(bench.shown(&leo).await, [texts(["two"]), vec![], vec![]]);
}

async fn what_was_replaced_stays_so_when_all_is_read(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    bench.collapsing(ana.id, Audience::all(), "one").await;
    bench.collapsing(ana.id, Audience::all(), "two").await;
    bench.read(&ana, Selection::All, T0.plus_ms(1_000)).await;
    assert_eq!(bench.shown(&ana).await, [vec![], texts(["two"]), vec![]]);
}

async fn only_the_same_publisher_key_and_audience_replace(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let ben = bench.user("ben", Role::Operator).await;
    let to = || Audience::users([ana.id]);
    bench.collapsing(ana.id, to(), "ana's").await;
    bench.collapsing(ben.id, to(), "ben's").await;
    bench.collapsing(ana.id, Audience::all(), "to all").await;
    let other_key = NewNotification {
        publisher: Some(ana.id),
        collapse_key: Some("pump-4".to_owned()),
        ..notification(to(), "pump 4")
    };
    bench.store.publish(other_key, T0).await.unwrap();
    let plain = notification(to(), "plain");
    bench.store.publish(plain, T0).await.unwrap();
    let [unread, ..] = bench.shown(&ana).await;
    assert_eq!(unread, ["plain", "pump 4", "to all", "ben's", "ana's"]);
    // Whoever the audience names twice, and in another order, is the same audience.
    let both = |users: [UserId; 3]| Audience::users(users);
    bench
        .collapsing(ana.id, both([ana.id, ben.id, ben.id]), "both")
        .await;
    bench
        .collapsing(ana.id, both([ben.id, ana.id, ana.id]), "both again")
        .await;
    let [unread, ..] = bench.shown(&ben).await;
    assert_eq!(unread, ["both again", "to all"]);
}

async fn of_many_at_once_the_last_stands(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let other = bench.second_store().await;
    let publishes = (0..100).map(|n| {
        let store = [&bench.store, &other][n % 2];
        let new = NewNotification {
            publisher: Some(ana.id),
            collapse_key: Some("pump-3".to_owned()),
            ..notification(Audience::all(), &n.to_string())
        };
        async move { (store.publish(new, T0).await.unwrap().id, n.to_string()) }
    });
    let published = join_all(publishes).await;
    let last = published.into_iter().max().unwrap().1;
    let [unread, ..] = bench.shown(&ana).await;
    assert_eq!(unread, [last]);
}

async fn a_returning_client_gets_the_last_alone(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    for title in ["one", "two", "three"] {
        bench.collapsing(ana.id, Audience::all(), title).await;
    }
    for unread_only in [true, false] {
        let missed = bench
            .store
            .inbox_after(ana.id, Position::START, unread_only, 100, T0);
        let missed = missed.await.unwrap();
        let titles: Vec<_> = missed.iter().map(|it| &it.notification.title).collect();
        assert_eq!(titles, ["three"]);
    }
}

async fn the_stream_says_what_is_replaced(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let mut ids = Vec::new();
    for title in ["one", "two", "three"] {
        ids.push(bench.collapsing(ana.id, Audience::all(), title).await.id);
    }
    let expected = [None, Some(ids[0]), Some(ids[1])];
    for store in [&bench.store, &bench.second_store().await] {
        let page = store.published_after(Position::START, 10).await.unwrap();
        let replaces: Vec<Option<NotificationId>> = page
            .items
            .iter()
            .map(|it| it.notification.replaces)
            .collect();
        assert_eq!(replaces, expected);
    }
}

async fn a_repeated_publish_replaces_nothing(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let new = |title, key: &str| NewNotification {
        publisher: Some(ana.id),
        collapse_key: Some("c".to_owned()),
        idempotency_key: Some(key.to_owned()),
        ..notification(Audience::all(), title)
    };
    bench.store.publish(new("one", "1"), T0).await.unwrap();
    bench.store.publish(new("two", "2"), T0).await.unwrap();
    let again = bench.store.publish(new("one", "1"), T0).await.unwrap();
    assert!(again.is_repeat);
    let [unread, ..] = bench.shown(&ana).await;
    assert_eq!(unread, ["two"]);
}
