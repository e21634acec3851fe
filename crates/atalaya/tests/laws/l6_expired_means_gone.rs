//! L6, as far as the first version goes: a token that expires takes its open socket with it.

use std::time::Instant;

use atalaya_client::Client;
use atalaya_store::model::Role;
use serde_json::json;

use crate::world::{PATIENCE, World, token};

on_both_databases!(an_expired_token_closes_the_socket_that_it_opened);

async fn an_expired_token_closes_the_socket_that_it_opened(mut world: World) {
    let user = world.user(Role::User).await;
    world.start().await;
    let auth = json!({"token": token(user, 2)});
    let mut short = Client::connect(world.options_with(auth)).await.unwrap();
    let mut long = world.connect(user).await.unwrap();
    let started = Instant::now();
    short.wait_closed(PATIENCE).await.unwrap();
    assert!(
        started.elapsed().as_millis() > 500,
        "closed before its time"
    );
    world
        .until_number(
            "SELECT count(*) FROM user_sessions WHERE disconnect_reason = 'token_expired'",
            1,
        )
        .await;
    assert!(long.closed().is_none());
    long.next_event_named("session").await.unwrap();
}
