//! One contender, running on a fresh database: what a measurement is done on.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use atalaya_testbed::ports;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Child,
    time::{sleep, timeout},
};

use crate::{
    contender::{Contender, Launch, log_of},
    database::{Postgres, Store},
};

const START_LIMIT: Duration = Duration::from_secs(30);

/// A running server and its database. Both are gone when it is dropped.
pub struct Stage {
    pub contender: Contender,
    pub store: Store,
    port: u16,
    logs: bool,
    server: Child,
    folder: TempDir,
}

impl Stage {
    pub async fn set(
        contender: Contender,
        postgres: &Postgres,
        users: u64,
        logs: bool,
    ) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("atalaya-bench-")
            .tempdir()?;
        let store = Store::make(contender, postgres, folder.path(), users)
            .await
            .with_context(|| format!("making a database for {contender:?}"))?;
        let port = ports::free();
        let server = start(contender, port, &store, folder.path(), logs)?;
        let mut stage = Self {
            contender,
            store,
            port,
            logs,
            server,
            folder,
        };
        stage.wait_until_ready().await?;
        Ok(stage)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn pid(&self) -> Result<u32> {
        self.server
            .id()
            .with_context(|| format!("{:?} has ended: {}", self.contender, self.log()))
    }

    /// Ends it as a crash would (SIGKILL).
    pub async fn kill(&mut self) -> Result<()> {
        self.server.kill().await.context("killing the server")
    }

    /// Starts it again after [`Stage::kill`], at the same address on the same database.
    pub async fn restart(&mut self) -> Result<()> {
        self.server = start(
            self.contender,
            self.port,
            &self.store,
            self.folder.path(),
            self.logs,
        )?;
        self.wait_until_ready().await
    }

    /// The end of what it printed.
    pub fn log(&self) -> String {
        let log = fs::read_to_string(log_of(self.folder.path())).unwrap_or_default();
        let lines: Vec<_> = log.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let end = Instant::now() + START_LIMIT;
        while Instant::now() < end {
            if let Some(status) = self.server.try_wait()? {
                bail!("{:?} ended with {status}: {}", self.contender, self.log());
            }
            if timeout(Duration::from_secs(2), answers(self.port))
                .await
                .is_ok_and(|answer| answer.is_ok())
            {
                return Ok(());
            }
            sleep(Duration::from_millis(50)).await;
        }
        bail!("{:?} did not start: {}", self.contender, self.log())
    }
}

fn start(
    contender: Contender,
    port: u16,
    store: &Store,
    folder: &Path,
    logs: bool,
) -> Result<Child> {
    let launch = Launch {
        port,
        database_url: &store.url,
        folder,
        logs,
    };
    contender
        .command(&launch)?
        .spawn()
        .with_context(|| format!("starting {contender:?}; scripts/bench.sh builds it"))
}

/// Whether it answers HTTP, and does not say that it is not ready yet. A peer does not know the path; that it
/// says so is answer enough, for it listens when it is ready.
async fn answers(port: u16) -> Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream
        .write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    ensure!(answer.starts_with(b"HTTP/1.1 ") && !answer.starts_with(b"HTTP/1.1 503"));
    Ok(())
}
