//! The load generator, `atalaya bench`, as a process of its own against one stage.

use std::{ops::RangeInclusive, process::Stdio, time::Duration};

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
const WARM_UP_SECONDS: u64 = 2;

/// Carries out one step: the warm-up if it has one, then the measurement.
pub async fn measure(stage: &Stage, step: &Step, sizes: &Sizes) -> Result<Outcome> {
    let last = step.clients + 1;
    let sizes = &Sizes {
        at_once: step.at_once.unwrap_or(sizes.at_once),
        ..sizes.clone()
    };
    if step.warm_up > 0 {
        let sizes = Sizes {
            rate_seconds: sizes.rate_seconds.min(WARM_UP_SECONDS),
            ..sizes.clone()
        };
        let others = last + 1..=last + step.warm_up;
        // Of a server's memory, only connects are to have had a part.
        let scenario = match step.scenario {
            Scenario::Idle => Scenario::Connect,
            other => other,
        };
        let command = command(stage, scenario, others, &sizes)?;
        report_of(command).await.context("in the warm-up")?;
    }
    let command = command(stage, step.scenario, 2..=last, sizes)?;
    let mut report = report_of(command).await?;
    report.outcomes.pop().context("a report without an outcome")
}

/// Connects `clients` and holds them until the child is dropped, or for a few minutes.
pub fn hold(stage: &Stage, clients: u64, sizes: &Sizes) -> Result<Child> {
    let sizes = Sizes {
        settle_seconds: 200,
        ..sizes.clone()
    };
    let mut command = command(stage, Scenario::Idle, 2..=clients + 1, &sizes)?;
    Ok(command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?)
}

/// Each of `users` is a client.
fn command(
    stage: &Stage,
    scenario: Scenario,
    users: RangeInclusive<u64>,
    sizes: &Sizes,
) -> Result<Command> {
    let mut command = Command::new(ATALAYA);
    command
        .args(["bench", scenario.name(), "--json"])
        .args(["--url", &stage.url()])
        .args(["--server-pid", &stage.pid()?.to_string()])
        .args(["--database-url", &stage.store.url])
        .args(["--publisher", "1"])
        .args(["--users", &format!("{}..{}", users.start(), users.end())])
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
