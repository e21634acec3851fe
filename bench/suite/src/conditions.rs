//! Under what conditions: the machine, what was compared in which versions, how much of it.

use std::{fs, process::Command};

use anyhow::{Context, Result};
use atalaya_bench::report::Machine;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sizes::{Sizes, open_files};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Conditions {
    pub date: String,
    pub rounds: u32,
    pub sizes: Sizes,
    pub machine: Machine,
    pub open_files: u64,
    /// Processes that wanted a core in the minute before, on average.
    pub load_before: f64,
    /// What it is, and its version.
    pub versions: Vec<(String, String)>,
}

impl Conditions {
    pub fn now(date: &str, rounds: u32, sizes: &Sizes, postgres: String) -> Result<Self> {
        let mut versions = vec![
            ("Atalaya".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            ("PostgreSQL".to_owned(), postgres),
            ("Node.js".to_owned(), version_said_by("node")?),
            ("rustc".to_owned(), version_said_by("rustc")?),
        ];
        versions.extend(npm_versions(
            "bench/peers/node",
            &["socket.io", "pg", "jsonwebtoken"],
        )?);
        versions.extend(npm_versions(
            "bench/peers/nestjs",
            &["@nestjs/core", "@prisma/client"],
        )?);
        versions.extend(cargo_versions(&["socketioxide", "axum", "sqlx"])?);
        Ok(Self {
            date: date.to_owned(),
            rounds,
            sizes: sizes.clone(),
            machine: Machine::of_this_process(),
            open_files: open_files(),
            load_before: load_average(),
            versions,
        })
    }
}

fn version_said_by(program: &str) -> Result<String> {
    let output = Command::new(program)
        .arg("--version")
        .output()
        .with_context(|| format!("running {program}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    // `v20.19.0`, or `rustc 1.95.0 (…)`.
    let version = said
        .split_whitespace()
        .find(|word| word.contains('.'))
        .unwrap_or("unknown");
    Ok(version.trim_start_matches('v').to_owned())
}

/// From the lock file, which is what was installed.
fn npm_versions(folder: &str, packages: &[&str]) -> Result<Vec<(String, String)>> {
    let file = format!("{folder}/package-lock.json");
    let lock: Value = serde_json::from_str(&fs::read_to_string(&file).context(file)?)?;
    let version = |name: &&str| {
        let found = lock["packages"][format!("node_modules/{name}")]["version"].as_str();
        ((*name).to_owned(), found.unwrap_or("unknown").to_owned())
    };
    Ok(packages.iter().map(version).collect())
}

fn cargo_versions(packages: &[&str]) -> Result<Vec<(String, String)>> {
    let lock = fs::read_to_string("bench/peers/socketioxide/Cargo.lock")?;
    let version = |name: &&str| {
        let found = lock
            .split_once(&format!("name = \"{name}\"\nversion = \""))
            .and_then(|(_, rest)| Some(rest.split_once('"')?.0));
        ((*name).to_owned(), found.unwrap_or("unknown").to_owned())
    };
    Ok(packages.iter().map(version).collect())
}

pub fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let minute = text.split(' ').next().and_then(|word| word.parse().ok());
    minute.unwrap_or(0.0)
}
