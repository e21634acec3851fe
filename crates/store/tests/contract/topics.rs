//! Topics: who subscribes sees what comes from then on, as long as they are subscribed and may.

use std::collections::BTreeSet;

use atalaya_store::{
    Account, Audience, ChangePosition, MAX_SUBSCRIPTIONS, NotificationId, Position, Role,
    Selection, Statuses, SubscribeError, Target, TopicName, User, UserId,
};
use futures_util::future::join_all;

use crate::bench::{Bench, T0, contract, notification, session};

contract!(
    who_subscribes_sees_what_comes_from_then_on,
    who_unsubscribes_has_nothing_of_it_left,
    a_subscription_is_made_once,
    a_subscription_has_its_place_in_the_order_of_the_publishes,
    what_several_audiences_have_in_common_is_listed_once,
    a_restricted_topic_is_for_its_roles_alone,
    what_was_restricted_meanwhile_is_never_seen,
    another_role_reads_a_restricted_topic_from_then_on,
    so_many_topics_and_no_more,
    a_publisher_is_told_how_many_have_subscribed,
    a_topic_is_listed_for_whom_it_concerns,
    a_topic_is_removed_with_its_subscriptions,
    a_connection_is_told_of_its_topics,
    whose_audiences_changed_is_told,
    an_inbox_of_many_topics_is_read_by_their_ranges,
);

fn name(name: &str) -> TopicName {
    name.parse().unwrap()
}

impl Bench {
    async fn subscribe(&self, user: &User, topic: &str) {
        let topic = name(topic);
        let subscribed = self.store.subscribe(user.id, &topic, T0);
        subscribed.await.unwrap();
    }

    async fn unsubscribe(&self, user: &User, topic: &str) -> bool {
        let topic = name(topic);
        let left = self.store.unsubscribe(user.id, &topic, T0);
        left.await.unwrap()
    }

    async fn to_topic(&self, topic: &str, title: &str) -> NotificationId {
        let new = notification(Audience::topic(name(topic)), title);
        self.store.publish(new, T0).await.unwrap().id
    }

    async fn restrict(&self, topic: &str, roles: &[Role]) {
        self.store.set_topic(&name(topic), roles, T0).await.unwrap();
    }

    /// The titles in an inbox, newest first, and the count must agree.
    async fn reads(&self, user: &User) -> Vec<String> {
        let list = self
            .store
            .list_inbox(user.id, Statuses::default(), None, 100, T0);
        let items = list.await.unwrap().items;
        let unread = items.iter().filter(|item| item.read_at.is_none()).count();
        let counted = self.store.unread(user.id, T0).await.unwrap();
        assert_eq!(counted.count, unread as u64);
        items.into_iter().map(|it| it.notification.title).collect()
    }

    /// The names of the topics that a user is shown.
    async fn offered(&self, user: &User) -> Vec<String> {
        let page = self.store.list_topics(user.id, user.role, None, 100);
        let topics = page.await.unwrap().items;
        topics.iter().map(|topic| topic.name.to_string()).collect()
    }
}

#[test]
fn a_name_is_of_few_characters() {
    for good in ["a", "alerts.north", "A-1_b.c", &"x".repeat(100)] {
        assert_eq!(good.parse::<TopicName>().unwrap().as_str(), good);
        let target: Target = format!("topic:{good}").parse().unwrap();
        assert_eq!(target, Target::Topic(good.parse().unwrap()));
    }
    for bad in [
        "",
        ".",
        "..",
        "a b",
        "a=b",
        "año",
        "a:b",
        "a/b",
        &"x".repeat(101),
    ] {
        let error = bad.parse::<TopicName>().unwrap_err().to_string();
        assert!(error.contains("from 1 to 100"), "{error}");
    }
}

async fn who_subscribes_sees_what_comes_from_then_on(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let ben = bench.user("ben", Role::User).await;
    bench.to_topic("pumps", "before").await;
    bench.subscribe(&ana, "pumps").await;
    bench.to_topic("pumps", "after").await;
    bench.to_topic("valves", "of another").await;
    assert_eq!(bench.reads(&ana).await, ["after"]);
    assert!(bench.reads(&ben).await.is_empty());
    let caught_up = bench
        .store
        .inbox_after(ana.id, Position::START, true, 10, T0);
    assert_eq!(caught_up.await.unwrap().len(), 1);
    // As with any other: it is read, put away, acknowledged.
    let read = bench.store.mark_read(ana.id, Selection::All, T0).await;
    assert_eq!(read.unwrap().read, [NotificationId(2)]);
}

async fn who_unsubscribes_has_nothing_of_it_left(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    bench.subscribe(&ana, "pumps").await;
    bench.to_topic("pumps", "one").await;
    let version = bench.store.unread(ana.id, T0).await.unwrap().version;
    assert!(bench.unsubscribe(&ana, "pumps").await);
    assert!(!bench.unsubscribe(&ana, "pumps").await);
    assert!(bench.reads(&ana).await.is_empty());
    let unread = bench.store.unread(ana.id, T0).await.unwrap();
    assert!(unread.version > version);
    // Nor does it come back.
    bench.subscribe(&ana, "pumps").await;
    assert!(bench.reads(&ana).await.is_empty());
    bench.to_topic("pumps", "two").await;
    assert_eq!(bench.reads(&ana).await, ["two"]);
}

async fn a_subscription_is_made_once(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let topic = name("pumps");
    bench.to_topic("pumps", "before").await;
    let subscribe = || bench.store.subscribe(ana.id, &topic, T0);
    let (first, was_before) = subscribe().await.unwrap();
    assert_eq!((first.since, was_before), (Position(1), false));
    bench.to_topic("pumps", "after").await;
    assert_eq!(subscribe().await.unwrap(), (first, true));
    assert_eq!(bench.reads(&ana).await, ["after"]);
    let nobody = bench.store.subscribe(UserId(99), &topic, T0).await;
    assert!(matches!(nobody, Err(SubscribeError::Store(_))));
}

/// Publishes and subscriptions at the same moment, by two stores: whoever has subscribed sees what was published after the
/// position that they were told, and nothing else.
async fn a_subscription_has_its_place_in_the_order_of_the_publishes(bench: Bench) {
    let other = bench.second_store().await;
    let topic = name("pumps");
    let mut users = Vec::new();
    for n in 0..10 {
        users.push(bench.user(&format!("user-{n}"), Role::User).await);
    }
    let publishes = join_all((0..60).map(|n| {
        let store = if n % 2 == 0 { &bench.store } else { &other };
        store.publish(notification(Audience::topic(topic.clone()), "x"), T0)
    }));
    let subscriptions = join_all(users.iter().map(|user| async {
        let (subscription, _) = other.subscribe(user.id, &topic, T0).await.unwrap();
        subscription.since
    }));
    let (published, since) = tokio::join!(publishes, subscriptions);
    let ids: BTreeSet<_> = published.into_iter().map(|it| it.unwrap().id).collect();
    assert_eq!(ids.len(), 60);
    for (user, since) in users.iter().zip(since) {
        let items = bench
            .store
            .inbox_after(user.id, Position::START, true, 100, T0);
        let got: BTreeSet<_> = items
            .await
            .unwrap()
            .iter()
            .map(|it| it.notification.id)
            .collect();
        let expected: BTreeSet<_> = ids.iter().copied().filter(|id| id.0 > since.0).collect();
        assert_eq!(got, expected);
    }
}

async fn what_several_audiences_have_in_common_is_listed_once(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    bench.subscribe(&ana, "pumps").await;
    let everything = Audience {
        users: vec![ana.id],
        roles: vec!["user".into()],
        topic: Some(name("pumps")),
        all: true,
    };
    let new = notification(everything, "x");
    bench.store.publish(new, T0).await.unwrap();
    assert_eq!(bench.reads(&ana).await, ["x"]);
    // By one of the others it is still theirs.
    bench.unsubscribe(&ana, "pumps").await;
    assert_eq!(bench.reads(&ana).await, ["x"]);
}

async fn a_restricted_topic_is_for_its_roles_alone(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let ben = bench.user("ben", Role::User).await;
    bench
        .restrict("night", &[Role::Admin, Role::Operator])
        .await;
    bench.subscribe(&ana, "night").await;
    let refused = bench.store.subscribe(ben.id, &name("night"), T0).await;
    let error = refused.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the topic is only for the role admin or operator"
    );
    bench.to_topic("night", "x").await;
    assert_eq!(bench.reads(&ana).await, ["x"]);
    assert!(bench.reads(&ben).await.is_empty());
}

async fn what_was_restricted_meanwhile_is_never_seen(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    let ben = bench.user("ben", Role::User).await;
    bench.subscribe(&ana, "night").await;
    bench.subscribe(&ben, "night").await;
    bench.to_topic("night", "open").await;
    bench.restrict("night", &[Role::Operator]).await;
    bench.to_topic("night", "closed").await;
    assert_eq!(bench.reads(&ana).await, ["closed", "open"]);
    assert!(bench.reads(&ben).await.is_empty());
    bench.restrict("night", &Role::ALL).await;
    bench.to_topic("night", "open again").await;
    assert_eq!(bench.reads(&ana).await, ["open again", "closed", "open"]);
    assert_eq!(bench.reads(&ben).await, ["open again"]);
}

async fn another_role_reads_a_restricted_topic_from_then_on(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await;
    bench.restrict("night", &[Role::Operator]).await;
    bench.subscribe(&ana, "night").await;
    bench.subscribe(&ana, "day").await;
    for topic in ["night", "day"] {
        bench.to_topic(topic, topic).await;
    }
    bench.store.set_role(ana.id, Role::User, T0).await.unwrap();
    bench.to_topic("night", "while away").await;
    assert_eq!(bench.reads(&ana).await, ["day"]);
    bench
        .store
        .set_role(ana.id, Role::Operator, T0)
        .await
        .unwrap();
    assert_eq!(bench.reads(&ana).await, ["day"]);
    bench.to_topic("night", "again").await;
    assert_eq!(bench.reads(&ana).await, ["again", "day"]);
}

async fn so_many_topics_and_no_more(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    for n in 0..MAX_SUBSCRIPTIONS {
        bench.subscribe(&ana, &format!("topic-{n}")).await;
    }
    let one_more = bench.store.subscribe(ana.id, &name("more"), T0).await;
    assert!(matches!(one_more, Err(SubscribeError::TooMany)));
    bench.subscribe(&ana, "topic-0").await;
    for n in [0, 25, MAX_SUBSCRIPTIONS - 1] {
        bench.to_topic(&format!("topic-{n}"), &n.to_string()).await;
    }
    bench.to_topic("more", "x").await;
    assert_eq!(bench.reads(&ana).await, ["49", "25", "0"]);
    let archived = bench
        .store
        .archive(ana.id, vec![NotificationId(2)], T0)
        .await;
    assert_eq!(archived.unwrap().archived, [NotificationId(2)]);
    bench.unsubscribe(&ana, "topic-3").await;
    bench.subscribe(&ana, "more").await;
}

async fn a_publisher_is_told_how_many_have_subscribed(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let ben = bench.user("ben", Role::User).await;
    let recipients = async || {
        let new = notification(Audience::topic(name("pumps")), "x");
        bench.store.publish(new, T0).await.unwrap().recipients
    };
    assert_eq!(recipients().await, 0);
    bench.subscribe(&ana, "pumps").await;
    bench.subscribe(&ben, "pumps").await;
    bench.subscribe(&ben, "valves").await;
    assert_eq!(recipients().await, 2);
    bench.unsubscribe(&ana, "pumps").await;
    assert_eq!(recipients().await, 1);
}

async fn a_topic_is_listed_for_whom_it_concerns(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let ben = bench.user("ben", Role::User).await;
    let eva = bench.user("eva", Role::Operator).await;
    bench.restrict("listed", &Role::ALL).await;
    bench.restrict("night", &[Role::Operator]).await;
    bench.subscribe(&ana, "own").await;
    assert_eq!(bench.offered(&ana).await, ["listed", "own"]);
    assert_eq!(bench.offered(&ben).await, ["listed"]);
    assert_eq!(bench.offered(&eva).await, ["listed", "night", "own"]);
    let topic = async |name| bench.store.topic(ana.id, &self::name(name)).await.unwrap();
    let own = topic("own").await.unwrap();
    assert_eq!((own.subscribers, own.since), (1, Some(Position(0))));
    assert_eq!(own.roles, Role::ALL);
    let night = topic("night").await.unwrap();
    assert_eq!((night.roles, night.since), (vec![Role::Operator], None));
    // What nobody lists and nobody reads is not there; pages go on where they ended.
    bench.unsubscribe(&ana, "own").await;
    assert_eq!(topic("own").await, None);
    bench.subscribe(&ana, "listed").await;
    bench.unsubscribe(&ana, "listed").await;
    let first = bench.store.list_topics(eva.id, eva.role, None, 1).await;
    let next = first.unwrap().next;
    let second = bench.store.list_topics(eva.id, eva.role, next, 1).await;
    let second = second.unwrap();
    assert_eq!(second.items[0].name.as_str(), "night");
    assert_eq!(second.next, None);
}

async fn a_topic_is_removed_with_its_subscriptions(bench: Bench) {
    bench.crowd().await;
    let topic = name("pumps");
    for user in 1..=1_100 {
        let subscribed = bench.store.subscribe(UserId(user), &topic, T0);
        subscribed.await.unwrap();
    }
    bench.to_topic("pumps", "x").await;
    let page = bench.store.topic_subscribers(&topic, None, 500).await;
    let page = page.unwrap();
    assert_eq!(page.items.len(), 500);
    let page = bench.store.topic_subscribers(&topic, page.next, 500).await;
    assert_eq!(page.unwrap().items[0].id, UserId(501));
    assert!(bench.store.remove_topic(&topic, T0).await.unwrap());
    assert!(!bench.store.remove_topic(&topic, T0).await.unwrap());
    let left = bench
        .texts("SELECT CAST(COUNT(*) AS TEXT) FROM topic_subscriptions")
        .await;
    assert_eq!(left, ["0"]);
    let unread = bench.store.unread(UserId(7), T0).await.unwrap();
    assert_eq!(unread.count, 0);
    // Another of the same name begins with nothing.
    let again = bench.store.subscribe(UserId(7), &topic, T0).await;
    assert_eq!(again.unwrap().0.since, Position(1));
}

async fn a_connection_is_told_of_its_topics(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    bench.subscribe(&ana, "pumps").await;
    bench.restrict("night", &Role::ALL).await;
    bench.subscribe(&ana, "night").await;
    bench.restrict("night", &[Role::Operator]).await;
    let open = async |socket| {
        let opened = bench.store.open_session(session(ana.id.0, socket)).await;
        opened.unwrap()
    };
    let opened = open("a").await;
    let Account { role, topics, .. } = opened.account;
    let topics: Vec<_> = topics.iter().map(|it| it.topic.as_str()).collect();
    assert_eq!((role, topics), (Role::User, vec!["pumps"]));
    assert_eq!(
        opened.as_of,
        bench.store.changes_head().await.unwrap(),
        "all that was done before is in it"
    );
    assert_eq!(opened.inbox.newest, Position(0));
    bench.to_topic("night", "not theirs").await;
    let id = bench.to_topic("pumps", "theirs").await;
    bench.to_topic("other", "not theirs").await;
    assert_eq!(open("b").await.inbox.newest, id.into());
    // What was before they subscribed is not theirs.
    bench.unsubscribe(&ana, "pumps").await;
    bench.subscribe(&ana, "pumps").await;
    assert_eq!(open("c").await.inbox.newest, Position(0));
}

async fn whose_audiences_changed_is_told(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    let ben = bench.user("ben", Role::User).await;
    let mut seen = ChangePosition(0);
    let mut told = async || {
        let changes = bench.store.changes_after(seen).await.unwrap();
        assert!(changes.is_complete && changes.items.is_empty());
        seen = changes.up_to;
        (
            changes.moved.users.into_iter().collect::<Vec<_>>(),
            changes.moved.anybody,
        )
    };
    let topic = name("pumps");
    bench.store.subscribe(ana.id, &topic, T0).await.unwrap();
    assert_eq!(told().await, (vec![ana.id], false));
    // Nothing new is no change.
    bench.store.subscribe(ana.id, &topic, T0).await.unwrap();
    bench.store.unsubscribe(ben.id, &topic, T0).await.unwrap();
    assert_eq!(told().await, (vec![], false));
    bench.store.unsubscribe(ana.id, &topic, T0).await.unwrap();
    bench
        .store
        .set_role(ben.id, Role::Operator, T0)
        .await
        .unwrap();
    assert_eq!(told().await, (vec![ana.id, ben.id], false));
    bench.store.set_topic(&topic, &[], T0).await.unwrap();
    assert_eq!(told().await, (vec![], true));
    bench.store.set_disabled(ana.id, true, T0).await.unwrap();
    assert_eq!(told().await, (vec![ana.id], false));

    let users = [ana.id, ben.id, UserId(99)];
    let memberships = bench.store.memberships(&users);
    let mut memberships = memberships.await.unwrap();
    memberships.sort_by_key(|it| it.user);
    let accounts: Vec<_> = memberships
        .iter()
        .map(|it| (it.user, it.account.as_ref().map(|account| account.role)))
        .collect();
    let operator = Some(Role::Operator);
    let expected = [(ana.id, None), (ben.id, operator), (UserId(99), None)];
    assert_eq!(accounts, expected);
    assert_eq!(
        memberships[0].as_of,
        bench.store.changes_head().await.unwrap()
    );
}

/// With as many topics as one may have, and much that is none of theirs.
async fn an_inbox_of_many_topics_is_read_by_their_ranges(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    for n in 0..MAX_SUBSCRIPTIONS {
        bench.subscribe(&ana, &format!("t{n}")).await;
    }
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)";
    let time = match bench.url.starts_with("postgres") {
        true => "TIMESTAMP '2026-03-01 10:20:30.500'",
        false => "'2026-03-01 10:20:30.500'",
    };
    bench
        .execute(&format!(
            "INSERT INTO notifications (id, title, severity, created_at) {numbers} \
             SELECT i, 'x', 'info', {time} FROM n; \
             INSERT INTO notification_targets (target, notification_id) {numbers} \
             SELECT 'topic:t' || CAST(i % 200 AS TEXT), i FROM n"
        ))
        .await;
    if bench.url.starts_with("postgres") {
        bench.execute("ANALYZE").await;
    }
    let plan = bench
        .store
        .explain_inbox(ana.id, Statuses::default(), None, 50, T0);
    let plan = plan.await.unwrap().join("\n");
    let whole = [
        "SCAN t\n",
        "SCAN n\n",
        "Seq Scan on notification_targets",
        "Seq Scan on notifications ",
    ];
    for whole in whole {
        assert!(!plan.contains(whole), "{whole}: {plan}");
    }
    let page = bench
        .store
        .list_inbox(ana.id, Statuses::default(), None, 50, T0);
    let ids: Vec<_> = page
        .await
        .unwrap()
        .items
        .iter()
        .map(|it| it.notification.id.0)
        .collect();
    let expected: Vec<i64> = (1..=20_000_i64)
        .rev()
        .filter(|id| id % 200 < 50)
        .take(50)
        .collect();
    assert_eq!(ids, expected);
}
