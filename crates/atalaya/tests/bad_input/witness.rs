//! A client that does nothing wrong while others do: it must notice nothing. And the rows of those others.

use std::time::{Duration, Instant};

use atalaya_client::Client;
use atalaya_store::{
    SessionFilter,
    model::{Role, UserId},
};
use serde_json::json;

use crate::world::{PATIENCE, World};

/// A connected client, and the user it belongs to.
pub(crate) struct Witness {
    pub client: Client,
    pub user: UserId,
}

impl Witness {
    pub(crate) async fn join(world: &World) -> Self {
        let user = world.user(Role::User).await;
        let client = world.connect(user).await.unwrap();
        Self { client, user }
    }

    /// The same server still serves it, on the same row.
    pub(crate) async fn is_undisturbed(&self, world: &World) {
        let answer = self
            .client
            .emit_with_ack("list", &[json!({"limit": 1})])
            .await;
        assert_eq!(answer.unwrap()["ok"], true);
        assert!(world.has_active_row(self.client.id()).await);
    }
}

/// Waits until this socket's row is closed, and says why it was.
pub(crate) async fn close_reason(world: &World, user: UserId, socket_id: &str) -> String {
    let filter = SessionFilter {
        user_id: Some(user),
        active: Some(false),
    };
    let started = Instant::now();
    loop {
        let page = world.store.list_sessions(filter, None, 200).await.unwrap();
        if let Some(row) = page.items.iter().find(|row| row.socket_id == socket_id) {
            return row.disconnect_reason.clone().unwrap();
        }
        assert!(
            started.elapsed() < PATIENCE,
            "the row of {socket_id} stays active"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
