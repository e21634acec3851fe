//! What a user sees of what was published, and what reading it changes.

use atalaya_store::{
    Audience, Cursor, InboxChange, NewNotification, NotificationId, Position, Role, Selection,
    Statuses, StoreError, Timestamp, Unread, User, UserId,
};
use futures_util::future::join_all;

use crate::bench::{Bench, T0, contract, notification};

contract!(
    a_user_sees_what_is_for_them_their_role_or_all,
    a_notification_with_two_ways_to_a_user_is_seen_once,
    who_joins_later_does_not_see_what_was_broadcast_before,
    a_new_role_shows_what_comes_after_it,
    what_has_expired_is_neither_shown_nor_counted,
    the_inbox_is_listed_newest_first_page_by_page,
    catching_up_goes_from_a_position_in_order,
    catching_up_with_unread_only_leaves_out_what_was_read,
    marking_single_items_tells_what_changed,
    marking_all_reads_what_is_there_and_nothing_later,
    marking_up_to_a_point_leaves_what_is_newer,
    an_item_keeps_the_time_at_which_it_was_first_read,
    marking_what_is_not_in_the_inbox_changes_nothing,
    of_two_tabs_that_mark_at_once_one_makes_each_change,
    statuses_choose_what_is_listed,
    what_is_archived_is_put_away_read_or_not,
    one_item_is_found_only_in_its_readers_inbox,
    an_inbox_of_nobody_is_not_found,
    a_cursor_of_another_list_is_refused,
);

fn unread(count: u64) -> Unread {
    Unread {
        count,
        ..Unread::default()
    }
}

/// Without what is different each time.
fn unversioned(change: InboxChange) -> InboxChange {
    InboxChange {
        unread: unread(change.unread.count),
        ..change
    }
}

impl Bench {
    async fn publish(&self, to: Audience, title: &str) -> NotificationId {
        self.store
            .publish(notification(to, title), T0)
            .await
            .unwrap()
            .id
    }

    async fn titles(&self, user: &User) -> Vec<String> {
        let page = self
            .store
            .list_inbox(user.id, Statuses::default(), None, 100, T0)
            .await
            .unwrap();
        page.items
            .into_iter()
            .map(|item| item.notification.title)
            .collect()
    }

    async fn unread(&self, user: &User) -> u64 {
        self.store.unread(user.id, T0).await.unwrap().count
    }

    async fn caught_up(&self, user: &User, after: Position, unread_only: bool) -> Vec<String> {
        let items = self
            .store
            .inbox_after(user.id, after, unread_only, 100, T0)
            .await
            .unwrap();
        items
            .into_iter()
            .map(|item| item.notification.title)
            .collect()
    }
}

async fn a_user_sees_what_is_for_them_their_role_or_all(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let ben = bench.user("ben", Role::User).await;
    bench.publish(Audience::users([ana.id]), "for ana").await;
    bench
        .publish(Audience::roles(["operator"]), "for operators")
        .await;
    bench.publish(Audience::all(), "for all").await;
    bench.publish(Audience::users([ben.id]), "for ben").await;
    assert_eq!(
        bench.titles(&ana).await,
        ["for all", "for operators", "for ana"]
    );
    assert_eq!(bench.titles(&ben).await, ["for ben", "for all"]);
    assert_eq!((bench.unread(&ana).await, bench.unread(&ben).await), (3, 2));
}

async fn a_notification_with_two_ways_to_a_user_is_seen_once(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    bench
        .publish(
            Audience {
                users: vec![ana.id],
                roles: vec!["operator".into()],
                all: true,
                topic: None,
            },
            "once",
        )
        .await;
    assert_eq!(bench.titles(&ana).await, ["once"]);
    assert_eq!(bench.unread(&ana).await, 1);
    assert_eq!(bench.caught_up(&ana, Position::START, true).await, ["once"]);
}

async fn who_joins_later_does_not_see_what_was_broadcast_before(bench: Bench) {
    bench.publish(Audience::all(), "before").await;
    bench.publish(Audience::roles(["user"]), "before").await;
    let ana = bench.user("ana", Role::User).await;
    assert_eq!(
        (bench.titles(&ana).await.len(), bench.unread(&ana).await),
        (0, 0)
    );
    bench.publish(Audience::all(), "after").await;
    assert_eq!(bench.titles(&ana).await, ["after"]);
}

async fn a_new_role_shows_what_comes_after_it(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    bench.publish(Audience::roles(["operator"]), "before").await;
    bench
        .store
        .set_role(ana.id, Role::Operator, T0)
        .await
        .unwrap();
    bench.publish(Audience::roles(["operator"]), "after").await;
    bench
        .store
        .set_role(ana.id, Role::Operator, T0)
        .await
        .unwrap();
    assert_eq!(bench.titles(&ana).await, ["after"]);
}

async fn what_has_expired_is_neither_shown_nor_counted(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let brief = NewNotification {
        expires_at: Some(T0.plus_ms(100)),
        ..notification(Audience::all(), "brief")
    };
    bench.store.publish(brief, T0).await.unwrap();
    let later = T0.plus_ms(100);
    assert_eq!(
        (bench.titles(&ana).await.len(), bench.unread(&ana).await),
        (1, 1)
    );
    let page = bench
        .store
        .list_inbox(ana.id, Statuses::default(), None, 10, later)
        .await
        .unwrap();
    assert_eq!(
        (
            page.items.len(),
            bench.store.unread(ana.id, later).await.unwrap().count
        ),
        (0, 0)
    );
    assert_eq!(
        bench
            .store
            .inbox_after(ana.id, Position::START, false, 10, later)
            .await
            .unwrap(),
        []
    );
}

async fn the_inbox_is_listed_newest_first_page_by_page(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let ways = [
        Audience::all(),
        Audience::users([ana.id]),
        Audience::roles(["operator"]),
    ];
    let mut expected = Vec::new();
    for n in 0..11 {
        expected.insert(0, bench.publish(ways[n % 3].clone(), "t").await);
    }
    let mut found = Vec::new();
    let mut cursor: Option<Cursor> = None;
    for _ in 0..3 {
        let page = bench
            .store
            .list_inbox(ana.id, Statuses::default(), cursor, 4, T0)
            .await
            .unwrap();
        found.extend(page.items.iter().map(|item| item.notification.id));
        cursor = page.next;
    }
    assert_eq!((found, cursor), (expected, None));
}

async fn catching_up_goes_from_a_position_in_order(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    bench.publish(Audience::all(), "1").await;
    let seen = bench.publish(Audience::users([ana.id]), "2").await;
    bench.publish(Audience::roles(["operator"]), "3").await;
    bench.publish(Audience::roles(["admin"]), "not hers").await;
    bench.publish(Audience::all(), "4").await;
    assert_eq!(
        bench.caught_up(&ana, Position::from(seen), false).await,
        ["3", "4"]
    );
    let first = bench
        .store
        .inbox_after(ana.id, Position::START, false, 3, T0)
        .await
        .unwrap();
    let titles: Vec<_> = first
        .iter()
        .map(|item| item.notification.title.as_str())
        .collect();
    assert_eq!(titles, ["1", "2", "3"]);
}

async fn catching_up_with_unread_only_leaves_out_what_was_read(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let mut ids = Vec::new();
    for title in ["1", "2", "3", "4"] {
        ids.push(bench.publish(Audience::all(), title).await);
    }
    bench
        .store
        .mark_read(ana.id, Selection::UpTo(ids[0]), T0)
        .await
        .unwrap();
    bench
        .store
        .mark_read(ana.id, Selection::Ids(vec![ids[2]]), T0)
        .await
        .unwrap();
    assert_eq!(
        bench.caught_up(&ana, Position::START, true).await,
        ["2", "4"]
    );
    assert_eq!(
        bench.caught_up(&ana, Position::START, false).await,
        ["1", "2", "3", "4"]
    );
}

async fn marking_single_items_tells_what_changed(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let a = bench.publish(Audience::all(), "a").await;
    let b = bench.publish(Audience::users([ana.id]), "b").await;
    let c = bench.publish(Audience::all(), "c").await;
    let first = bench
        .store
        .mark_read(ana.id, Selection::Ids(vec![b, a, b]), T0)
        .await
        .unwrap();
    assert_eq!(
        unversioned(first),
        InboxChange {
            read: vec![a, b],
            read_up_to: None,
            unread: unread(1),
            ..InboxChange::default()
        }
    );
    let again = bench
        .store
        .mark_read(ana.id, Selection::Ids(vec![a, b, c]), T0)
        .await
        .unwrap();
    assert_eq!(
        unversioned(again),
        InboxChange {
            read: vec![c],
            read_up_to: None,
            unread: unread(0),
            ..InboxChange::default()
        }
    );
    let nothing = bench
        .store
        .mark_read(ana.id, Selection::Ids(vec![a, b, c]), T0)
        .await
        .unwrap();
    assert_eq!(
        unversioned(nothing),
        InboxChange {
            read: vec![],
            read_up_to: None,
            unread: unread(0),
            ..InboxChange::default()
        }
    );
    bench.publish(Audience::all(), "d").await;
    assert_eq!(bench.unread(&ana).await, 1);
}

async fn marking_all_reads_what_is_there_and_nothing_later(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let ben = bench.user("ben", Role::User).await;
    let a = bench.publish(Audience::all(), "a").await;
    let b = bench.publish(Audience::users([ana.id]), "b").await;
    let outcome = bench
        .store
        .mark_read(ana.id, Selection::All, T0)
        .await
        .unwrap();
    assert_eq!(
        unversioned(outcome),
        InboxChange {
            read: vec![a, b],
            read_up_to: Some(b),
            unread: unread(0),
            ..InboxChange::default()
        }
    );
    let future = bench
        .store
        .mark_read(ana.id, Selection::UpTo(NotificationId(i64::MAX)), T0)
        .await
        .unwrap();
    assert_eq!(
        unversioned(future),
        InboxChange {
            read: vec![],
            read_up_to: Some(b),
            unread: unread(0),
            ..InboxChange::default()
        }
    );
    bench.publish(Audience::all(), "c").await;
    assert_eq!((bench.unread(&ana).await, bench.unread(&ben).await), (1, 2));
    assert_eq!(bench.number("SELECT COUNT(*) FROM inbox_marks").await, 1);
}

async fn marking_up_to_a_point_leaves_what_is_newer(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let a = bench.publish(Audience::all(), "a").await;
    let b = bench.publish(Audience::all(), "b").await;
    bench.publish(Audience::all(), "c").await;
    let outcome = bench
        .store
        .mark_read(ana.id, Selection::UpTo(b), T0)
        .await
        .unwrap();
    assert_eq!(
        unversioned(outcome),
        InboxChange {
            read: vec![a, b],
            read_up_to: Some(b),
            unread: unread(1),
            ..InboxChange::default()
        }
    );
    let back = bench
        .store
        .mark_read(ana.id, Selection::UpTo(a), T0)
        .await
        .unwrap();
    assert_eq!(
        unversioned(back),
        InboxChange {
            read: vec![],
            read_up_to: Some(a),
            unread: unread(1),
            ..InboxChange::default()
        }
    );
}

async fn an_item_keeps_the_time_at_which_it_was_first_read(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let mut ids = Vec::new();
    for title in ["a", "b", "c"] {
        ids.push(bench.publish(Audience::all(), title).await);
    }
    let at = |ms| T0.plus_ms(ms);
    bench
        .store
        .mark_read(ana.id, Selection::Ids(vec![ids[1]]), at(1))
        .await
        .unwrap();
    bench
        .store
        .mark_read(ana.id, Selection::UpTo(ids[1]), at(2))
        .await
        .unwrap();
    bench
        .store
        .mark_read(ana.id, Selection::All, at(3))
        .await
        .unwrap();
    let page = bench
        .store
        .list_inbox(ana.id, Statuses::default(), None, 10, T0)
        .await
        .unwrap();
    let read_at: Vec<Option<Timestamp>> = page.items.iter().map(|item| item.read_at).collect();
    assert_eq!(read_at, [Some(at(3)), Some(at(1)), Some(at(2))]);
}

async fn marking_what_is_not_in_the_inbox_changes_nothing(bench: Bench) {
    let before = bench.publish(Audience::all(), "before she joined").await;
    let ana = bench.user("ana", Role::User).await;
    let ben = bench.user("ben", Role::User).await;
    let theirs = bench.publish(Audience::users([ben.id]), "for ben").await;
    let ids = vec![before, theirs, NotificationId(999)];
    let outcome = bench
        .store
        .mark_read(ana.id, Selection::Ids(ids), T0)
        .await
        .unwrap();
    assert_eq!(outcome.read, []);
    assert_eq!(
        bench
            .number("SELECT COUNT(*) FROM notification_states")
            .await,
        0
    );
    assert_eq!(bench.unread(&ben).await, 1);
}

async fn of_two_tabs_that_mark_at_once_one_makes_each_change(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let other = bench.second_store().await;
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(bench.publish(Audience::all(), "t").await);
    }
    let marks = (0..8).map(|n| {
        let store = if n % 2 == 0 { &bench.store } else { &other };
        let selection = if n < 4 {
            Selection::Ids(ids.clone())
        } else {
            Selection::All
        };
        store.mark_read(ana.id, selection, T0)
    });
    let mut changed: Vec<_> = join_all(marks)
        .await
        .into_iter()
        .flat_map(|outcome| outcome.unwrap().read)
        .collect();
    changed.sort();
    assert_eq!(changed, ids);
}

async fn statuses_choose_what_is_listed(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let read = bench.publish(Audience::all(), "read").await;
    bench
        .store
        .mark_read(ana.id, Selection::UpTo(read), T0)
        .await
        .unwrap();
    bench.publish(Audience::all(), "unread").await;
    let archived = bench.publish(Audience::all(), "archived").await;
    bench
        .execute(&format!(
            "INSERT INTO notification_states (user_id, notification_id, archived_at) \
             VALUES ({}, {archived}, '2026-03-01 10:20:30.500')",
            ana.id
        ))
        .await;
    let none = Statuses {
        unread: false,
        read: false,
        archived: false,
    };
    for (statuses, expected) in [
        (
            Statuses {
                unread: true,
                ..none
            },
            vec!["unread"],
        ),
        (Statuses { read: true, ..none }, vec!["read"]),
        (
            Statuses {
                archived: true,
                ..none
            },
            vec!["archived"],
        ),
        (
            Statuses {
                unread: true,
                read: true,
                archived: true,
            },
            vec!["archived", "unread", "read"],
        ),
        (Statuses::default(), vec!["unread", "read"]),
    ] {
        let page = bench
            .store
            .list_inbox(ana.id, statuses, None, 10, T0)
            .await
            .unwrap();
        let titles: Vec<_> = page
            .items
            .iter()
            .map(|item| item.notification.title.as_str())
            .collect();
        assert_eq!(titles, expected, "{statuses:?}");
    }
    assert_eq!(bench.unread(&ana).await, 1);
}

async fn one_item_is_found_only_in_its_readers_inbox(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let ben = bench.user("ben", Role::User).await;
    let id = bench.publish(Audience::users([ana.id]), "for ana").await;
    let found = bench
        .store
        .inbox_item(ana.id, id, T0)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((found.notification.id, found.read_at), (id, None));
    bench
        .store
        .mark_read(ana.id, Selection::All, T0)
        .await
        .unwrap();
    let found = bench
        .store
        .inbox_item(ana.id, id, T0)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.read_at, Some(T0));
    assert_eq!(bench.store.inbox_item(ben.id, id, T0).await.unwrap(), None);
    assert_eq!(
        bench
            .store
            .inbox_item(ana.id, NotificationId(i64::MAX), T0)
            .await
            .unwrap(),
        None
    );
}

async fn an_inbox_of_nobody_is_not_found(bench: Bench) {
    let nobody = UserId(999);
    let listed = bench
        .store
        .list_inbox(nobody, Statuses::default(), None, 10, T0)
        .await;
    assert!(
        matches!(listed, Err(StoreError::NotFound("user"))),
        "{listed:?}"
    );
    let marked = bench.store.mark_read(nobody, Selection::All, T0).await;
    assert!(
        matches!(marked, Err(StoreError::NotFound("user"))),
        "{marked:?}"
    );
}

async fn a_cursor_of_another_list_is_refused(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let position = Cursor::from(Position(3));
    assert_eq!(
        position.to_string().parse::<Cursor>().unwrap().position(),
        Ok(Position(3))
    );
    let listed = bench
        .store
        .list_inbox(ana.id, Statuses::default(), Some(position), 10, T0)
        .await;
    assert!(matches!(listed, Err(StoreError::Conflict(_))), "{listed:?}");
}

async fn what_is_archived_is_put_away_read_or_not(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let ben = bench.user("ben", Role::User).await;
    let a = bench.publish(Audience::all(), "a").await;
    let b = bench.publish(Audience::all(), "b").await;
    let c = bench.publish(Audience::all(), "c").await;
    let bens = bench.publish(Audience::users([ben.id]), "ben's").await;
    let read = Selection::UpTo(a);
    bench.store.mark_read(ana.id, read, T0).await.unwrap();

    let archive = async |ids| unversioned(bench.store.archive(ana.id, ids, T0).await.unwrap());
    let change = InboxChange {
        archived: vec![a, c],
        unread: unread(1),
        ..InboxChange::default()
    };
    assert_eq!(
        archive(vec![c, a, bens, NotificationId(99), c]).await,
        change
    );
    assert_eq!(bench.titles(&ana).await, ["b"]);
    assert_eq!(bench.caught_up(&ana, Position::START, true).await, ["b"]);
    let again = InboxChange {
        unread: unread(1),
        ..InboxChange::default()
    };
    assert_eq!(archive(vec![a, c]).await, again);
    // What is archived is not read by it, and can be read.
    let item = bench
        .store
        .inbox_item(ana.id, c, T0)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((item.read_at, item.archived_at), (None, Some(T0)));
    let marked = bench
        .store
        .mark_read(ana.id, Selection::Ids(vec![c]), T0)
        .await;
    assert_eq!(marked.unwrap().read, [c]);
    // Nobody else's inbox changes.
    assert_eq!(bench.titles(&ben).await, ["ben's", "c", "b", "a"]);
    assert_eq!(archive(vec![b]).await.unread, unread(0));
}
