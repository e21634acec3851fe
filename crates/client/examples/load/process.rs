//! What `/proc` tells about other processes: CPU time, memory, and our own limit on open files.

use std::collections::HashMap;
use std::fs;

use anyhow::{Context as _, bail};

/// `USER_HZ`, in which `/proc/PID/stat` counts. 100 on every Linux architecture in use.
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU time of some process trees, in ticks.
#[derive(Clone, Copy)]
pub(crate) struct Cpu(u64);

impl Cpu {
    /// Of these processes and their descendants, those that have ended and were waited for included.
    pub(crate) fn of(roots: &[u32]) -> anyhow::Result<Self> {
        let mut ticks = 0;
        for pid in tree(roots)? {
            // It may have ended since the listing; then its parent counts it.
            if let Some(stat) = Stat::read(pid) {
                ticks += stat.ticks;
            } else if roots.contains(&pid) {
                bail!("there is no process {pid}");
            }
        }
        Ok(Self(ticks))
    }

    pub(crate) fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }

    pub(crate) fn seconds(self) -> f64 {
        self.0 as f64 / TICKS_PER_SECOND
    }
}

/// Proportional set size of some process trees: memory that several share is divided among them.
pub(crate) fn pss_bytes(roots: &[u32]) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for pid in tree(roots)? {
        let path = format!("/proc/{pid}/smaps_rollup");
        let text = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
        let kib = text.lines().find_map(|line| {
            line.strip_prefix("Pss:")?
                .split_whitespace()
                .next()?
                .parse::<u64>()
                .ok()
        });
        bytes += 1024 * kib.with_context(|| format!("{path} has no Pss"))?;
    }
    Ok(bytes)
}

/// Say that there are too few descriptors before the storm and not in the middle of it.
pub(crate) fn require_descriptors(connections: usize) -> anyhow::Result<()> {
    let limits = fs::read_to_string("/proc/self/limits").context("reading /proc/self/limits")?;
    let soft = limits.lines().find_map(|line| {
        let limit = line
            .strip_prefix("Max open files")?
            .split_whitespace()
            .next()?;
        Some(limit.parse::<usize>().unwrap_or(usize::MAX))
    });
    let needed = connections.saturating_add(100);
    match soft {
        Some(soft) if soft < needed => bail!(
            "{connections} connections need {needed} open files and the limit is {soft}: run `ulimit -n {needed}` first"
        ),
        _ => Ok(()),
    }
}

struct Stat {
    parent: u32,
    /// User and system time, of the process and of the children it has waited for.
    ticks: u64,
}

impl Stat {
    fn read(pid: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The name, in parentheses, may itself hold spaces and parentheses; the fields after it are numbered from 3.
    fn parse(text: &str) -> Option<Self> {
        let (_, after_name) = text.rsplit_once(')')?;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        Some(Self {
            parent: u32::try_from(number(4)?).ok()?,
            ticks: number(14)? + number(15)? + number(16)? + number(17)?,
        })
    }
}

/// These processes and all their descendants.
fn tree(roots: &[u32]) -> anyhow::Result<Vec<u32>> {
    if roots.is_empty() {
        return Ok(Vec::new());
    }
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").context("listing /proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if let Some(stat) = Stat::read(pid) {
            children.entry(stat.parent).or_default().push(pid);
        }
    }
    let mut found = roots.to_vec();
    let mut next = 0;
    while let Some(pid) = found.get(next).copied() {
        next += 1;
        for child in children.remove(&pid).unwrap_or_default() {
            if !found.contains(&child) {
                found.push(child);
            }
        }
    }
    Ok(found)
}
