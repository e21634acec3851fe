//! What `/proc` tells about other processes: CPU time and memory, of each with its descendants.

use std::{collections::HashMap, fs, time::Duration};

use crate::Error;

/// `USER_HZ`, in which `/proc/PID/stat` counts: 100 on every Linux architecture in use.
const TICKS_PER_SECOND: u32 = 100;

/// CPU time of a process and its descendants up to now, those that ended and were waited for included.
/// `except` is left out.
pub(crate) fn cpu_time(root: u32, except: Option<u32>) -> Result<Duration, Error> {
    let mut total = Duration::ZERO;
    for pid in tree(root, except)? {
        // It may have ended since the listing; then its parent counts it.
        let Some(stat) = Stat::read(pid) else {
            continue;
        };
        let exact = run_time(pid)
            .unwrap_or_else(|| stat.own_ticks * (Duration::from_secs(1) / TICKS_PER_SECOND));
        total += exact + stat.waited_for_ticks * (Duration::from_secs(1) / TICKS_PER_SECOND);
    }
    Ok(total)
}

/// Proportional set size of a process and its descendants: what several share is divided among them. None where
/// this user may not look.
pub(crate) fn pss_bytes(root: u32) -> Result<Option<u64>, Error> {
    let mut bytes = None;
    for pid in tree(root, None)? {
        let Ok(text) = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else {
            continue;
        };
        if let Some(kib) = text
            .lines()
            .find_map(|line| number(line.strip_prefix("Pss:")?))
        {
            bytes = Some(bytes.unwrap_or(0) + 1024 * kib);
        }
    }
    Ok(bytes)
}

pub(crate) fn parent_of(pid: u32) -> Option<u32> {
    Some(Stat::read(pid)?.parent)
}

pub(crate) fn name_of(pid: u32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(name.trim().to_owned())
}

/// Time on a CPU to the nanosecond, of all threads that live. None if the kernel does not keep it.
fn run_time(pid: u32) -> Option<Duration> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let mut total = None;
    for thread in threads.flatten() {
        // A thread may end in between.
        if let Ok(text) = fs::read_to_string(thread.path().join("schedstat")) {
            let nanoseconds = number(&text)?;
            total = Some(total.unwrap_or(Duration::ZERO) + Duration::from_nanos(nanoseconds));
        }
    }
    total
}

fn number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

struct Stat {
    parent: u32,
    /// User and system time, of the process itself.
    own_ticks: u32,
    /// The same of the children that it has waited for.
    waited_for_ticks: u32,
}

impl Stat {
    fn read(pid: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The name, in parentheses, may itself hold spaces and parentheses; the fields after it are numbered from 3.
    fn parse(text: &str) -> Option<Self> {
        let (_, after_name) = text.rsplit_once(')')?;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        let number = |field: usize| fields.get(field - 3)?.parse::<u32>().ok();
        Some(Self {
            parent: number(4)?,
            own_ticks: number(14)? + number(15)?,
            waited_for_ticks: number(16)? + number(17)?,
        })
    }
}

/// The process and all its descendants.
fn tree(root: u32, except: Option<u32>) -> Result<Vec<u32>, Error> {
    let wrong = |why: &dyn ToString| Error::Process {
        pid: root,
        why: why.to_string(),
    };
    if Stat::read(root).is_none() {
        return Err(wrong(&"there is none of this id"));
    }
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").map_err(|error| wrong(&error))? {
        let name = entry.map_err(|error| wrong(&error))?.file_name();
        let pid = name.to_str().and_then(|name| name.parse().ok());
        if let Some(pid) = pid.filter(|pid| Some(*pid) != except)
            && let Some(stat) = Stat::read(pid)
        {
            children.entry(stat.parent).or_default().push(pid);
        }
    }
    let mut found = vec![root];
    let mut next = 0;
    while let Some(pid) = found.get(next) {
        found.extend(children.remove(pid).unwrap_or_default());
        next += 1;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_what_separates_fields() {
        let text = "7 (a) b (c) S 3 7 7 0 -1 4194560 1 2 3 4 10 20 30 40 20 0 1 0 5";
        let stat = Stat::parse(text).unwrap();
        assert_eq!(
            (stat.parent, stat.own_ticks, stat.waited_for_ticks),
            (3, 30, 70)
        );
    }

    #[test]
    fn work_shows_in_the_time_and_memory_in_the_size() {
        let me = std::process::id();
        let before = cpu_time(me, None).unwrap();
        let filler = std::hint::black_box(vec![1_u8; 8 * 1024 * 1024]);
        let sum: u64 = (0..20)
            .flat_map(|_| &filler)
            .map(|byte| u64::from(*byte))
            .sum();
        assert_eq!(std::hint::black_box(sum), 20 * filler.len() as u64);
        assert!(cpu_time(me, None).unwrap() > before);
        assert!(pss_bytes(me).unwrap().unwrap() > filler.len() as u64);
    }

    #[test]
    fn nobody_has_no_account() {
        assert!(matches!(
            cpu_time(u32::MAX, None),
            Err(Error::Process { .. })
        ));
    }
}
