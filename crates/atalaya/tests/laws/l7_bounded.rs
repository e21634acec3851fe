//! L7, as far as the first version goes: who does not read is cut off with a reason, costs nobody else
//! anything, and finds everything in the inbox.

use atalaya_client::{Client, Events};
use atalaya_store::model::Role;

use crate::world::{World, large};

on_both_databases!(a_slow_consumer_is_cut_off_and_finds_its_notifications_in_the_inbox);

async fn a_slow_consumer_is_cut_off_and_finds_its_notifications_in_the_inbox(mut world: World) {
    const PUBLISHES: usize = 500;
    world.set("ATALAYA_OUTBOUND_MAX_MESSAGES", "32");
    let operator = world.user(Role::Operator).await;
    let slow = world.user(Role::User).await;
    let quick = world.user(Role::User).await;
    world.start().await;
    let mut stuck = world.options(slow);
    stuck.events = Events::Queue(1);
    let stuck = Client::connect(stuck).await.unwrap();
    let mut reader = world.connect(quick).await.unwrap();

    // Larger than what the kernel keeps for a connection that nobody reads.
    for number in 0..PUBLISHES {
        let notification = large(&[slow, quick], &number.to_string());
        world.publish(operator, notification).await;
        let event = reader.next_event_named("notification").await.unwrap();
        assert_eq!(event.arg(0)["title"], number.to_string());
    }
    world
        .until_number(
            "SELECT count(*) FROM user_sessions WHERE disconnect_reason = 'slow_consumer'",
            1,
        )
        .await;
    let inbox = world.get(slow, "/api/notifications?limit=1").await;
    assert_eq!(inbox["unread"], PUBLISHES);
    drop(stuck);
}
