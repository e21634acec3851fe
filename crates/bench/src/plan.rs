//! What to measure, against what, as whom. Everything here is valid already: who builds a [`Plan`] has read
//! and checked what a person typed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::target::Target;

/// What to measure. In parentheses, what one operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// Everybody connects, a bounded number at a time (a connect, up to CONNECT).
    Connect,
    /// Everybody is connected and nothing happens; then everybody has received broadcasts (a connection).
    Idle,
    /// One broadcast after the other, each to everybody (a delivery).
    Broadcast,
    /// Notifications to one random user each, at a steady rate (a notification, published and received).
    Direct,
    /// The same, and each receiver then reads it from the inbox (a notification, also read).
    DirectRead,
    /// As many notifications as go, each to one random user (a notification, committed).
    Publish,
    /// Everybody goes at once, until the last row is closed (a row).
    Leave,
    /// Connects, leaves, publishes and reads at once (any of them).
    Mixed,
}

impl Scenario {
    pub const ALL: [Self; 8] = [
        Self::Connect,
        Self::Idle,
        Self::Broadcast,
        Self::Direct,
        Self::DirectRead,
        Self::Publish,
        Self::Leave,
        Self::Mixed,
    ];

    /// As it is typed and written in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Idle => "idle",
            Self::Broadcast => "broadcast",
            Self::Direct => "direct",
            Self::DirectRead => "direct-read",
            Self::Publish => "publish",
            Self::Leave => "leave",
            Self::Mixed => "mixed",
        }
    }
}

/// How the clients talk to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    Websocket,
    Polling,
}

/// Somebody to connect as.
#[derive(Clone, Debug)]
pub struct Person {
    /// The id by which a notification is addressed to them.
    pub id: u64,
    pub token: String,
}

/// Processes to account for, each with its descendants.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pids {
    pub server: Option<u32>,
    pub database: Option<u32>,
}

/// A whole measurement but for the scenario.
#[derive(Clone, Debug)]
pub struct Plan {
    pub target: Target,
    pub transport: Transport,
    /// One for each client.
    pub people: Vec<Person>,
    /// The token of an operator or administrator.
    pub publisher_token: String,
    /// Connection attempts under way at once.
    pub at_once: usize,
    /// Broadcasts to send, in the scenario of that name.
    pub count: u32,
    /// Clients that stop reading before the broadcasts begin; nothing is expected of them.
    pub stuck: usize,
    /// Notifications a second (direct, mixed).
    pub rate_per_s: f64,
    /// Connects a second, and as many leaves (mixed).
    pub churn_per_s: f64,
    /// How long the rates are kept up.
    pub length: Duration,
    /// Title and body of a notification together.
    pub payload_bytes: usize,
    /// How long a server is left alone before its memory is read.
    pub settle: Duration,
    /// How long one connection attempt, or the last delivery of a phase, may take.
    pub patience: Duration,
    pub pids: Pids,
    /// The server's database: `sqlite://…` or `postgres://…`. Looked into for rows, never written.
    pub database_url: Option<String>,
}

impl Plan {
    pub fn clients(&self) -> usize {
        self.people.len()
    }
}

/// Who is told how far a phase is.
pub trait Progress: Send + Sync {
    fn phase(&self, name: &str, total: u64);
    /// Called a few times a second.
    fn advance(&self, done: u64);
    fn finish(&self);
}
