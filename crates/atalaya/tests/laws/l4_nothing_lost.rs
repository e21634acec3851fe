//! L4, as far as the first version goes: what is published reaches every live socket once, and who was away gets
//! it on return, in order, before anything newer. And L8: a server that was not woken finds it by polling.

use std::collections::HashSet;

use atalaya_client::{Client, Options, http};
use atalaya_store::model::Role;
use serde_json::{Value, json};

use crate::world::{PATIENCE, World, next_title, to, token};

on_both_databases!(
    every_live_socket_of_each_recipient_gets_it_once_and_nobody_else_does,
    who_was_away_gets_what_was_missed_in_order_before_anything_newer,
    a_returning_client_with_an_offset_gets_what_came_after_and_nothing_twice,
    a_batch_reaches_its_readers_in_the_order_of_its_lines,
    a_position_that_this_database_never_gave_out_is_not_believed,
    a_newer_offset_counts_more_than_the_cursor_of_the_first_connection,
    a_publish_while_clients_connect_is_neither_lost_nor_repeated,
    what_is_read_in_one_tab_is_told_to_the_others,
    what_is_archived_in_one_tab_is_told_to_the_others,
    what_was_published_before_kill_nine_is_there_afterwards,
    a_publish_that_is_repeated_after_kill_nine_is_there_once,
    what_takes_the_place_of_another_is_told_and_shown_alone,
    what_is_scheduled_comes_at_its_time_once,
    what_is_recalled_leaves_the_open_tabs_at_once,
    what_expires_leaves_the_open_tabs,
    who_acknowledges_is_told_to_everyone_it_is_for,
);

async fn every_live_socket_of_each_recipient_gets_it_once_and_nobody_else_does(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    let ana = world.user(Role::User).await;
    world.start().await;
    let mut tabs = [
        world.connect(luis).await.unwrap(),
        world.connect(luis).await.unwrap(),
    ];
    let mut other = world.connect(ana).await.unwrap();

    let answer = world.publish(operator, to(luis, "for Luis")).await;
    assert_eq!(answer["recipients"], 1);
    world
        .publish(
            operator,
            json!({"to": {"roles": ["user"]}, "title": "for users"}),
        )
        .await;
    world
        .publish(operator, json!({"to": {"all": true}, "title": "for all"}))
        .await;

    for tab in &mut tabs {
        for expected in ["for Luis", "for users", "for all"] {
            assert_eq!(next_title(tab).await, expected);
        }
    }
    for expected in ["for users", "for all"] {
        assert_eq!(next_title(&mut other).await, expected);
    }
}

async fn who_was_away_gets_what_was_missed_in_order_before_anything_newer(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    // More than one page of the backlog.
    for number in 0..120 {
        world.publish(operator, to(luis, &number.to_string())).await;
    }
    let mut back = world.connect(luis).await.unwrap();
    world.publish(operator, to(luis, "newer")).await;
    for number in 0..120 {
        assert_eq!(next_title(&mut back).await, number.to_string());
    }
    assert_eq!(next_title(&mut back).await, "newer");
}

async fn a_returning_client_with_an_offset_gets_what_came_after_and_nothing_twice(
    mut world: World,
) {
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    let mut first = world.connect(luis).await.unwrap();
    world.publish(operator, to(luis, "seen")).await;
    let event = first.next_event_named("notification").await.unwrap();
    let (offset, pid) = (event.arg(1), first.pid().unwrap().to_owned());
    first.abandon().await;
    world.publish(operator, to(luis, "missed")).await;

    // What the unmodified client sends when it reconnects.
    let auth = json!({"token": token(luis, 3_600), "pid": pid, "offset": offset});
    let mut back = Client::connect(world.options_with(auth)).await.unwrap();
    assert_eq!(next_title(&mut back).await, "missed");
    world.publish(operator, to(luis, "newer")).await;
    assert_eq!(next_title(&mut back).await, "newer");

    // Somebody else's offset on the same page says nothing about this inbox.
    let ana = world.user(Role::User).await;
    world.publish(operator, to(ana, "for Ana")).await;
    let late = json!({"token": token(ana, 3_600), "pid": pid, "offset": "999999"});
    let mut other = Client::connect(world.options_with(late)).await.unwrap();
    assert_eq!(next_title(&mut other).await, "for Ana");
}

async fn a_batch_reaches_its_readers_in_the_order_of_its_lines(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    let mut tab = world.connect(luis).await.unwrap();
    let lines = (0..2_000).map(|number| format!("{}\n", to(luis, &number.to_string())));
    let mut ids: Vec<i64> = Vec::new();
    let url = format!("{}/api/notifications/batch", world.url());
    let token = token(operator, 3_600);
    let take = |line: &[u8]| {
        let result: Value = serde_json::from_slice(line).unwrap();
        ids.push(result["id"].as_i64().unwrap());
    };
    let answer = http::post_lines(&url, Some(&token), lines.collect::<String>(), take).await;
    assert_eq!(answer.unwrap().status, 200);
    assert_eq!(ids.len(), 2_000);
    assert!(ids.is_sorted_by(|a, b| a < b));
    for number in 0..2_000 {
        assert_eq!(next_title(&mut tab).await, number.to_string());
    }
}

/// As after a backup was restored: what the client has seen is not there any more.
async fn a_position_that_this_database_never_gave_out_is_not_believed(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    world.publish(operator, to(luis, "unread")).await;
    let auth = json!({"token": token(luis, 3_600), "cursor": 1_000_000});
    let mut back = Client::connect(world.options_with(auth)).await.unwrap();
    assert_eq!(next_title(&mut back).await, "unread");
    world.publish(operator, to(luis, "newer")).await;
    assert_eq!(next_title(&mut back).await, "newer");
}

/// The client sends the `auth` it was made with again each time it reconnects, and adds its offset.
async fn a_newer_offset_counts_more_than_the_cursor_of_the_first_connection(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    let auth = json!({"token": token(luis, 3_600), "cursor": 0});
    let mut first = Client::connect(world.options_with(auth)).await.unwrap();
    world.publish(operator, to(luis, "seen")).await;
    let event = first.next_event_named("notification").await.unwrap();
    let auth = json!({
        "token": token(luis, 3_600), "cursor": 0, "pid": first.pid(), "offset": event.arg(1),
    });
    first.abandon().await;
    world.publish(operator, to(luis, "missed")).await;
    let mut back = Client::connect(world.options_with(auth)).await.unwrap();
    assert_eq!(next_title(&mut back).await, "missed");

    // What is no position is no reason to turn anybody away.
    let odd = json!({"token": token(luis, 3_600), "cursor": 1.5, "offset": {}, "pid": 7});
    let mut odd = Client::connect(world.options_with(odd)).await.unwrap();
    assert_eq!(next_title(&mut odd).await, "seen");
}

/// Publishes go on while clients come; each client sees one unbroken, unrepeated stream.
async fn a_publish_while_clients_connect_is_neither_lost_nor_repeated(mut world: World) {
    const PUBLISHES: usize = 200;
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    let publishing = async {
        for number in 0..PUBLISHES {
            world.publish(operator, to(luis, &number.to_string())).await;
        }
    };
    let connecting = async {
        let mut clients = Vec::new();
        for _ in 0..40 {
            clients.push(world.connect(luis).await.unwrap());
        }
        clients
    };
    let ((), clients) = tokio::join!(publishing, connecting);
    for mut client in clients {
        let mut seen = HashSet::new();
        for number in 0..PUBLISHES {
            let title = next_title(&mut client).await;
            assert_eq!(title, number.to_string(), "lost or out of order");
            assert!(seen.insert(title), "twice");
        }
    }
}

/// The `inbox` event by which a client is told that this changed.
async fn told(client: &mut Client, what: &str, id: &Value) -> Value {
    loop {
        let inbox = client.next_event_named("inbox").await.unwrap().arg(0);
        if inbox[what] == json!([id]) {
            return inbox;
        }
    }
}

async fn what_is_read_in_one_tab_is_told_to_the_others(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    let mut asking = world.connect(luis).await.unwrap();
    let mut other = world.connect(luis).await.unwrap();
    let id = world.publish(operator, to(luis, "one")).await["id"].clone();
    world.publish(operator, to(luis, "two")).await;
    for client in [&mut asking, &mut other] {
        next_title(client).await;
        next_title(client).await;
    }
    let answer = asking
        .emit_with_ack("read", &[json!({"ids": [id]})])
        .await
        .unwrap();
    assert_eq!(answer["ok"], true, "{answer}");
    assert_eq!(answer["unread"], 1);
    assert_eq!(told(&mut other, "read", &id).await["unread"], 1);
}

async fn what_is_archived_in_one_tab_is_told_to_the_others(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    let asking = world.connect(luis).await.unwrap();
    let mut other = world.connect(luis).await.unwrap();
    let id = world.publish(operator, to(luis, "one")).await["id"].clone();
    world.publish(operator, to(luis, "two")).await;
    let answer = asking
        .emit_with_ack("archive", &[json!({"ids": [id]})])
        .await
        .unwrap();
    assert_eq!(
        (&answer["ok"], &answer["archived"], &answer["unread"]),
        (&json!(true), &json!([id]), &json!(1))
    );
    assert_eq!(told(&mut other, "archived", &id).await["unread"], 1);
    // It is not there for who comes back.
    let mut back = world.connect(luis).await.unwrap();
    assert_eq!(next_title(&mut back).await, "two");
    let wrong = asking.emit_with_ack("archive", &[json!({})]).await.unwrap();
    assert_eq!(wrong["error"]["code"], "invalid_argument");
}

async fn what_was_published_before_kill_nine_is_there_afterwards(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    let id = world.publish(operator, to(luis, "committed")).await["id"].clone();
    world.kill().await;
    world.start().await;
    let mut back = world.connect(luis).await.unwrap();
    let event = back.next_event_named("notification").await.unwrap();
    assert_eq!(event.arg(0)["id"], id);
}

async fn a_publish_that_is_repeated_after_kill_nine_is_there_once(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    let keyed = |title: &str, key: &str| {
        let mut body = to(luis, title);
        body["idempotency_key"] = json!(key);
        body
    };
    let first = world.publish(operator, keyed("once", "order-7")).await;
    world.kill().await;
    world.start().await;
    // The publisher, for which the answer was cut off, knows nothing of the first.
    assert_eq!(
        world.publish(operator, keyed("once", "order-7")).await,
        first
    );
    world.publish(operator, keyed("another", "order-8")).await;
    let mut back = world.connect(luis).await.unwrap();
    assert_eq!(next_title(&mut back).await, "once");
    assert_eq!(next_title(&mut back).await, "another");
}

async fn what_takes_the_place_of_another_is_told_and_shown_alone(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    let mut tab = world.connect(luis).await.unwrap();
    let mut ids = Vec::new();
    for title in ["70 %", "80 %", "90 %"] {
        let mut body = to(luis, title);
        body["collapse_key"] = json!("disk");
        ids.push(world.publish(operator, body).await["id"].clone());
    }
    for replaces in [&Value::Null, &ids[0], &ids[1]] {
        let event = tab.next_event_named("notification").await.unwrap();
        assert_eq!(&event.arg(0)["replaces"], replaces);
    }
    let mut back = world.connect(luis).await.unwrap();
    assert_eq!(next_title(&mut back).await, "90 %");
    let inbox = world.get(luis, "/api/notifications").await;
    assert_eq!(
        (&inbox["unread"], &inbox["items"][0]["title"]),
        (&json!(1), &json!("90 %"))
    );
    assert_eq!(inbox["items"].as_array().unwrap().len(), 1);
}

/// It becomes due while the server is dead.
async fn what_is_scheduled_comes_at_its_time_once(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    for (title, ms) in [("second", 900), ("first", 600)] {
        let mut body = to(luis, title);
        body["deliver_at"] = json!(in_ms(ms));
        let path = format!("{}/api/notifications", world.url());
        let token = token(operator, 3_600);
        let post = http::request(::http::Method::POST, &path, Some(&token), Some(&body));
        assert_eq!(post.await.unwrap().status, 202);
    }
    world.publish(operator, to(luis, "at once")).await;
    world.kill().await;
    tokio::time::sleep(std::time::Duration::from_millis(1_000)).await;
    world.start().await;
    let mut tab = world.connect(luis).await.unwrap();
    for title in ["at once", "first", "second"] {
        assert_eq!(next_title(&mut tab).await, title);
    }
    // And while somebody waits for it.
    let mut body = to(luis, "third");
    body["deliver_at"] = json!(in_ms(300));
    let path = format!("{}/api/notifications", world.url());
    let token = token(operator, 3_600);
    let post = http::request(::http::Method::POST, &path, Some(&token), Some(&body));
    post.await.unwrap();
    assert_eq!(next_title(&mut tab).await, "third");
    assert_eq!(world.number("SELECT count(*) FROM notifications").await, 4);
}

/// A time so far from now, in RFC 3339.
fn in_ms(ms: i64) -> String {
    let at = chrono::DateTime::from_timestamp_millis(crate::world::now().0 + ms);
    at.unwrap().to_rfc3339()
}

/// The next `inbox` event with so many unread.
async fn unread(client: &mut Client, count: u64) {
    while client.next_event_named("inbox").await.unwrap().arg(0)["unread"] != count {}
}

async fn what_is_recalled_leaves_the_open_tabs_at_once(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    let mut tab = world.connect(luis).await.unwrap();
    let mut other = world.connect(luis).await.unwrap();
    let id = world.publish(operator, to(luis, "mistake")).await["id"].clone();
    assert_eq!(next_title(&mut tab).await, "mistake");
    assert_eq!(next_title(&mut other).await, "mistake");
    world.recall(operator, &id).await;
    for tab in [&mut tab, &mut other] {
        let removed = tab.next_event_named("removed").await.unwrap();
        assert_eq!(removed.arg(0), json!({"ids": [id]}));
        unread(tab, 0).await;
    }
    let mut back = world.connect(luis).await.unwrap();
    world.publish(operator, to(luis, "right")).await;
    assert_eq!(next_title(&mut back).await, "right");
}

async fn what_expires_leaves_the_open_tabs(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    let mut tab = world.connect(luis).await.unwrap();
    let mut brief = to(luis, "brief");
    brief["expires_at"] = json!(in_ms(500));
    let id = world.publish(operator, brief).await["id"].clone();
    assert_eq!(next_title(&mut tab).await, "brief");
    let removed = tab.next_event_named("removed").await.unwrap();
    assert_eq!(removed.arg(0), json!({"ids": [id]}));
    unread(&mut tab, 0).await;
}

async fn who_acknowledges_is_told_to_everyone_it_is_for(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    let eva = world.user(Role::User).await;
    world.start().await;
    let mut lookers = [
        world.connect(operator).await.unwrap(),
        world.connect(eva).await.unwrap(),
    ];
    let mut tab = world.connect(luis).await.unwrap();
    let asking = json!({"to": {"all": true}, "title": "pump", "requires_ack": true});
    let id = world.publish(operator, asking).await["id"].clone();
    assert_eq!(next_title(&mut tab).await, "pump");
    let refused = tab
        .emit_with_ack("acknowledge", &[json!({"id": 4_711})])
        .await;
    assert_eq!(refused.unwrap()["error"]["code"], "not_found");
    let answer = tab.emit_with_ack("acknowledge", &[json!({"id": id})]).await;
    let answer = answer.unwrap();
    assert_eq!(answer["ok"], true, "{answer}");
    assert_eq!(answer["acknowledgements"][0]["user"]["id"], luis.0);
    assert_eq!(told(&mut tab, "acknowledged", &id).await["unread"], 0);
    for looker in &mut lookers {
        let event = looker
            .next_event_named("acknowledged")
            .await
            .unwrap()
            .arg(0);
        assert_eq!((&event["id"], &event["user"]["id"]), (&id, &json!(luis.0)));
        assert_eq!(event["at"], answer["acknowledged_at"]);
    }
}

/// The servers share only the table: what one publishes, the other finds by its poll.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_woken_finds_it_by_polling() {
    let mut world = World::on_postgres().await;
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    world.start().await;
    let (_other, url) = world.start_another().await;
    let options = Options::new(url)
        .namespace("/notifications")
        .auth(json!({"token": token(luis, 3_600)}))
        .timeout(PATIENCE);
    let mut client = Client::connect(options).await.unwrap();
    let id = world.publish(operator, to(luis, "from afar")).await["id"].clone();
    assert_eq!(next_title(&mut client).await, "from afar");
    world.recall(operator, &id).await;
    let removed = client.next_event_named("removed").await.unwrap();
    assert_eq!(removed.arg(0), json!({"ids": [id]}));
}
