//! The load generator, `atalaya bench`, as a process of its own against one stage.

use std::{process::Stdio, time::Duration};

use anyhow::{Context, Result, bail};
use atalaya_bench::{
    Scenario,
    report::{Outcome, Report},
};
use tokio::{
    process::{Child, Command},
    time::timeout,
};

use crate::{
    contender::{ATALAYA, JWT_SECRET},
    experiment::Step,
    sizes::Sizes,
    stage::Stage,
};

/// Far more than the slowest step takes; every loop of the generator has a bound of its own.
const LIMIT: Duration = Duration::from_secs(300);

/// Carries out one step: the warm-up if it has one, then the measurement.
pub async fn measure(stage: &Stage, step: &Step, sizes: &Sizes) -> Result<Outcome> {
    if step.is_warmed_up() {
        let warm_up = sizes.warm_up.min(step.clients);
        let command = command(stage, Scenario::Connect, warm_up, sizes)?;
        report_of(command).await.context("in the warm-up")?;
    }
    let mut report = report_of(command(stage, step.scenario, step.clients, sizes)?).await?;
    report.outcomes.pop().context("a report without an outcome")
}

/// Connects `clients` and holds them until the child is dropped, or for a few minutes.
pub fn hold(stage: &Stage, clients: u64, sizes: &Sizes) -> Result<Child> {
    let sizes = Sizes {
        settle_seconds: 200,
        ..sizes.clone()
    };
    let mut command = command(stage, Scenario::Idle, clients, &sizes)?;
    Ok(command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?)
}

fn command(stage: &Stage, scenario: Scenario, clients: u64, sizes: &Sizes) -> Result<Command> {
    let mut command = Command::new(ATALAYA);
    command
        .args(["bench", scenario.name(), "--json"])
        .args(["--url", &stage.url()])
        .args(["--server-pid", &stage.pid()?.to_string()])
        .args(["--database-url", &stage.store.url])
        .args(["--publisher", "1"])
        .args(["--users", &format!("2..{}", clients + 1)])
        .args(["--clients", &clients.to_string()])
        .args(["--at-once", &sizes.at_once.to_string()])
        .args(["--count", &sizes.broadcasts.to_string()])
        .args(["--rate", &sizes.rate.to_string()])
        .args(["--length", &format!("{}s", sizes.rate_seconds)])
        .args(["--settle", &format!("{}s", sizes.settle_seconds)]);
    if let Some(pid) = stage.store.pid {
        command.args(["--database-pid", &pid.to_string()]);
    }
    command
        .env("JWT_SECRET", JWT_SECRET)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    Ok(command)
}

async fn report_of(mut command: Command) -> Result<Report> {
    let output = timeout(LIMIT, command.output())
        .await
        .context("atalaya bench did not end")?
        .with_context(|| format!("running {ATALAYA} bench"))?;
    // 1 says that something failed; what it was stands in the report.
    if !matches!(output.status.code(), Some(0 | 1)) {
        bail!(
            "atalaya bench: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    serde_json::from_slice(&output.stdout).context("reading what atalaya bench found")
}
