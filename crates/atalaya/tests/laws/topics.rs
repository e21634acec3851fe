//! Topics, roles and the right to log in: what changes of them reaches the sockets that are open, at its place in the
//! order of what is published.

use atalaya_client::{Client, Options};
use atalaya_store::model::{Role, UserId};
use atalaya_testbed::process::Process;
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::world::{PATIENCE, World, next_title, now, token};

on_both_databases!(
    who_subscribes_over_the_socket_gets_what_comes_from_then_on,
    whoever_has_subscribed_gets_all_from_there_on_once_and_in_order,
    a_topic_waits_for_who_is_away_through_kill_9,
    who_may_not_read_a_topic_any_more_gets_nothing_of_it,
    another_role_is_told_what_is_for_it_at_once,
    who_is_disabled_is_cut_off,
);

fn to_topic(topic: &str, title: &str) -> Value {
    json!({"to": {"topic": topic}, "title": title})
}

async fn ask(client: &Client, event: &str, topic: &str) -> Value {
    let question = [json!({"topic": topic})];
    client.emit_with_ack(event, &question).await.unwrap()
}

async fn membership(client: &mut Client) -> Value {
    client.next_event_named("membership").await.unwrap().arg(0)
}

async fn who_subscribes_over_the_socket_gets_what_comes_from_then_on(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let (luis, eva) = (world.user(Role::User).await, world.user(Role::User).await);
    world.start().await;
    world.publish(operator, to_topic("pumps", "before")).await;
    let mut tab = world.connect(luis).await.unwrap();
    let mut other_tab = world.connect(luis).await.unwrap();
    let mut other_user = world.connect(eva).await.unwrap();
    let answer = ask(&tab, "subscribe", "pumps").await;
    assert_eq!(answer, json!({"ok": true, "topic": "pumps", "since": 1}));
    let expected = json!({"role": "user", "topics": ["pumps"]});
    assert_eq!(membership(&mut tab).await, expected);
    assert_eq!(membership(&mut other_tab).await, expected);
    let published = world.publish(operator, to_topic("pumps", "after")).await;
    assert_eq!(published["recipients"], 1);
    assert_eq!(next_title(&mut tab).await, "after");
    assert_eq!(next_title(&mut other_tab).await, "after");

    let answer = ask(&other_tab, "unsubscribe", "pumps").await;
    assert_eq!(answer, json!({"ok": true, "topic": "pumps"}));
    let expected = json!({"role": "user", "topics": []});
    assert_eq!(membership(&mut tab).await, expected);
    world.publish(operator, to_topic("pumps", "nobody's")).await;
    world
        .publish(operator, json!({"to": {"all": true}, "title": "to all"}))
        .await;
    assert_eq!(next_title(&mut tab).await, "to all");
    assert_eq!(next_title(&mut other_user).await, "to all");
    let inbox = world.get(luis, "/api/notifications").await;
    assert_eq!(inbox["items"].as_array().unwrap().len(), 1);
    assert_eq!(inbox["unread"], 1);

    let refused = ask(&tab, "subscribe", "not a name").await;
    assert_eq!(refused["error"]["code"], "invalid_argument");
}

/// Users subscribe while a topic is published to as fast as it goes. What each of them gets is compared with the position
/// that they were told.
async fn whoever_has_subscribed_gets_all_from_there_on_once_and_in_order(mut world: World) {
    world.start().await;
    let url = world.url();
    subscribe_in_a_storm(&world, &url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn and_so_does_who_is_connected_to_another_server() {
    let mut world = World::on_postgres().await;
    world.set("ATALAYA_BUS", "postgres");
    world.start().await;
    let (_other, url): (Process, String) = world.start_another().await;
    subscribe_in_a_storm(&world, &url).await;
}

async fn subscribe_in_a_storm(world: &World, url: &str) {
    const PUBLISHES: usize = 300;
    let operator = world.user(Role::Operator).await;
    let users = world.users(12, Role::User).await;
    let connect = |user: &UserId| {
        let options = Options::new(url)
            .namespace("/notifications")
            .auth(json!({"token": token(*user, 3_600)}))
            .timeout(PATIENCE);
        Client::connect(options)
    };
    let mut clients: Vec<Client> = join_all(users.iter().map(connect))
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let publish = async {
        let mut ids = Vec::new();
        for number in 0..PUBLISHES / 4 {
            let some = (0..4).map(|_| world.publish(operator, to_topic("pumps", "x")));
            for published in join_all(some).await {
                ids.push(published["id"].as_i64().unwrap());
            }
            tokio::task::yield_now().await;
            assert!(number < PUBLISHES);
        }
        ids.sort_unstable();
        ids
    };
    let subscribe = async {
        let mut since = Vec::new();
        for user in &users {
            since.push(world.subscribe(*user, "pumps").await);
        }
        since
    };
    let (ids, since) = tokio::join!(publish, subscribe);
    world
        .publish(operator, json!({"to": {"all": true}, "title": "the end"}))
        .await;
    assert!(
        since.last() > since.first(),
        "all before the first publish, or after the last"
    );
    for (client, since) in clients.iter_mut().zip(since) {
        let mut got = Vec::new();
        loop {
            let event = client.next_event_named("notification").await.unwrap();
            if event.arg(0)["title"] == "the end" {
                break;
            }
            got.push(event.arg(0)["id"].as_i64().unwrap());
        }
        let expected: Vec<i64> = ids.iter().copied().filter(|id| *id > since).collect();
        assert_eq!(got, expected, "after {since}");
    }
}

async fn a_topic_waits_for_who_is_away_through_kill_9(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    world.subscribe(luis, "pumps").await;
    for title in ["one", "two"] {
        world.publish(operator, to_topic("pumps", title)).await;
    }
    world.kill().await;
    world.start().await;
    let mut client = world.connect(luis).await.unwrap();
    assert_eq!(next_title(&mut client).await, "one");
    assert_eq!(next_title(&mut client).await, "two");
    let sync = client.next_event_named("sync").await.unwrap().arg(0);
    assert_eq!(sync["complete"], true);
    world.publish(operator, to_topic("pumps", "three")).await;
    assert_eq!(next_title(&mut client).await, "three");
}

async fn who_may_not_read_a_topic_any_more_gets_nothing_of_it(mut world: World) {
    let admin = world.user(Role::Admin).await;
    let (olga, luis) = (
        world.user(Role::Operator).await,
        world.user(Role::User).await,
    );
    world.start().await;
    for user in [olga, luis] {
        world.subscribe(user, "night").await;
    }
    let mut operator = world.connect(olga).await.unwrap();
    let mut user = world.connect(luis).await.unwrap();
    world.publish(admin, to_topic("night", "open")).await;
    assert_eq!(next_title(&mut operator).await, "open");
    assert_eq!(next_title(&mut user).await, "open");
    let roles = json!({"roles": ["admin", "operator"]});
    let set = world
        .call(Method::PUT, admin, "/api/topics/night", Some(&roles))
        .await;
    assert_eq!(set.status, 200, "{}", set.text());
    let told = membership(&mut user).await;
    assert_eq!(told, json!({"role": "user", "topics": []}));
    world.publish(admin, to_topic("night", "closed")).await;
    world
        .publish(admin, json!({"to": {"all": true}, "title": "to all"}))
        .await;
    assert_eq!(next_title(&mut operator).await, "closed");
    assert_eq!(next_title(&mut user).await, "to all");
    let inbox = world.get(luis, "/api/notifications").await;
    assert_eq!(inbox["unread"], 1);
    // Opened again, for what comes then.
    let set = world
        .call(Method::PUT, admin, "/api/topics/night", Some(&json!({})))
        .await;
    assert_eq!(set.status, 200, "{}", set.text());
    world.publish(admin, to_topic("night", "open again")).await;
    assert_eq!(next_title(&mut user).await, "open again");
}

/// By another program: `atalaya user` writes to the database, and no server is told.
async fn another_role_is_told_what_is_for_it_at_once(mut world: World) {
    let admin = world.user(Role::Admin).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    let mut client = world.connect(luis).await.unwrap();
    let promoted = world.store.set_role(luis, Role::Operator, now());
    promoted.await.unwrap();
    let told = membership(&mut client).await;
    assert_eq!(told, json!({"role": "operator", "topics": []}));
    for (role, title) in [("user", "for users"), ("operator", "for operators")] {
        let notification = json!({"to": {"roles": [role]}, "title": title});
        world.publish(admin, notification).await;
    }
    assert_eq!(next_title(&mut client).await, "for operators");
}

async fn who_is_disabled_is_cut_off(mut world: World) {
    let (luis, eva) = (world.user(Role::User).await, world.user(Role::User).await);
    world.start().await;
    let mut out = world.connect(luis).await.unwrap();
    let mut stays = world.connect(eva).await.unwrap();
    let disabled = world.store.set_disabled(luis, true, now());
    disabled.await.unwrap();
    out.wait_closed(PATIENCE).await.unwrap();
    world
        .until_number(
            "SELECT count(*) FROM user_sessions WHERE disconnect_reason = 'revoked'",
            1,
        )
        .await;
    let refused = world.connect(luis).await.unwrap_err();
    assert_eq!(refused.code(), Some("token_revoked"), "{refused}");
    assert!(stays.closed().is_none());
    stays.next_event_named("session").await.unwrap();
}
