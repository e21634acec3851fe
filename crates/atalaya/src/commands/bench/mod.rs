//! `atalaya bench`: measure a server, by default one that is started for it alone.
//!
//! `own_server` starts and stops that one, `tokens` says as whom to connect to another, `words` shows what was found.

mod own_server;
mod progress;
mod tokens;
mod words;

use std::path::Path;

use anyhow::{Context, Result};
use atalaya_bench::{
    Error, Person, Pids, Plan, Scenario, Target, Transport, database_process,
    report::{Machine, Outcome, Report},
};
use atalaya_server::config::Secret;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::spawn_blocking,
};

use self::{own_server::OwnServer, progress::Shown};
use crate::{
    cli::{BenchArgs, ScenarioName, TransportName},
    config::Settings,
    language::Language,
    output::{Failure, Style},
};

const DOING: &str = "measuring";
/// How many clients there are when nobody says it.
const CLIENTS: u32 = 1000;
/// What a server is not asked for here: it is at its defaults.
const NAMESPACE: &str = "/notifications";
const PATH: &str = "/socket.io/";

pub async fn run(args: BenchArgs, settings: &Settings, style: Style) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("could not listen for signals")?;
    // Dropping the work that is under way ends the server that it may have started.
    let report = tokio::select! {
        report = measure(&args, settings) => report?,
        _ = tokio::signal::ctrl_c() => return Err(interrupted()),
        _ = terminate.recv() => return Err(interrupted()),
    };
    style.print(&report, |paint| {
        words::of(&report, paint, Language::of_environment())
    })?;
    Ok(())
}

fn interrupted() -> anyhow::Error {
    Failure::could_not_run(DOING, "it was interrupted before it was over").into()
}

async fn measure(args: &BenchArgs, settings: &Settings) -> Result<Report> {
    match &args.server.url {
        Some(url) => measure_running(url, args, settings).await,
        None => measure_own(args).await,
    }
}

/// Each scenario on a server that has just started, so that none pays for what came before it.
async fn measure_own(args: &BenchArgs) -> Result<Report> {
    let clients = args.load.clients.unwrap_or(CLIENTS) as usize;
    make_room_for(clients)?;
    let mut report = new_report(String::new(), args);
    for scenario in scenarios(args, true) {
        let server = OwnServer::start(args.database_url.as_deref(), clients).await?;
        let target = Target::new(&server.url, PATH, NAMESPACE).map_err(explain)?;
        report.url.clone_from(&server.url);
        let pids = Pids {
            server: Some(server.pid()),
            database: database_pid(args, &server.database_url).await?,
        };
        let plan = Plan {
            pids,
            database_url: Some(server.database_url.clone()),
            ..plan(
                args,
                target,
                server.people.clone(),
                server.publisher_token.clone(),
            )
        };
        report.outcomes.push(carry_out(plan, scenario).await?);
        server.stop().await?;
    }
    Ok(report)
}

async fn measure_running(url: &str, args: &BenchArgs, settings: &Settings) -> Result<Report> {
    let server = &args.server;
    let target = Target::new(url, &server.path, &server.namespace).map_err(explain)?;
    if !target.is_loopback() && !server.i_own_this_server {
        let wrong =
            format!("{url} is another machine, and this puts a load on it that may stop it");
        return Err(Failure::could_not_run(DOING, wrong)
            .try_this("if it is yours to do that with: --i-own-this-server")
            .into());
    }
    let tokens = tokens::of(args, settings)?;
    make_room_for(tokens.people.len())?;
    let mut report = new_report(url.to_owned(), args);
    let database = match &args.database_url {
        Some(url) => database_pid(args, url).await?,
        None => args.database_pid,
    };
    let pids = Pids {
        server: server.server_pid,
        database,
    };
    for scenario in scenarios(args, false) {
        let plan = plan(
            args,
            target.clone(),
            tokens.people.clone(),
            tokens.publisher.clone(),
        );
        let plan = Plan {
            pids,
            database_url: args.database_url.clone(),
            ..plan
        };
        report.outcomes.push(carry_out(plan, scenario).await?);
    }
    Ok(report)
}

/// Those that were asked for, or all that can be carried out.
fn scenarios(args: &BenchArgs, is_own: bool) -> Vec<Scenario> {
    if !args.scenarios.is_empty() {
        return args.scenarios.iter().map(|name| scenario(*name)).collect();
    }
    let possible = |scenario: &Scenario| match scenario {
        Scenario::Idle => is_own || args.server.server_pid.is_some(),
        Scenario::Leave => is_own || args.database_url.is_some(),
        _ => true,
    };
    Scenario::ALL.into_iter().filter(possible).collect()
}

fn scenario(name: ScenarioName) -> Scenario {
    match name {
        ScenarioName::Connect => Scenario::Connect,
        ScenarioName::Idle => Scenario::Idle,
        ScenarioName::Broadcast => Scenario::Broadcast,
        ScenarioName::Direct => Scenario::Direct,
        ScenarioName::DirectRead => Scenario::DirectRead,
        ScenarioName::Publish => Scenario::Publish,
        ScenarioName::Leave => Scenario::Leave,
        ScenarioName::Mixed => Scenario::Mixed,
    }
}

fn plan(args: &BenchArgs, target: Target, people: Vec<Person>, publisher_token: String) -> Plan {
    let load = &args.load;
    Plan {
        target,
        transport: transport(args),
        people,
        publisher_token,
        at_once: load.at_once as usize,
        count: load.count,
        stuck: load.stuck as usize,
        rate_per_s: load.rate.into(),
        churn_per_s: load.churn.into(),
        length: load.length,
        payload_bytes: load.payload as usize,
        settle: load.settle,
        patience: load.patience,
        pids: Pids::default(),
        database_url: None,
    }
}

fn transport(args: &BenchArgs) -> Transport {
    match args.load.transport {
        TransportName::Websocket => Transport::Websocket,
        TransportName::Polling => Transport::Polling,
    }
}

fn new_report(url: String, args: &BenchArgs) -> Report {
    Report {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        url,
        transport: transport(args),
        machine: Machine::of_this_process(),
        outcomes: Vec::new(),
    }
}

/// The clients have a thread of their own, which the runtime leaves alone.
async fn carry_out(plan: Plan, scenario: Scenario) -> Result<Outcome> {
    let work = move || atalaya_bench::run(&plan, scenario, &Shown::default());
    spawn_blocking(work)
        .await
        .context("the clients stopped")?
        .map_err(explain)
}

/// The one that was named, or the one that this machine's PostgreSQL descends from.
async fn database_pid(args: &BenchArgs, url: &str) -> Result<Option<u32>> {
    if args.database_pid.is_some() || url.starts_with("sqlite:") {
        return Ok(args.database_pid);
    }
    let url = url.to_owned();
    let found = spawn_blocking(move || database_process(&url)).await;
    found
        .context("looking for the database's process")?
        .map_err(explain)
}

/// Each client is a file descriptor, two for the moment in which one leaves and comes back.
fn make_room_for(clients: usize) -> Result<()> {
    const OTHERS: u64 = 200;
    let wanted = clients as u64 + OTHERS;
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // A system that forbids it shows in the limit that is read again.
    let _ = setrlimit(Resource::Nofile, limit);
    match getrlimit(Resource::Nofile).current {
        Some(room) if room < wanted => Err(Failure::could_not_run(
            DOING,
            format!("{clients} clients need {wanted} open files, and this process may have {room}"),
        )
        .try_this(format!(
            "raise the limit (ulimit -n {wanted}), or take fewer: --clients"
        ))
        .into()),
        _ => Ok(()),
    }
}

fn explain(error: Error) -> anyhow::Error {
    let failure = Failure::could_not_run(DOING, &error);
    match error {
        Error::NobodyConnected(_) => failure
            .try_this(
                "see that the server runs and is the one you mean: --url, --path, --namespace",
            )
            .try_this("see that its users exist and its key is this one: --users, JWT_SECRET"),
        Error::BadUrl { .. } => {
            failure.try_this("give the server's own address: --url http://127.0.0.1:3001")
        }
        Error::Process { .. } => failure.try_this("see which it is: pgrep -a atalaya"),
        Error::Database(_) => failure.try_this("give the server's own database: --database-url"),
        Error::Plan(_) | Error::System { .. } => failure,
    }
    .into()
}

/// What a file holds, without the line's end.
fn read_file(path: &Path) -> Result<Secret> {
    std::fs::read_to_string(path)
        .map(|text| Secret::new(text.trim()))
        .map_err(|error| {
            Failure::could_not_run(format!("reading {}", path.display()), error).into()
        })
}
