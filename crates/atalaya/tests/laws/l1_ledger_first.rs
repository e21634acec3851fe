//! L1: who received CONNECT has a committed row. No row, no CONNECT.

use std::sync::Arc;

use atalaya_client::Client;
use atalaya_store::model::Role;
use atalaya_testbed::proxy;
use tokio::{sync::Semaphore, task::JoinSet};

use crate::world::{PATIENCE, World};

const CLIENTS: usize = 2_000;
const AT_ONCE: usize = 200;

on_both_databases!(
    in_a_storm_of_two_thousand_each_client_has_its_row_when_it_hears_connect,
    a_refused_client_has_no_session_and_leaves_a_record,
);

async fn in_a_storm_of_two_thousand_each_client_has_its_row_when_it_hears_connect(
    mut world: World,
) {
    let users = world.users(40, Role::User).await;
    world.start().await;
    let world = Arc::new(world);
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut storm = JoinSet::new();
    for index in 0..CLIENTS {
        let (world, turns) = (Arc::clone(&world), Arc::clone(&turns));
        let user = users[index % users.len()];
        storm.spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            let client = world.connect(user).await.unwrap();
            assert!(
                world.has_active_row(client.id()).await,
                "CONNECT before the row"
            );
            client
        });
    }
    let clients: Vec<Client> = storm.join_all().await;
    assert_eq!(world.active().await, CLIENTS as i64);
    drop(clients);
    world.until_nobody_is_active().await;
    world.assert_closed_rows_are_whole().await;
    assert_eq!(
        world.number("SELECT count(*) FROM user_sessions").await,
        CLIENTS as i64
    );
}

async fn a_refused_client_has_no_session_and_leaves_a_record(mut world: World) {
    world.start().await;
    let auth = serde_json::json!({"token": "not.a.token"});
    let refused = Client::connect(world.options_with(auth)).await.unwrap_err();
    assert_eq!(refused.code(), Some("token_invalid"));
    world
        .until_number(
            "SELECT count(*) FROM refused_connections WHERE code = 'token_invalid'",
            1,
        )
        .await;
    assert_eq!(world.number("SELECT count(*) FROM user_sessions").await, 0);
}

/// PostgreSQL goes away under a running server and comes back.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_database_nobody_is_admitted_and_the_server_lives_on() {
    let mut world = World::on_postgres().await;
    let user = world.user(Role::User).await;
    let database = proxy::cuttable(world.database_address()).await;
    world.set_database_port(database.address().port());
    world.start().await;
    let first = world.connect(user).await.unwrap();

    database.cut();
    let refused = world.connect(user).await.unwrap_err();
    assert_eq!(refused.code(), Some("ledger_unavailable"));
    let ready = world.get(user, "/readyz").await;
    assert_eq!(ready["status"], "unready");
    assert!(
        first.closed().is_none(),
        "an open socket outlives the database"
    );

    database.restore();
    let started = std::time::Instant::now();
    let second = loop {
        match world.connect(user).await {
            Ok(client) => break client,
            Err(error) => assert!(started.elapsed() < PATIENCE, "{error}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    assert!(world.has_active_row(second.id()).await);
    assert!(world.has_active_row(first.id()).await);
}
