//! L2: no row stays active without a live socket for longer than the lease, whatever died.

use std::time::Duration;

use atalaya_store::model::Role;
use atalaya_testbed::proxy;

use crate::world::{PATIENCE, World};

on_both_databases!(
    after_kill_nine_with_five_hundred_connected_a_restart_leaves_no_ghost,
    a_client_that_vanishes_without_a_word_is_closed_by_the_heartbeat,
    sigterm_closes_every_row_and_exits_within_the_grace_period,
);

async fn connect_many(world: &World, count: usize) -> Vec<atalaya_client::Client> {
    let users = world.users(10, Role::User).await;
    let connecting = (0..count).map(|index| world.connect(users[index % users.len()]));
    futures_util::future::try_join_all(connecting)
        .await
        .unwrap()
}

async fn after_kill_nine_with_five_hundred_connected_a_restart_leaves_no_ghost(mut world: World) {
    world.start().await;
    let clients = connect_many(&world, 500).await;
    assert_eq!(world.active().await, 500);
    world.kill().await;
    assert_eq!(world.active().await, 500, "kill -9 leaves rows behind");

    world.start().await;
    assert_eq!(
        world.active().await,
        0,
        "the start closes what its predecessor left"
    );
    let lost = world
        .number("SELECT count(*) FROM user_sessions WHERE disconnect_reason = 'node_lost'")
        .await;
    assert_eq!(lost, 500);
    world.assert_closed_rows_are_whole().await;
    drop(clients);
}

async fn a_client_that_vanishes_without_a_word_is_closed_by_the_heartbeat(mut world: World) {
    world.set("ATALAYA_PING_INTERVAL_SECONDS", "300ms");
    world.set("ATALAYA_PING_TIMEOUT_SECONDS", "300ms");
    let user = world.user(Role::User).await;
    world.start().await;
    let mut options = world.options(user);
    options.answers_heartbeats = false;
    let silent = atalaya_client::Client::connect(options).await.unwrap();
    world
        .until_number(
            "SELECT count(*) FROM user_sessions WHERE disconnect_reason = 'ping_timeout'",
            1,
        )
        .await;
    drop(silent);
}

async fn sigterm_closes_every_row_and_exits_within_the_grace_period(mut world: World) {
    world.start().await;
    let clients = connect_many(&world, 50).await;
    world.server().terminate().await;
    let status = world.server().wait(PATIENCE).await;
    assert!(status.success(), "{status}");
    assert_eq!(world.active().await, 0);
    let shut_down = world
        .number("SELECT count(*) FROM user_sessions WHERE disconnect_reason = 'server_shutdown'")
        .await;
    assert_eq!(shut_down, 50);
    world.assert_closed_rows_are_whole().await;
    drop(clients);
}

/// Two servers on one database: the one that lives closes the rows of the one that died.
#[tokio::test(flavor = "multi_thread")]
async fn another_server_closes_the_rows_of_one_whose_lease_ran_out() {
    let mut world = World::on_postgres().await;
    world.set("ATALAYA_LEASE_SECONDS", "2s");
    world.start().await;
    let clients = connect_many(&world, 20).await;
    let (_survivor, _) = world.start_another().await;
    world.kill().await;
    world.until_nobody_is_active().await;
    let lost = world
        .number("SELECT count(*) FROM user_sessions WHERE disconnect_reason = 'node_lost'")
        .await;
    assert_eq!(lost, 20);
    drop(clients);
}

/// A server that was cut off for longer than its lease finds its rows closed by another: it must not go on
/// with sockets that have no row.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_lost_its_lease_cuts_its_sockets() {
    let mut world = World::on_postgres().await;
    world.set("ATALAYA_LEASE_SECONDS", "2s");
    let user = world.user(Role::User).await;
    let (_other, _) = world.start_another().await;
    let database = proxy::cuttable(world.database_address()).await;
    world.set_database_port(database.address().port());
    world.start().await;
    let mut client = world.connect(user).await.unwrap();

    database.cut();
    world.until_nobody_is_active().await;
    let refused = world.connect(user).await.unwrap_err();
    assert_eq!(refused.code(), Some("ledger_unavailable"));
    database.restore();
    client.wait_closed(PATIENCE).await.unwrap();

    let started = std::time::Instant::now();
    let back = loop {
        match world.connect(user).await {
            Ok(client) => break client,
            Err(error) => assert!(started.elapsed() < PATIENCE, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert!(world.has_active_row(back.id()).await);
}

/// Rows that could not be closed while the database was away are closed when it is back.
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_leave_while_the_database_is_away_are_closed_when_it_is_back() {
    let mut world = World::on_postgres().await;
    let database = proxy::cuttable(world.database_address()).await;
    world.set_database_port(database.address().port());
    world.start().await;
    let clients = connect_many(&world, 30).await;
    database.cut();
    for client in clients {
        client.disconnect().await.unwrap();
    }
    assert_eq!(world.active().await, 30);
    database.restore();
    world.until_nobody_is_active().await;
    let left = world
        .number("SELECT count(*) FROM user_sessions WHERE disconnect_reason = 'client_disconnect'")
        .await;
    assert_eq!(left, 30);
}
