//! A server to measure: this same program, at its defaults, in a folder that goes away with it.

use std::{
    env,
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use atalaya_bench::{Crowd, Person, make_people};
use atalaya_server::{Clock, auth::Tokens, config::Secret};
use atalaya_store::{OpenOptions, Store};
use rand::{TryRngCore, rngs::OsRng};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::ChildStdout,
    task::spawn_blocking,
    time::{sleep, timeout},
};

use super::{DOING, explain, tokens};
use crate::{commands::database, output::Failure};

const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(20);

pub struct OwnServer {
    pub url: String,
    pub database_url: String,
    pub people: Vec<Person>,
    pub publisher_token: String,
    process: Process,
}

/// The server and its folder, which end together.
struct Process {
    child: Child,
    folder: TempDir,
}

/// What `serve --json` prints when it is ready.
#[derive(Deserialize)]
struct Welcome {
    listening: String,
}

impl OwnServer {
    /// On the database of this URL, or on a SQLite file of its own.
    pub async fn start(database_url: Option<&str>, clients: usize) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("atalaya-bench.")
            .tempdir()
            .context("making a temporary folder")?;
        let file = || format!("sqlite://{}/atalaya.db", folder.path().display());
        let database_url = database_url.map_or_else(file, str::to_owned);
        let crowd = prepare(&database_url, clients).await?;
        let secret = random_secret()?;
        let mut process = Process::start(folder, &database_url, &secret)?;
        let address = process.address().await?;
        let signer = Tokens::new(&secret, "sub", tokens::LIVES);
        let now = Clock::System.now();
        let sign = |id: &u64| tokens::person(&signer, *id, now);
        Ok(Self {
            url: format!("http://{address}"),
            database_url,
            people: crowd.users.iter().map(sign).collect(),
            publisher_token: sign(&crowd.publisher).token,
            process,
        })
    }

    pub fn pid(&self) -> u32 {
        self.process.child.id()
    }

    /// Stops it in order, and says if it did not.
    pub async fn stop(mut self) -> Result<()> {
        self.process.stop().await
    }
}

impl Process {
    fn start(folder: TempDir, database_url: &str, secret: &Secret) -> Result<Self> {
        let program = env::current_exe().context("finding this program's own file")?;
        let log = File::create(log_of(&folder)).context("making the measured server's log")?;
        let mut command = Command::new(program);
        // What the environment says is meant for another server.
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("ATALAYA_") {
                command.env_remove(name);
            }
        }
        let child = command
            .args([
                "serve",
                "--json",
                "--listen=127.0.0.1:0",
                "--ops-listen=127.0.0.1:0",
            ])
            .env("DATABASE_URL", database_url)
            .env("JWT_SECRET", secret.expose())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("starting a server to measure")?;
        Ok(Self { child, folder })
    }

    /// Where it listens, once it does.
    async fn address(&mut self) -> Result<String> {
        let stdout = self
            .child
            .stdout
            .take()
            .context("the server has no output")?;
        let stdout = ChildStdout::from_std(stdout).context("reading the server's output")?;
        let mut line = String::new();
        let read = timeout(START_LIMIT, BufReader::new(stdout).read_line(&mut line)).await;
        match read {
            Ok(Ok(1..)) => {
                let welcome: Welcome =
                    serde_json::from_str(&line).context("reading the server's welcome")?;
                Ok(welcome.listening)
            }
            _ => Err(self.failure("the server did not start")),
        }
    }

    async fn stop(&mut self) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            kill_process(pid, Signal::TERM).context("stopping the measured server")?;
        }
        let begun = Instant::now();
        loop {
            let ended: Option<ExitStatus> = self
                .child
                .try_wait()
                .context("waiting for the measured server")?;
            match ended {
                Some(status) if status.success() => return Ok(()),
                Some(status) => {
                    return Err(self.failure(&format!("the server ended with {status}")));
                }
                None if begun.elapsed() > STOP_LIMIT => {
                    return Err(self.failure("the server did not stop"));
                }
                None => sleep(Duration::from_millis(5)).await,
            }
        }
    }

    /// With the last thing that the server said.
    fn failure(&self, what: &str) -> anyhow::Error {
        let log = fs::read_to_string(log_of(&self.folder)).unwrap_or_default();
        let last = log.lines().last().unwrap_or("it said nothing");
        Failure::could_not_run(DOING, format!("{what}: {last}")).into()
    }
}

impl Drop for Process {
    /// Whatever happened, it is gone before its folder is. Nothing can be done if that fails.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn log_of(folder: &TempDir) -> PathBuf {
    folder.path().join("atalaya.log")
}

/// The tables, and somebody to connect as.
async fn prepare(database_url: &str, clients: usize) -> Result<Crowd> {
    let secret_url = Secret::new(database_url);
    let migrated = async {
        let store = Store::open(database_url, OpenOptions::default()).await?;
        store.migrate().await?;
        store.close().await;
        Ok(())
    };
    migrated
        .await
        .map_err(|error| database::explain("preparing the database", &error, &secret_url))?;
    let url = database_url.to_owned();
    let made = spawn_blocking(move || make_people(&url, clients)).await;
    made.context("making the users")?.map_err(explain)
}

fn random_secret() -> Result<Secret> {
    let mut bytes = [0_u8; 32];
    OsRng
        .try_fill_bytes(&mut bytes)
        .context("asking the system for randomness")?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Secret::new(digits))
}
