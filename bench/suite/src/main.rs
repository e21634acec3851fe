//! `bench-suite`: holds Atalaya and its peers to the same job, measures them by turns on a private PostgreSQL, and
//! writes what came of it: raw results into a folder, tables and a plot into the documentation.
//!
//! `scripts/bench.sh` builds everything that runs here, and starts this from the root of the repository. The
//! flow: [`check`], then [`run`] (each `experiment` is steps, each step a `stage` and a `load`), then [`ghosts`],
//! then [`document`], which also works alone on results that are there.

#![expect(
    unreachable_pub,
    reason = "a binary exports nothing; `pub` here says that another module uses it"
)]
#![expect(
    clippy::print_stderr,
    reason = "a command tells its user how far it is"
)]

mod check;
mod conditions;
mod contender;
mod database;
mod document;
mod experiment;
mod ghosts;
mod load;
mod metrics;
mod plot;
mod progress;
mod results;
mod run;
mod sizes;
mod spread;
mod stage;
mod tables;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    conditions::{Conditions, load_average},
    contender::Contender,
    database::Postgres,
    document::Place,
    experiment::Experiment,
    results::Results,
    run::Course,
    sizes::Sizes,
};

/// A core that somebody else uses is missing in every figure.
const BUSY: f64 = 0.7;
/// The fewest rounds that have a median worth publishing.
const PUBLISHED_ROUNDS: u32 = 3;

#[derive(Parser)]
#[command(
    name = "bench-suite",
    about = "Measures Atalaya and its peers by turns"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure, and write results and tables
    Run(RunArgs),
    /// Write the tables and the plot of docs/performance.md again, from results that are there
    Tables {
        /// A folder below bench/results
        folder: PathBuf,
    },
}

#[derive(clap::Args)]
struct RunArgs {
    /// Today, for the name of the results' folder
    #[arg(long)]
    date: String,
    /// The kind of machine, for the same
    #[arg(long)]
    host: String,
    #[arg(long, default_value_t = PUBLISHED_ROUNDS, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// The folder of results, to measure a part of them again
    #[arg(long)]
    into: Option<PathBuf>,
    /// A part of the published sizes, such as 0.01
    #[arg(long, default_value_t = 1.0, value_parser = part)]
    scale: f64,
    /// All if none is named
    #[arg(long, value_enum, value_delimiter = ',')]
    scenarios: Vec<Experiment>,
    /// All if none is named
    #[arg(long, value_enum, value_delimiter = ',')]
    peers: Vec<Contender>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(args) => until_interrupted(measure(&args)).await,
        Command::Tables { folder } => {
            document::write(&Results::in_folder(folder), Place::Published)
                .map(|()| ExitCode::SUCCESS)
        }
    };
    done.unwrap_or_else(|error| {
        eprintln!("bench-suite: {error:#}");
        ExitCode::from(2)
    })
}

/// What is under way is dropped, and with it every server and folder that was made.
async fn until_interrupted(work: impl Future<Output = Result<ExitCode>>) -> Result<ExitCode> {
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
        _ = terminated.recv() => bail!("terminated"),
    }
}

async fn measure(args: &RunArgs) -> Result<ExitCode> {
    let course = args.course();
    let place = args.place();
    let folder = args.into.clone();
    let folder = folder.unwrap_or_else(|| place.folder(&format!("{}-{}", args.date, args.host)));
    let results = Results::in_folder(folder);
    warn_if_busy();
    let postgres = Postgres::start().await?;
    let version = postgres.version().await?;
    let conditions = Conditions::now(&args.date, args.rounds, &course.sizes, version)?;
    results.keep_conditions(&conditions)?;

    check::run(&course.contenders, &postgres).await?;
    let failures = run::run(&course, &postgres, &results).await?;
    if course.experiments.contains(&Experiment::Ghosts) {
        let ghosts = ghosts::run(&course.contenders, &postgres, &course.sizes).await?;
        results.keep_ghosts(&ghosts)?;
    }
    document::write(&results, place).context("writing the tables")?;
    if failures > 0 {
        eprintln!("{failures} measurements had failures; see above");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

impl RunArgs {
    fn course(&self) -> Course {
        let all_if_none = |named: &[Contender]| match named {
            [] => Contender::ALL.to_vec(),
            named => named.to_vec(),
        };
        let experiments = match self.scenarios.as_slice() {
            [] => Experiment::ALL.to_vec(),
            named => named.to_vec(),
        };
        Course {
            experiments,
            contenders: all_if_none(&self.peers),
            rounds: self.rounds,
            sizes: Sizes::scaled(self.scale),
        }
    }

    /// Only whole figures are published; a trial run changes no file of the repository.
    fn place(&self) -> Place {
        let is_whole =
            self.scale == 1.0 && self.rounds >= PUBLISHED_ROUNDS && self.peers.is_empty();
        if is_whole {
            Place::Published
        } else {
            Place::Trial
        }
    }
}

fn warn_if_busy() {
    let load = load_average();
    if load > BUSY {
        eprintln!("WARNING: this machine is busy (load {load:.1}); figures will be wrong");
    }
}

fn part(text: &str) -> Result<f64, &'static str> {
    let part = text.parse().unwrap_or(0.0);
    if part > 0.0 && part <= 1.0 {
        Ok(part)
    } else {
        Err("expected a number above 0, at most 1")
    }
}
