//! L8: the bus between servers only wakes; what it loses, the table still has.

use atalaya_client::{Client, Options};
use atalaya_store::model::{Role, UserId};
use serde_json::json;

use crate::world::{PATIENCE, World, next_title, to, token};

/// Two servers on one database that hear of each other, and a client of the second.
async fn two_servers(
    world: &mut World,
    user: UserId,
) -> (atalaya_testbed::process::Process, Client) {
    world.set("ATALAYA_BUS", "postgres");
    world.start().await;
    let (other, url) = world.start_another().await;
    let options = Options::new(url)
        .namespace("/notifications")
        .auth(json!({"token": token(user, 3_600)}))
        .timeout(PATIENCE);
    (other, Client::connect(options).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_on_one_server_is_told_to_the_tab_on_another() {
    let mut world = World::on_postgres().await;
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    let (_other, mut far) = two_servers(&mut world, luis).await;
    let near = world.connect(luis).await.unwrap();
    let id = world.publish(operator, to(luis, "read me")).await["id"].clone();
    assert_eq!(next_title(&mut far).await, "read me");
    let read = [json!({"ids": [id]})];
    let answer = near.emit_with_ack("read", &read).await.unwrap();
    loop {
        let told = far.next_event_named("inbox").await.unwrap().arg(0);
        if told["unread_version"] == answer["unread_version"] {
            assert_eq!(told["unread"], 0);
            break;
        }
    }
}

/// Its listeners are cut off again and again, and publishes go on meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn with_the_bus_cut_nothing_is_missing() {
    let mut world = World::on_postgres().await;
    let operator = world.user(Role::Operator).await;
    let luis = world.user(Role::User).await;
    let (_other, mut far) = two_servers(&mut world, luis).await;
    for number in 0..40 {
        if number % 4 == 0 {
            let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                       WHERE (query LIKE 'LISTEN%' OR query LIKE '%pg_notify%') \
                       AND datname = current_database() AND pid <> pg_backend_pid()";
            world.execute_on_postgres(cut.to_owned()).await;
        }
        world.publish(operator, to(luis, &number.to_string())).await;
    }
    for number in 0..40 {
        assert_eq!(next_title(&mut far).await, number.to_string());
    }
    world
        .until_logged("the bus between the servers is back", 1)
        .await;
}
