//! One file per command. Each takes valid settings and gives a result that `output::finish` turns into
//! words and an exit code.

mod bench;
mod database;
pub mod doctor;
mod migrate;
mod prescription;
mod send;
mod serve;
mod token;
mod user;
mod welcome;

use anyhow::{Context, Result};

use crate::{cli::Command, config::Settings, logging, output::Style};

/// Runs a command to its end.
pub fn run(command: Command, settings: &Settings, style: Style) -> Result<()> {
    // Written out when it is dropped: before a failure is told, whatever the way out of here.
    let log = match command {
        Command::Serve(_) => logging::start_for_server(&settings.logs)?,
        _ => logging::start_for_command(&settings.logs)?,
    };
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start the asynchronous runtime")?;
    let result = runtime.block_on(async {
        match command {
            Command::Serve(_) => serve::run(settings, &log, style).await,
            Command::User { command } => user::run(command, settings, style).await,
            Command::Token(args) => token::run(args, settings, style).await,
            Command::Send(args) => send::run(*args, settings, style).await,
            // Has run before any settings were read.
            Command::Doctor(args) => doctor::run(*args, None, style).map(|_| ()),
            Command::Proxy(args) => prescription::proxy(args, settings, style),
            Command::Service(args) => prescription::service(args, settings, style),
            Command::Bench(args) => bench::run(*args, settings, style).await,
            Command::Migrate(_) => migrate::run(settings, style).await,
        }
    });
    // Whatever still runs on a thread of its own, a second signal must not wait for.
    runtime.shutdown_background();
    result
}
