//! What a run found, as it is written with `--json` and read again by whoever compares runs. Units stand in
//! the names; a figure that was not measured (no process id given, no database to ask) is absent.

use serde::{Deserialize, Serialize};

use crate::plan::{Scenario, Transport};

/// One invocation: where, against what, and what each scenario found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Of the tool that measured.
    pub version: String,
    pub url: String,
    pub transport: Transport,
    pub machine: Machine,
    pub outcomes: Vec<Outcome>,
}

/// The machine that the clients ran on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    pub kernel: String,
    pub memory_bytes: u64,
}

/// What one scenario found. `succeeded` and `failed` count its operations: connects, deliveries,
/// notifications or rows, as [`Scenario`] says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    pub scenario: Scenario,
    pub clients: u64,
    /// Of the measured phase alone.
    pub seconds: f64,
    pub succeeded: u64,
    pub failed: u64,
    pub rate_per_s: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Usage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<Usage>,
    /// CPU that this tool itself used per operation, on the cores that the server had to share with it.
    pub client_cpu_us_per_operation: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<Rows>,
    /// Idle, broadcast, direct, mixed: events awaited and seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliveries: Option<Deliveries>,
    /// Direct: from the scheduled moment of the request to its answer, while `latency` runs to the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_latency: Option<Latency>,
    /// Leave: from the first socket closed until no row was active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_closed_seconds: Option<f64>,
    /// Mixed, and direct with reading: each kind of operation by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<Kind>,
    /// Why the first operation that failed did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_failure: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    pub p50_us: u64,
    pub p90_us: u64,
    pub p99_us: u64,
    pub p999_us: u64,
    pub max_us: u64,
}

/// What a process, with its descendants, used during the measured phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    pub cpu_us: u64,
    pub cpu_us_per_operation: f64,
    /// Proportional set size: memory that processes share is divided among them.
    pub pss_before_bytes: u64,
    pub pss_after_bytes: u64,
    /// Idle only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pss_per_connection_bytes: Option<f64>,
    /// Idle only: after every client has received fifty broadcasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pss_after_broadcasts_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pss_per_connection_after_broadcasts_bytes: Option<f64>,
}

/// Rows of the ledger looked up at the moment when CONNECT arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    pub sampled: u64,
    pub missing: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliveries {
    pub expected: u64,
    pub received: u64,
}

/// One kind of operation of a scenario that has several.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kind {
    /// `connect`, `leave`, `publish`, `deliver` or `read`.
    pub name: String,
    pub succeeded: u64,
    pub failed: u64,
    pub rate_per_s: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
}
