//! L5: a client that reconnects is the same socket again and gets what it missed, also from a server that was killed
//! meanwhile, and from another one. What the unmodified client makes of it stands in `interop/`.

use atalaya_client::{Client, Options};
use atalaya_store::{
    Keep, OpenOptions, Store,
    model::{Position, Role, UserId},
};
use serde_json::{Value, json};

use crate::world::{PATIENCE, World, next_title, now, to, token};

on_both_databases!(
    who_comes_from_before_what_was_taken_away_is_told,
    a_client_is_the_same_socket_after_kill_nine,
    the_end_of_the_replay_is_told,
    a_cursor_does_the_same_for_a_client_without_recovery,
    nothing_is_recovered_where_it_is_switched_off,
);

async fn who_comes_from_before_what_was_taken_away_is_told(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    for title in ["one", "two", "three"] {
        world.publish(operator, to(luis, title)).await;
    }
    let first = world.connect(luis).await.unwrap();
    let read = [json!({"up_to": 2})];
    assert_eq!(
        first.emit_with_ack("read", &read).await.unwrap()["ok"],
        true
    );
    let store = Store::open(world.database_url(), OpenOptions::default()).await;
    let everything = Keep {
        since: now().plus_ms(60_000),
        groups_since: None,
    };
    let pruned = store.unwrap().prune(Position::START, everything).await;
    assert_eq!(pruned.unwrap().notifications, 2);
    for (cursor, complete) in [(1, false), (2, true), (3, true)] {
        let auth = json!({"token": token(luis, 3_600), "cursor": cursor});
        let mut back = Client::connect(world.options_with(auth)).await.unwrap();
        let told = sync(&mut back).await;
        assert_eq!(told, json!({"from": cursor, "to": 3, "complete": complete}));
    }
    // Who comes without a position gets what is unread, and that is all there.
    let mut fresh = world.connect(luis).await.unwrap();
    assert_eq!(next_title(&mut fresh).await, "three");
    assert_eq!(sync(&mut fresh).await["complete"], true);
}

async fn sync(client: &mut Client) -> Value {
    client.next_event_named("sync").await.unwrap().arg(0)
}

/// What the unmodified client sends when it reconnects.
fn returning(user: UserId, pid: &str, offset: Option<Value>) -> Value {
    let mut auth = json!({"token": token(user, 3_600), "pid": pid});
    if let Some(offset) = offset {
        auth["offset"] = offset;
    }
    auth
}

async fn a_client_is_the_same_socket_after_kill_nine(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    let mut client = world.connect(luis).await.unwrap();
    let (id, pid) = (client.id().to_owned(), client.pid().unwrap().to_owned());
    // Twice before any event came, and twice after one.
    let mut offset = None;
    for round in 0..4 {
        world.kill().await;
        world.start().await;
        if round >= 1 {
            world
                .publish(operator, to(luis, &format!("missed {round}")))
                .await;
        }
        let auth = returning(luis, &pid, offset.clone());
        client = Client::connect(world.options_with(auth)).await.unwrap();
        assert_eq!(client.id(), id, "round {round}");
        assert_eq!(client.pid(), Some(pid.as_str()));
        if round >= 1 {
            let event = client.next_event_named("notification").await.unwrap();
            assert_eq!(event.arg(0)["title"], format!("missed {round}"));
            offset = Some(event.arg(1));
        }
    }
    let chain = "SELECT count(*) FROM user_sessions AS s JOIN user_sessions AS p ON p.id = s.recovered_from \
                 WHERE p.socket_id = s.socket_id AND p.id < s.id";
    assert_eq!(world.number(chain).await, 4);
    world.assert_closed_rows_are_whole().await;
}

async fn the_end_of_the_replay_is_told(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    let mut first = world.connect(luis).await.unwrap();
    assert_eq!(
        sync(&mut first).await,
        json!({"from": null, "to": 0, "complete": true})
    );
    let one = world.publish(operator, to(luis, "one")).await["id"].clone();
    let event = first.next_event_named("notification").await.unwrap();
    let (offset, pid) = (event.arg(1), first.pid().unwrap().to_owned());
    first.abandon().await;
    for title in ["two", "three"] {
        world.publish(operator, to(luis, title)).await;
    }
    let auth = returning(luis, &pid, Some(offset.clone()));
    let mut back = Client::connect(world.options_with(auth)).await.unwrap();
    assert_eq!(next_title(&mut back).await, "two");
    let last = back.next_event_named("notification").await.unwrap();
    assert_eq!(last.arg(0)["title"], "three");
    let told = sync(&mut back).await;
    assert_eq!(
        told,
        json!({"from": one, "to": last.arg(0)["id"], "complete": true})
    );

    // A position that this database never gave out: what came after it, nobody knows.
    let beyond = json!({"token": token(luis, 3_600), "cursor": 1_000_000});
    let mut lost = Client::connect(world.options_with(beyond)).await.unwrap();
    assert_eq!(sync(&mut lost).await["complete"], false);
}

async fn a_cursor_does_the_same_for_a_client_without_recovery(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    let seen = world.publish(operator, to(luis, "seen")).await["id"].clone();
    world.publish(operator, to(luis, "missed")).await;
    let auth = json!({"token": token(luis, 3_600), "cursor": seen});
    let mut back = Client::connect(world.options_with(auth)).await.unwrap();
    assert_eq!(next_title(&mut back).await, "missed");
    assert_eq!(sync(&mut back).await["from"], seen);
}

async fn nothing_is_recovered_where_it_is_switched_off(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.set("ATALAYA_RECOVERY_WINDOW_SECONDS", "0");
    world.start().await;
    let first = world.connect(luis).await.unwrap();
    let (id, pid) = (first.id().to_owned(), first.pid().unwrap().to_owned());
    first.abandon().await;
    world.publish(operator, to(luis, "missed")).await;
    let auth = returning(luis, &pid, None);
    let mut back = Client::connect(world.options_with(auth)).await.unwrap();
    assert_ne!(back.id(), id);
    assert_ne!(back.pid(), Some(pid.as_str()));
    assert_eq!(next_title(&mut back).await, "missed");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_server_on_the_same_database_goes_on() {
    let mut world = World::on_postgres().await;
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    let first = world.connect(luis).await.unwrap();
    let (id, pid) = (first.id().to_owned(), first.pid().unwrap().to_owned());
    let (_other, url) = world.start_another().await;
    first.abandon().await;
    world.publish(operator, to(luis, "missed")).await;
    let options = Options::new(url)
        .namespace("/notifications")
        .auth(returning(luis, &pid, None))
        .timeout(PATIENCE);
    let mut back = Client::connect(options).await.unwrap();
    assert_eq!(back.id(), id);
    assert_eq!(back.pid(), Some(pid.as_str()));
    assert_eq!(next_title(&mut back).await, "missed");
}
