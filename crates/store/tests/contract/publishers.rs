//! Who may publish is decided with the commit.

use atalaya_store::{Audience, NewNotification, PublishError, Role, UserId};
use futures_util::future::join_all;

use crate::bench::{Bench, T0, contract, notification};

contract!(
    only_an_enabled_user_with_a_role_publishes,
    in_a_batch_each_publisher_is_judged_alone,
    who_may_not_and_who_is_unknown_are_told_apart,
);

const PUBLISHERS: &[Role] = &[Role::Admin, Role::Operator];

fn by(publisher: UserId) -> NewNotification {
    let all = Audience {
        all: true,
        topic: None,
        ..Audience::default()
    };
    NewNotification {
        publisher: Some(publisher),
        only_by: Some(PUBLISHERS),
        ..notification(all, "hello")
    }
}

async fn only_an_enabled_user_with_a_role_publishes(bench: Bench) {
    let operator = bench.user("olga", Role::Operator).await;
    let reader = bench.user("rosa", Role::User).await;
    let publish = async |user: UserId| bench.store.publish(by(user), T0).await;
    assert!(publish(operator.id).await.is_ok());
    for nobody in [reader.id, UserId(99)] {
        let outcome = publish(nobody).await;
        assert!(
            matches!(outcome, Err(PublishError::NotAllowed)),
            "{outcome:?}"
        );
    }
    bench
        .store
        .set_disabled(operator.id, true, T0)
        .await
        .unwrap();
    let outcome = publish(operator.id).await;
    assert!(
        matches!(outcome, Err(PublishError::NotAllowed)),
        "{outcome:?}"
    );
    assert_eq!(bench.number("SELECT COUNT(*) FROM notifications").await, 1);
}

async fn in_a_batch_each_publisher_is_judged_alone(bench: Bench) {
    let operator = bench.user("olga", Role::Operator).await;
    let reader = bench.user("rosa", Role::User).await;
    let publishes = (0..60).map(|n| {
        let publisher = if n % 3 == 0 { reader.id } else { operator.id };
        bench.store.publish(by(publisher), T0)
    });
    for (n, outcome) in join_all(publishes).await.into_iter().enumerate() {
        match n % 3 {
            0 => assert!(
                matches!(outcome, Err(PublishError::NotAllowed)),
                "{n}: {outcome:?}"
            ),
            _ => assert!(outcome.is_ok(), "{n}: {outcome:?}"),
        }
    }
    assert_eq!(bench.number("SELECT COUNT(*) FROM notifications").await, 40);
}

async fn who_may_not_and_who_is_unknown_are_told_apart(bench: Bench) {
    let operator = bench.user("olga", Role::Operator).await;
    let reader = bench.user("rosa", Role::User).await;
    let to_nobody = Audience {
        users: vec![UserId(77)],
        ..Audience::default()
    };
    let publish = async |publisher: UserId| {
        let new = NewNotification {
            to: to_nobody.clone(),
            ..by(publisher)
        };
        bench.store.publish(new, T0).await
    };
    let outcome = publish(operator.id).await;
    let Err(PublishError::UnknownUsers(users)) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(users, [UserId(77)]);
    let outcome = publish(reader.id).await;
    assert!(
        matches!(
            outcome,
            Err(PublishError::NotAllowed | PublishError::UnknownUsers(_))
        ),
        "{outcome:?}"
    );
    assert_eq!(bench.number("SELECT COUNT(*) FROM notifications").await, 0);
}
