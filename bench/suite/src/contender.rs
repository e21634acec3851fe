//! Who is measured, and how each is started.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tokio::process::Command;

/// Signs everybody's tokens, on servers that live for a minute.
pub const JWT_SECRET: &str = "only-for-this-measurement-only-for-this-measurement";

/// A server that does the job.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Contender {
    Nestjs,
    Node,
    Socketioxide,
    AtalayaPostgres,
    AtalayaSqlite,
}

impl Contender {
    pub const ALL: [Self; 5] = [
        Self::Nestjs,
        Self::Node,
        Self::Socketioxide,
        Self::AtalayaPostgres,
        Self::AtalayaSqlite,
    ];

    /// As it heads a column.
    pub fn title(self) -> &'static str {
        match self {
            Self::Nestjs => "NestJS, Prisma",
            Self::Node => "Socket.IO on Node",
            Self::Socketioxide => "socketioxide",
            Self::AtalayaPostgres => "**Atalaya**",
            Self::AtalayaSqlite => "Atalaya, SQLite",
        }
    }

    pub fn is_atalaya(self) -> bool {
        matches!(self, Self::AtalayaPostgres | Self::AtalayaSqlite)
    }

    /// Whether the row is promised to be there when CONNECT arrives.
    pub fn awaits_the_row(self) -> bool {
        self != Self::Nestjs
    }

    fn program(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Node => ("node", &["bench/peers/node/server.js"]),
            Self::Nestjs => ("node", &["bench/peers/nestjs/dist/main.js"]),
            Self::Socketioxide => (
                "bench/peers/socketioxide/target/release/atalaya-bench-peer-socketioxide",
                &[],
            ),
            Self::AtalayaPostgres | Self::AtalayaSqlite => (ATALAYA, &["serve"]),
        }
    }

    /// The command that starts it, listening on `port`. Its output goes into a file, as a process manager's
    /// would; nobody reads it during the measurement.
    pub fn command(self, launch: &Launch<'_>) -> Result<Command> {
        let (program, arguments) = self.program();
        let log = launch.folder.join("log");
        let log = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .with_context(|| format!("making {}", log.display()))?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env("DATABASE_URL", launch.database_url)
            .env("JWT_SECRET", JWT_SECRET)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true);
        if self.is_atalaya() {
            command
                .env("ATALAYA_LISTEN", format!("127.0.0.1:{}", launch.port))
                .env("ATALAYA_OPS_LISTEN", "127.0.0.1:0")
                .env("ATALAYA_DATA_DIR", launch.folder)
                .env("ATALAYA_LOG", if launch.logs { "info" } else { "off" });
        } else {
            command
                .env("PORT", launch.port.to_string())
                .env("NODE_ENV", "production");
        }
        Ok(command)
    }
}

/// The release binary, from the root of the repository, where everything here runs.
pub const ATALAYA: &str = "target/release/atalaya";

/// What a start depends on.
pub struct Launch<'a> {
    pub port: u16,
    pub database_url: &'a str,
    /// Its own, for its log and whatever it keeps.
    pub folder: &'a Path,
    /// Off only where the cost of the log is measured.
    pub logs: bool,
}

/// Where what it printed can be read.
pub fn log_of(folder: &Path) -> PathBuf {
    folder.join("log")
}
