//! A first measuring tool, for use while the server is being built: how fast sockets connect (`storm`), what
//! an idle one costs in memory (`idle`), what a delivery costs in CPU (`broadcast`). The costs are read from
//! `/proc` of the processes named, so it runs on Linux, beside the server.

#![expect(
    clippy::print_stdout,
    reason = "a command line tool talks on standard output"
)]

mod crowd;
mod process;
mod report;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use atalaya_client::http;
use clap::{Args, Parser, Subcommand};
use serde_json::json;

use crowd::{Crowd, Target};
use process::Cpu;
use report::Report;

#[derive(Parser)]
#[command(about = "Measure a server from beside it")]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Print one JSON object in place of the table.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Connect many clients at once: connections per second, CPU per connection.
    Storm(Common),
    /// Hold many clients that do nothing: memory per connection. On a server just started, or what it
    /// kept from an earlier crowd hides part of the cost.
    Idle {
        #[command(flatten)]
        common: Common,
        /// Seconds between the last connection and the reading.
        #[arg(long, default_value_t = 5)]
        settle_seconds: u64,
    },
    /// Publish to everybody: CPU per delivery, deliveries per second.
    Broadcast {
        #[command(flatten)]
        common: Common,
        #[arg(long, default_value_t = 20)]
        broadcasts: u64,
        /// The user whose token publishes.
        #[arg(long, default_value_t = 1)]
        publisher: u64,
        /// Give up this many seconds after the last broadcast.
        #[arg(long, default_value_t = 60)]
        patience_seconds: u64,
    },
}

#[derive(Args)]
struct Common {
    #[command(flatten)]
    target: Target,
    /// Processes of the server, each with its descendants.
    #[arg(long = "server-pid")]
    server_pids: Vec<u32>,
    /// Processes of the database, each with its descendants.
    #[arg(long = "database-pid")]
    database_pids: Vec<u32>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let report = match &cli.command {
        Command::Storm(common) => storm(common).await,
        Command::Idle {
            common,
            settle_seconds,
        } => idle(common, Duration::from_secs(*settle_seconds)).await,
        Command::Broadcast {
            common,
            broadcasts,
            publisher,
            patience_seconds,
        } => {
            let patience = Duration::from_secs(*patience_seconds);
            broadcast(common, *broadcasts, *publisher, patience).await
        }
    }?;
    report.print(cli.json);
    Ok(())
}

async fn storm(common: &Common) -> anyhow::Result<Report> {
    process::require_descriptors(common.target.descriptors())?;
    let mut meter = Meter::start(common)?;
    let crowd = Crowd::gather(&common.target).await?;
    meter.stop()?;
    let mut report = Report::new("storm");
    crowd.describe(&mut report);
    report.add(
        "connections_per_second",
        crowd.len() as f64 / meter.elapsed.as_secs_f64(),
    );
    meter.describe(&mut report, "connection", crowd.len() as f64);
    crowd.disperse().await;
    Ok(report)
}

async fn idle(common: &Common, settle: Duration) -> anyhow::Result<Report> {
    process::require_descriptors(common.target.descriptors())?;
    if common.server_pids.is_empty() {
        bail!("--server-pid says whose memory to read");
    }
    let before = process::pss_bytes(&common.server_pids)?;
    let crowd = Crowd::gather(&common.target).await?;
    tokio::time::sleep(settle).await;
    let mut meter = Meter::start(common)?;
    let after = process::pss_bytes(&common.server_pids)?;
    tokio::time::sleep(settle).await;
    meter.stop()?;
    let mut report = Report::new("idle");
    crowd.describe(&mut report);
    report.add("pss_before_bytes", before as f64);
    report.add("pss_after_bytes", after as f64);
    report.add(
        "pss_per_connection_bytes",
        (after as f64 - before as f64) / crowd.len() as f64,
    );
    report.add("still_connected", crowd.still_connected() as f64);
    meter.describe(
        &mut report,
        "connection_second",
        crowd.len() as f64 * meter.elapsed.as_secs_f64(),
    );
    crowd.disperse().await;
    Ok(report)
}

async fn broadcast(
    common: &Common,
    broadcasts: u64,
    publisher: u64,
    patience: Duration,
) -> anyhow::Result<Report> {
    process::require_descriptors(common.target.descriptors())?;
    let crowd = Crowd::gather(&common.target).await?;
    crowd.wait_quiet().await;
    let expected = crowd.len() as u64 * broadcasts;
    let start = crowd.deliveries.load(Ordering::Relaxed);
    let token = common.target.token(publisher)?;
    let mut meter = Meter::start(common)?;
    for n in 0..broadcasts {
        publish(&common.target.url, &token, n).await?;
    }
    let published = Instant::now();
    let mut delivered = 0;
    while delivered < expected && published.elapsed() < patience {
        tokio::time::sleep(Duration::from_millis(5)).await;
        delivered = crowd.deliveries.load(Ordering::Relaxed) - start;
    }
    meter.stop()?;
    let mut report = Report::new("broadcast");
    crowd.describe(&mut report);
    report.add("broadcasts", broadcasts as f64);
    report.add("deliveries", delivered as f64);
    report.add(
        "deliveries_missing",
        expected.saturating_sub(delivered) as f64,
    );
    report.add(
        "deliveries_per_second",
        delivered as f64 / meter.elapsed.as_secs_f64(),
    );
    report.add("still_connected", crowd.still_connected() as f64);
    meter.describe(&mut report, "delivery", delivered as f64);
    crowd.disperse().await;
    Ok(report)
}

async fn publish(url: &str, token: &str, number: u64) -> anyhow::Result<()> {
    let notification = json!({
        "to": {"all": true},
        "title": format!("Load test broadcast {number}"),
        "body": "A body of the length that notifications usually have, which is about a hundred characters in all.",
    });
    let url = format!("{}/api/notifications", url.trim_end_matches('/'));
    let answer = http::request(::http::Method::POST, &url, Some(token), Some(&notification))
        .await
        .with_context(|| format!("publishing through {url}"))?;
    if !answer.status.is_success() {
        bail!("{url} answered {}: {}", answer.status, answer.text());
    }
    Ok(())
}

/// CPU and wall time between two moments.
struct Meter<'a> {
    common: &'a Common,
    started: Instant,
    server: Cpu,
    database: Cpu,
    elapsed: Duration,
}

impl<'a> Meter<'a> {
    fn start(common: &'a Common) -> anyhow::Result<Self> {
        Ok(Self {
            common,
            server: Cpu::of(&common.server_pids)?,
            database: Cpu::of(&common.database_pids)?,
            started: Instant::now(),
            elapsed: Duration::ZERO,
        })
    }

    fn stop(&mut self) -> anyhow::Result<()> {
        self.elapsed = self.started.elapsed();
        self.server = Cpu::of(&self.common.server_pids)?.since(self.server);
        self.database = Cpu::of(&self.common.database_pids)?.since(self.database);
        Ok(())
    }

    fn describe(&self, report: &mut Report, unit: &str, count: f64) {
        report.add("elapsed_seconds", self.elapsed.as_secs_f64());
        let sides = [
            ("server", &self.common.server_pids, self.server),
            ("database", &self.common.database_pids, self.database),
        ];
        for (side, pids, cpu) in sides {
            if !pids.is_empty() {
                report.add(&format!("{side}_cpu_seconds"), cpu.seconds());
                report.add(
                    &format!("{side}_cpu_us_per_{unit}"),
                    cpu.seconds() * 1e6 / count,
                );
            }
        }
    }
}
