//! What is read off an outcome: each row of the tables, and which way is better.

use atalaya_bench::{
    Scenario,
    report::{Latency, Outcome, Usage},
};

use crate::experiment::Experiment;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    More,
    Less,
}

/// One figure of one experiment.
#[derive(Clone, Copy)]
pub struct Metric {
    pub name: &'static str,
    /// Empty where the name says it.
    pub unit: &'static str,
    pub experiment: Experiment,
    pub scenario: Scenario,
    pub better: Better,
    pub read: fn(&Outcome) -> Option<f64>,
}

pub const CONNECT_RATE: Metric = Metric {
    name: "connects/s",
    unit: "",
    experiment: Experiment::Connect,
    scenario: Scenario::Connect,
    better: Better::More,
    read: |outcome| Some(outcome.rate_per_s),
};

pub const CONNECT_P50: Metric = Metric {
    name: "until CONNECT, half of the clients",
    unit: "ms",
    better: Better::Less,
    read: |outcome| milliseconds(outcome, |latency| latency.p50_us),
    ..CONNECT_RATE
};

pub const CONNECT_P99: Metric = Metric {
    name: "until CONNECT, 99 of 100",
    unit: "ms",
    read: |outcome| milliseconds(outcome, |latency| latency.p99_us),
    ..CONNECT_P50
};

pub const CONNECT_CPU: Metric = Metric {
    name: "CPU per connect, server + database",
    unit: "µs",
    read: cpu_us,
    ..CONNECT_P50
};

pub const CONNECT_DATABASE_CPU: Metric = Metric {
    name: "of that the database",
    unit: "µs",
    read: |outcome| Some(outcome.database?.cpu_us_per_operation),
    ..CONNECT_P50
};

pub const WARM_RATE: Metric = Metric {
    name: "connects/s, once warm",
    experiment: Experiment::Warm,
    ..CONNECT_RATE
};

pub const WARM_CPU: Metric = Metric {
    name: "CPU per connect, once warm",
    experiment: Experiment::Warm,
    ..CONNECT_CPU
};

pub const LEAVE: Metric = Metric {
    name: "all leave at once: until every row is closed",
    unit: "s",
    experiment: Experiment::Leave,
    scenario: Scenario::Leave,
    better: Better::Less,
    read: |outcome| outcome.rows_closed_seconds,
};

pub const IDLE_MEMORY: Metric = Metric {
    name: "memory per idle connection",
    unit: "KiB",
    experiment: Experiment::Idle,
    scenario: Scenario::Idle,
    better: Better::Less,
    read: |outcome| kibibytes(outcome, |server| server.pss_per_connection_bytes),
};

pub const USED_MEMORY: Metric = Metric {
    name: "memory per connection after 50 broadcasts",
    unit: "KiB",
    read: |outcome| {
        kibibytes(outcome, |server| {
            server.pss_per_connection_after_broadcasts_bytes
        })
    },
    ..IDLE_MEMORY
};

pub const DELIVERY_CPU: Metric = Metric {
    name: "CPU per delivery of a broadcast, server + database",
    unit: "µs",
    experiment: Experiment::Broadcast,
    scenario: Scenario::Broadcast,
    better: Better::Less,
    read: cpu_us,
};

pub const DELIVERY_RATE: Metric = Metric {
    name: "deliveries/s",
    unit: "",
    better: Better::More,
    read: |outcome| Some(outcome.rate_per_s),
    ..DELIVERY_CPU
};

pub const DIRECT_P50: Metric = Metric {
    name: "to one user: until received, half of them",
    unit: "ms",
    experiment: Experiment::Direct,
    scenario: Scenario::Direct,
    better: Better::Less,
    read: |outcome| milliseconds(outcome, |latency| latency.p50_us),
};

pub const DIRECT_P99: Metric = Metric {
    name: "to one user: until received, 99 of 100",
    unit: "ms",
    read: |outcome| milliseconds(outcome, |latency| latency.p99_us),
    ..DIRECT_P50
};

pub const DIRECT_CPU: Metric = Metric {
    name: "to one user: CPU, server + database",
    unit: "µs",
    read: cpu_us,
    ..DIRECT_P50
};

impl Metric {
    /// As it heads a row.
    pub fn title(&self) -> String {
        match self.unit {
            "" => self.name.to_owned(),
            unit => format!("{}, {unit}", self.name),
        }
    }
}

/// The rows of the comparison, in their order.
pub const COMPARED: [Metric; 15] = [
    CONNECT_RATE,
    CONNECT_P50,
    CONNECT_P99,
    CONNECT_CPU,
    CONNECT_DATABASE_CPU,
    WARM_RATE,
    WARM_CPU,
    LEAVE,
    IDLE_MEMORY,
    USED_MEMORY,
    DELIVERY_CPU,
    DELIVERY_RATE,
    DIRECT_P50,
    DIRECT_P99,
    DIRECT_CPU,
];

/// A database in the server's process is in the server's share.
fn cpu_us(outcome: &Outcome) -> Option<f64> {
    let database = outcome
        .database
        .map_or(0.0, |usage| usage.cpu_us_per_operation);
    Some(outcome.server?.cpu_us_per_operation + database)
}

fn milliseconds(outcome: &Outcome, of: fn(Latency) -> u64) -> Option<f64> {
    Some(of(outcome.latency?) as f64 / 1_000.0)
}

fn kibibytes(outcome: &Outcome, of: fn(Usage) -> Option<f64>) -> Option<f64> {
    Some(of(outcome.server?)? / 1024.0)
}
