//! `atalaya serve`: start the server, say where it is, and stop it in order. The first signal drains, the
//! second stops at once.

use std::{
    io::{self, IsTerminal},
    net::SocketAddr,
};

use anyhow::{Context, Result};
use atalaya_server::{Config, Server, StartError};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{database, welcome};
use crate::{
    config::Settings,
    listener::{self, Listener},
    logging::Log,
    output::{Failure, Style},
    service_manager,
};

pub async fn run(settings: &Settings, log: &Log, style: Style) -> Result<()> {
    // Before anything is held: a signal during the start must not be lost.
    let mut signals = Signals::listen(log)?;
    let config = settings.signing_config()?;
    make_room_for_connections(config.max_connections);
    let server = tokio::select! {
        started = Server::start(config.clone()) => started.map_err(|error| explain(error, &config))?,
        () = signals.stop() => return Ok(()),
    };
    // Nobody may be reading; the server serves all the same.
    if let Err(error) = welcome::greet(&server, &config, style) {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the welcome could not be printed"
        );
    }
    service_manager::tell_ready();
    signals.stop().await;
    service_manager::tell_stopping();
    tokio::select! {
        () = server.shutdown() => Ok(()),
        () = signals.stop() => Err(Failure::could_not_run(
            "stopping the server",
            "a second signal came before all rows were closed; the next start closes what is left",
        ).into()),
    }
}

/// The signals that end the server, and the one that has the log file reopened.
struct Signals<'a> {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    log: &'a Log,
}

impl<'a> Signals<'a> {
    fn listen(log: &'a Log) -> Result<Self> {
        let on = |kind| signal(kind).context("could not listen for signals");
        Ok(Self {
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
            hangup: on(SignalKind::hangup())?,
            log,
        })
    }

    /// Ends when the process is asked to stop.
    async fn stop(&mut self) {
        let signal = loop {
            tokio::select! {
                _ = self.terminate.recv() => break "SIGTERM",
                _ = self.interrupt.recv() => break "SIGINT",
                _ = self.hangup.recv() => {
                    // The terminal was closed, and nobody could stop the server by Ctrl-C any more.
                    if io::stdin().is_terminal() {
                        break "SIGHUP";
                    }
                    // A rotation says so; the file is followed without it as well.
                    self.log.reopen();
                }
            }
        };
        tracing::info!(signal, "asked to stop");
    }
}

/// Each connection is a file descriptor, and many systems start a process with room for 1024. The room up
/// to the hard limit is ours to take; beyond it only the administrator can help.
fn make_room_for_connections(max_connections: usize) {
    // The database, the log, the listeners and a few requests of the API.
    const OTHERS: u64 = 100;
    let wanted = max_connections as u64 + OTHERS;
    let mut limit = getrlimit(Resource::Nofile);
    // Not asked for in vain: a service's system call filter may forbid it.
    let is_raised = limit.current == limit.maximum;
    limit.current = limit.maximum;
    if !is_raised && let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the limit of open files stays as it was"
        );
    }
    let room = getrlimit(Resource::Nofile).current;
    if let Some(room) = room.filter(|room| *room < wanted) {
        tracing::info!(
            open_files.limit = room,
            open_files.wanted = wanted,
            "fewer connections than max_connections fit into the limit of open files (LimitNOFILE, ulimit -n)"
        );
    }
}

fn explain(error: StartError, config: &Config) -> anyhow::Error {
    match error {
        StartError::Listen { address, source } => listen_failure(address, &source, config).into(),
        StartError::Store(error) => {
            database::explain("starting with the database", &error, &config.database_url).into()
        }
        other => Failure::could_not_run("starting the server", other).into(),
    }
}

fn listen_failure(address: SocketAddr, source: &io::Error, config: &Config) -> Failure {
    let setting = if address == config.ops_listen {
        "ops-listen"
    } else {
        "listen"
    };
    let doing = format!("listening on {address} (--{setting})");
    match source.kind() {
        io::ErrorKind::AddrInUse => {
            let wrong = match listener::of_port(address.port()) {
                Listener::Process { pid, name } => {
                    format!("the port is in use: {name} (process {pid}) listens there")
                }
                Listener::Hidden => "the port is in use, by a program of another user".to_owned(),
                Listener::None => {
                    "the port is in use, though nobody listens: a connection of some client has it"
                        .to_owned()
                }
            };
            let mut other = address;
            other.set_port(address.port().checked_add(1).unwrap_or(0));
            Failure::could_not_run(doing, wrong)
                .try_this(format!(
                    "see who it is: ss -tanp 'sport = :{}'",
                    address.port()
                ))
                .try_this(format!(
                    "take another port: atalaya serve --{setting} {other}"
                ))
        }
        io::ErrorKind::PermissionDenied => Failure::could_not_run(
            doing,
            "this user may not listen there; ports below 1024 are reserved",
        )
        .try_this("take a port from 1024 up, and let the proxy have port 80"),
        io::ErrorKind::AddrNotAvailable => {
            Failure::could_not_run(doing, "this machine has no such address").try_this(format!(
                "see its addresses: ip addr; or take all of them: --{setting} 0.0.0.0:{}",
                address.port()
            ))
        }
        _ => Failure::could_not_run(doing, source),
    }
}
