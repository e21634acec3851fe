//! Subscribing, from HTTP and from a socket alike: once it is committed, the user's open sockets go to their rooms.

use atalaya_store::{StoreError, SubscribeError, Subscription, TopicName, UserId};

use crate::App;

/// Subscribes a user from now on; with whether they were before.
pub(crate) async fn subscribe(
    app: &App,
    user: UserId,
    topic: &TopicName,
) -> Result<(Subscription, bool), SubscribeError> {
    let subscribed = app.store.subscribe(user, topic, app.clock.now()).await?;
    if !subscribed.1 {
        app.delivery.changed();
    }
    Ok(subscribed)
}

/// Ends a subscription, and tells whether there was one.
pub(crate) async fn unsubscribe(
    app: &App,
    user: UserId,
    topic: &TopicName,
) -> Result<bool, StoreError> {
    let left = app.store.unsubscribe(user, topic, app.clock.now()).await?;
    if left {
        app.delivery.changed();
    }
    Ok(left)
}
