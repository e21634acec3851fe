//! A database that fails under a running server: no CONNECT without a row, nothing published by halves, the
//! server lives and says so in `/readyz`, sockets that are open stay, and all goes on when it is back.

use std::time::{Duration, Instant};

use atalaya_client::{Client, Mode};
use atalaya_store::model::{Role, UserId};
use atalaya_testbed::postgres::{Database, Server};
use serde_json::{Value, json};

use crate::{
    wire::{Answer, request},
    witness::{Witness, close_reason},
    world::{PATIENCE, World, token},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_stops_and_returns() {
    let mut server = Server::start().await;
    let world = World::on(Database::create(&server.url("postgres")).await).await;
    let failing = Failing::begin(world).await;
    server.stop().await;
    failing.is_told("unreachable").await;
    server.resume().await;
    failing.is_forgotten().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_becomes_read_only_and_writable_again() {
    let failing = Failing::begin(World::on_postgres().await).await;
    make_postgres_read_only(&failing.world, "on").await;
    failing.is_told("read-only").await;
    make_postgres_read_only(&failing.world, "off").await;
    failing.is_forgotten().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sqlite_whose_folder_is_taken_away_and_put_back() {
    let world = World::on_sqlite().await;
    let (folder, aside) = (
        world.folder().join("database"),
        world.folder().join("aside"),
    );
    let failing = Failing::begin(world).await;
    std::fs::rename(&folder, &aside).unwrap();
    failing.is_told("unreachable").await;
    std::fs::rename(&aside, &folder).unwrap();
    failing.is_forgotten().await;
}

/// For every connection, those that are open included.
async fn make_postgres_read_only(world: &World, state: &str) {
    let (_, name) = world.database_url().rsplit_once('/').unwrap();
    let set = format!(
        "BEGIN READ WRITE; ALTER DATABASE {name} SET default_transaction_read_only = {state}; COMMIT"
    );
    world.execute_on_postgres(set).await;
    let reconnect = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                     WHERE datname = current_database() AND pid <> pg_backend_pid()";
    world.execute_on_postgres(reconnect.to_owned()).await;
}

/// A server whose database fails while a client is connected.
struct Failing {
    world: World,
    witness: Witness,
    operator: UserId,
}

impl Failing {
    async fn begin(mut world: World) -> Self {
        world.start().await;
        let operator = world.user(Role::Operator).await;
        let witness = Witness::join(&world).await;
        until_ready(&world).await;
        Self {
            world,
            witness,
            operator,
        }
    }

    async fn is_told(&self, database: &str) {
        let world = &self.world;
        let unready = until_readiness(world, 503).await;
        let told = unready["checks"]["database"].as_str().unwrap();
        assert!(told.starts_with(database), "{told}");
        assert_eq!(
            ask(world, "/healthz").await.status,
            200,
            "a restart would not help"
        );
        for mode in [Mode::WebSocket, Mode::Polling] {
            let options = world.options(self.witness.user).mode(mode);
            let refused = Client::connect(options).await.unwrap_err();
            assert_eq!(refused.code(), Some("ledger_unavailable"), "{refused}");
        }
        let answer = self.publish("while it was away").await;
        assert_eq!(answer.status, 503, "{}", answer.body);
        assert_eq!(answer.json()["code"], "database_unavailable");
        assert!(
            self.witness.client.closed().is_none(),
            "an open socket stays"
        );
    }

    async fn is_forgotten(&self) {
        let world = &self.world;
        until_ready(world).await;
        // Clients come back by themselves; a try may still meet a connection that broke.
        let started = Instant::now();
        let client = loop {
            match world.connect(self.witness.user).await {
                Ok(client) => break client,
                Err(error) => assert_eq!(error.code(), Some("ledger_unavailable"), "{error}"),
            }
            assert!(started.elapsed() < PATIENCE);
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        assert!(world.has_active_row(client.id()).await);
        self.witness.is_undisturbed(world).await;
        assert_eq!(world.active().await, 2, "nobody has a row who was refused");
        self.only_what_was_answered_201_is_there().await;
        let (id, user) = (client.id().to_owned(), self.witness.user);
        client.disconnect().await.unwrap();
        assert_eq!(close_reason(world, user, &id).await, "client_disconnect");
    }

    async fn only_what_was_answered_201_is_there(&self) {
        assert_eq!(self.publish("afterwards").await.status, 201);
        let inbox = self
            .world
            .get(self.witness.user, "/api/notifications")
            .await;
        let titles: Vec<_> = inbox["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| &item["title"])
            .collect();
        assert_eq!(titles, ["afterwards"]);
    }

    async fn publish(&self, title: &str) -> Answer {
        let bearer = format!("Authorization: Bearer {}", token(self.operator, 3_600));
        let headers = ["Content-Type: application/json", &bearer];
        let body = json!({"to": {"users": [self.witness.user.0]}, "title": title}).to_string();
        let address = self.world.address();
        request(
            address,
            "POST",
            "/api/notifications",
            &headers,
            body.as_bytes(),
        )
        .await
    }
}

pub(crate) async fn until_ready(world: &World) {
    let ready = until_readiness(world, 200).await;
    assert_eq!(ready["checks"]["database"], "ok", "{ready}");
}

/// Longer than the server takes to notice, and shorter than what ends the test without a word.
const READINESS_LIMIT: Duration = Duration::from_secs(30);

/// Waits until `/readyz` answers with this status, and gives what it says.
pub(crate) async fn until_readiness(world: &World, status: u16) -> Value {
    let started = Instant::now();
    loop {
        let answer = ask(world, "/readyz").await;
        if answer.status == status {
            return answer.json();
        }
        assert!(
            started.elapsed() < READINESS_LIMIT,
            "{} {}",
            answer.status,
            answer.body
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn ask(world: &World, path: &str) -> Answer {
    request(world.address(), "GET", path, &[], b"").await
}
