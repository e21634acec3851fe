//! Idempotency keys: what is published again under the same key is published once.

use atalaya_store::{
    Audience, KEYS_LAST_MS, NewNotification, PublishError, Published, Role, Store, UserId,
};
use futures_util::future::join_all;

use crate::bench::{Bench, T0, contract, notification};

contract!(
    a_repeated_publish_is_answered_as_the_first,
    the_same_key_with_another_notification_is_refused,
    a_key_is_known_to_every_server_and_belongs_to_its_publisher,
    of_many_at_the_same_moment_one_is_published,
    at_the_same_moment_another_notification_is_refused,
    a_key_of_a_refused_publish_is_free,
    a_refused_publish_gives_its_turn_back,
    a_key_is_forgotten_after_a_day,
    keys_that_have_passed_their_day_do_not_gather,
    repeats_and_new_ones_share_a_transaction,
);

const ALL: &str = "SELECT COUNT(*) FROM notifications";
const KEYS: &str = "SELECT COUNT(*) FROM idempotency_keys";

fn keyed(publisher: UserId, key: &str, title: &str) -> NewNotification {
    NewNotification {
        publisher: Some(publisher),
        idempotency_key: Some(key.to_owned()),
        ..notification(Audience::all(), title)
    }
}

fn repeat_of(first: &Published) -> Published {
    Published {
        is_repeat: true,
        ..first.clone()
    }
}

async fn a_repeated_publish_is_answered_as_the_first(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await.id;
    let new = NewNotification {
        to: Audience {
            users: vec![ana],
            roles: vec!["operator".into(), "admin".into()],
            all: false,
            topic: None,
        },
        ..keyed(ana, "k \"ñ\"", "once")
    };
    let first = bench.store.publish(new.clone(), T0).await.unwrap();
    assert!(!first.is_repeat);
    // Later, with one more reader, and the audience named in another order.
    bench.user("ben", Role::Operator).await;
    let mut again = new;
    again.to.roles.reverse();
    let answer = bench.store.publish(again, T0.plus_ms(5_000)).await.unwrap();
    assert_eq!(answer, repeat_of(&first));
    assert_eq!(bench.number(ALL).await, 1);
}

async fn the_same_key_with_another_notification_is_refused(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await.id;
    let publish = |new| bench.store.publish(new, T0);
    publish(keyed(ana, "k", "one")).await.unwrap();
    let others = [
        keyed(ana, "k", "two"),
        NewNotification {
            to: Audience::users([ana]),
            ..keyed(ana, "k", "one")
        },
        NewNotification {
            data: Some("1".to_owned()),
            ..keyed(ana, "k", "one")
        },
        NewNotification {
            collapse_key: Some("c".to_owned()),
            ..keyed(ana, "k", "one")
        },
    ];
    for other in others {
        let refused = publish(other).await.unwrap_err();
        assert!(matches!(refused, PublishError::KeyReused), "{refused}");
    }
    assert_eq!(bench.number(ALL).await, 1);
}

async fn a_key_is_known_to_every_server_and_belongs_to_its_publisher(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await.id;
    let ben = bench.user("ben", Role::Operator).await.id;
    let first = bench.store.publish(keyed(ana, "k", "x"), T0).await.unwrap();
    let other = bench.second_store().await;
    let again = other.publish(keyed(ana, "k", "x"), T0).await.unwrap();
    assert_eq!(again, repeat_of(&first));
    let bens = other.publish(keyed(ben, "k", "x"), T0).await.unwrap();
    assert!(!bens.is_repeat && bens.id > first.id);
}

/// Each of two servers is asked for each of ten keys ten times.
async fn of_many_at_the_same_moment_one_is_published(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await.id;
    let other = bench.second_store().await;
    let asked: Vec<(&Store, String)> = (0..200)
        .map(|n| ([&bench.store, &other][n % 2], format!("k{}", n / 2 % 10)))
        .collect();
    let publishes = asked.iter().map(|(store, key)| {
        let new = keyed(ana, key, key);
        async move { store.publish(new, T0).await.unwrap() }
    });
    let answers = join_all(publishes).await;
    let first = answers.iter().filter(|answer| !answer.is_repeat).count();
    assert_eq!((first, bench.number(ALL).await), (10, 10));
    for (n, (_, key)) in asked.iter().enumerate() {
        let same = asked.iter().position(|(_, it)| it == key).unwrap();
        assert_eq!(answers[n].id, answers[same].id);
    }
}

async fn at_the_same_moment_another_notification_is_refused(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await.id;
    let titles = (0..50).map(|n| n.to_string());
    let publishes = titles.map(|title| bench.store.publish(keyed(ana, "k", &title), T0));
    let answers = join_all(publishes).await;
    let refused = |it: &&Result<_, _>| matches!(it, Err(PublishError::KeyReused));
    assert_eq!(answers.iter().filter(refused).count(), 49);
    assert_eq!(bench.number(ALL).await, 1);
}

async fn a_key_of_a_refused_publish_is_free(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await.id;
    let to_nobody = NewNotification {
        to: Audience::users([UserId(99)]),
        ..keyed(ana, "k", "x")
    };
    let refused = bench.store.publish(to_nobody, T0).await.unwrap_err();
    assert!(matches!(refused, PublishError::UnknownUsers(_)));
    let answer = bench.store.publish(keyed(ana, "k", "x"), T0).await.unwrap();
    assert!(!answer.is_repeat);
}

/// Otherwise another server would wait for this one's next publish.
async fn a_refused_publish_gives_its_turn_back(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await.id;
    let to_nobody = NewNotification {
        to: Audience::users([UserId(99)]),
        ..keyed(ana, "k", "x")
    };
    bench.store.publish(to_nobody, T0).await.unwrap_err();
    let other = bench.second_store().await;
    other.publish(keyed(ana, "k", "x"), T0).await.unwrap();
}

async fn a_key_is_forgotten_after_a_day(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await.id;
    let publish = |title, at| bench.store.publish(keyed(ana, "k", title), at);
    let first = publish("one", T0).await.unwrap();
    let almost = publish("one", T0.plus_ms(KEYS_LAST_MS - 1)).await.unwrap();
    assert_eq!(almost, repeat_of(&first));
    let after = T0.plus_ms(KEYS_LAST_MS);
    let second = publish("two", after).await.unwrap();
    assert!(!second.is_repeat);
    assert_eq!(publish("two", after).await.unwrap(), repeat_of(&second));
}

async fn keys_that_have_passed_their_day_do_not_gather(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await.id;
    let publish = async |range: std::ops::Range<i32>, at| {
        let keys = range.map(|n| format!("k{n}"));
        let all = keys.map(|key| bench.store.publish(keyed(ana, &key, "x"), at));
        join_all(all).await
    };
    publish(0..100, T0).await;
    publish(100..110, T0.plus_ms(1_000)).await;
    let after = T0.plus_ms(KEYS_LAST_MS);
    publish(200..240, after).await;
    assert_eq!(bench.number(KEYS).await, 100 - 80 + 10 + 40);
    publish(300..320, after).await;
    assert_eq!(bench.number(KEYS).await, 10 + 40 + 20);
}

async fn repeats_and_new_ones_share_a_transaction(bench: Bench) {
    let ana = bench.user("ana", Role::Operator).await.id;
    let store = &bench.store;
    let first = store.publish(keyed(ana, "k0", "0"), T0).await.unwrap();
    let publishes = (0..60).map(|n| {
        let mut new = keyed(ana, &format!("k{}", n % 20), &(n % 20).to_string());
        if n >= 40 {
            new.idempotency_key = None;
        }
        if n == 59 {
            new.to = Audience::users([UserId(99)]);
        }
        store.publish(new, T0)
    });
    let answers = join_all(publishes).await;
    assert_eq!(answers[0].as_ref().unwrap(), &repeat_of(&first));
    assert!(matches!(answers[59], Err(PublishError::UnknownUsers(_))));
    for n in 0..20 {
        let (one, other) = (&answers[n], &answers[n + 20]);
        assert_eq!(one.as_ref().unwrap().id, other.as_ref().unwrap().id);
    }
    assert_eq!(bench.number(ALL).await, 20 + 19);
    let page = store.published_after(first.id.into(), 100).await.unwrap();
    let read = bench.second_store().await;
    let table = read.published_after(first.id.into(), 100).await.unwrap();
    assert_eq!(page.items, table.items);
}
