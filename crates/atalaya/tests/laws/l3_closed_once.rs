//! L3: each row is closed exactly once, with a reason, and not before it was opened.

use atalaya_client::Mode;
use atalaya_store::model::Role;

use crate::world::World;

on_both_databases!(every_way_to_leave_closes_the_row_once_and_says_why);

async fn every_way_to_leave_closes_the_row_once_and_says_why(mut world: World) {
    let user = world.user(Role::User).await;
    world.start().await;
    let reason = |sql| world.until_number(sql, 1);

    let polite = world.connect(user).await.unwrap();
    polite.disconnect().await.unwrap();
    reason("SELECT count(*) FROM user_sessions WHERE disconnect_reason = 'client_disconnect'")
        .await;

    let abrupt = world.connect(user).await.unwrap();
    abrupt.abandon().await;
    reason("SELECT count(*) FROM user_sessions WHERE disconnect_reason = 'transport_close'").await;

    let rude = world.connect(user).await.unwrap();
    rude.send_raw("9nonsense").await.unwrap();
    reason("SELECT count(*) FROM user_sessions WHERE disconnect_reason = 'parse_error'").await;

    let polling = world.options(user).mode(Mode::Polling);
    let polling = atalaya_client::Client::connect(polling).await.unwrap();
    polling.disconnect().await.unwrap();
    world
        .until_number(
            "SELECT count(*) FROM user_sessions WHERE disconnect_reason = 'client_disconnect'",
            2,
        )
        .await;

    world.until_nobody_is_active().await;
    world.assert_closed_rows_are_whole().await;
    assert_eq!(world.number("SELECT count(*) FROM user_sessions").await, 4);
    // Each close is one line of the log: a row that is closed twice would be told twice.
    world.server().terminate().await;
    let log = world.until_logged("\"stopped\"", 1).await;
    assert_eq!(log.matches("connection closed").count(), 4);
}
