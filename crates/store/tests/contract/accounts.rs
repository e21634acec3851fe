//! Accounts.

use atalaya_store::{CreateUserError, Role, StoreError, UserId};
use futures_util::future::join_all;

use crate::bench::{Bench, T0, contract, new_user};

contract!(
    an_account_is_found_by_id_and_by_name,
    a_name_belongs_to_one_account,
    of_concurrent_accounts_with_one_name_one_is_made,
    an_account_changes_its_password_role_and_state,
    changing_an_unknown_account_says_so,
    accounts_are_listed_page_by_page,
    accounts_are_searched_without_special_letters,
);

async fn an_account_is_found_by_id_and_by_name(bench: Bench) {
    let mut new = new_user("ana", Role::Operator);
    new.display_name = Some("Ana Núñez".to_owned());
    let made = bench.store.create_user(new, T0).await.unwrap();
    assert_eq!(
        (made.role, made.disabled, made.created_at),
        (Role::Operator, false, T0)
    );
    assert_eq!(
        bench.store.user(made.id).await.unwrap().as_ref(),
        Some(&made)
    );
    assert_eq!(
        bench.store.user_by_name("ana").await.unwrap().as_ref(),
        Some(&made)
    );
    let found = bench.store.credentials("ana").await.unwrap().unwrap();
    assert_eq!(
        (found.user, found.password_hash.as_deref()),
        (made, Some("$argon2id$"))
    );
    assert_eq!(bench.store.user_by_name("Ana").await.unwrap(), None);
    assert_eq!(bench.store.user_by_name("nul\0").await.unwrap(), None);
    assert_eq!(bench.store.user(UserId(999)).await.unwrap(), None);
}

async fn a_name_belongs_to_one_account(bench: Bench) {
    bench.user("ana", Role::User).await;
    let second = bench
        .store
        .create_user(new_user("ana", Role::Admin), T0)
        .await;
    assert!(matches!(second, Err(CreateUserError::Taken)), "{second:?}");
}

async fn of_concurrent_accounts_with_one_name_one_is_made(bench: Bench) {
    let other = bench.second_store().await;
    let makers = (0..10).map(|n| {
        let store = if n % 2 == 0 { &bench.store } else { &other };
        store.create_user(new_user("admin", Role::Admin), T0)
    });
    let made = join_all(makers)
        .await
        .into_iter()
        .filter(|made| match made {
            Ok(_) => true,
            Err(error) => {
                assert!(matches!(error, CreateUserError::Taken), "{error}");
                false
            }
        });
    assert_eq!(made.count(), 1);
    assert_eq!(bench.store.count_users(2).await.unwrap(), 1);
}

async fn an_account_changes_its_password_role_and_state(bench: Bench) {
    let ana = bench.user("ana", Role::User).await;
    bench
        .store
        .set_password_hash(ana.id, "$new$")
        .await
        .unwrap();
    bench.store.set_role(ana.id, Role::Admin, T0).await.unwrap();
    bench.store.set_role(ana.id, Role::Admin, T0).await.unwrap();
    bench.store.set_disabled(ana.id, true, T0).await.unwrap();
    let found = bench.store.credentials("ana").await.unwrap().unwrap();
    assert_eq!((found.user.role, found.user.disabled), (Role::Admin, true));
    assert_eq!(found.password_hash.as_deref(), Some("$new$"));
}

async fn changing_an_unknown_account_says_so(bench: Bench) {
    let nobody = UserId(999);
    let outcomes = [
        bench.store.set_password_hash(nobody, "$").await,
        bench.store.set_role(nobody, Role::Admin, T0).await,
        bench.store.set_disabled(nobody, true, T0).await,
    ];
    for outcome in outcomes {
        assert!(
            matches!(outcome, Err(StoreError::NotFound("user"))),
            "{outcome:?}"
        );
    }
}

async fn accounts_are_listed_page_by_page(bench: Bench) {
    for n in 0..5 {
        bench.user(&format!("user-{n}"), Role::User).await;
    }
    let first = bench.store.list_users(None, 3, None).await.unwrap();
    let second = bench.store.list_users(first.next, 3, None).await.unwrap();
    let names: Vec<_> = first
        .items
        .iter()
        .chain(&second.items)
        .map(|user| user.username.as_str())
        .collect();
    assert_eq!(names, ["user-0", "user-1", "user-2", "user-3", "user-4"]);
    assert_eq!(second.next, None);
    let foreign = bench
        .store
        .list_sessions(Default::default(), first.next, 3)
        .await;
    assert!(foreign.is_err(), "a cursor of another list is refused");
}

async fn accounts_are_searched_without_special_letters(bench: Bench) {
    for name in ["ana_lopez", "ANALOPEZ", "50%", "back\\slash"] {
        bench.user(name, Role::User).await;
    }
    for (query, expected) in [
        ("ana", vec!["ana_lopez", "ANALOPEZ"]),
        ("A_L", vec!["ana_lopez"]),
        ("%", vec!["50%"]),
        ("\\", vec!["back\\slash"]),
        ("'; --", vec![]),
    ] {
        let found = bench.store.list_users(None, 10, Some(query)).await.unwrap();
        let names: Vec<_> = found
            .items
            .iter()
            .map(|user| user.username.as_str())
            .collect();
        assert_eq!(names, expected, "{query}");
    }
}
