//! How much of everything: the sizes of the published figures, or a small part of them to see that it works.

use std::fs;

use serde::{Deserialize, Serialize};

/// Descriptors that a server or the load generator needs beside its sockets.
const OTHER_FILES: u64 = 1_000;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sizes {
    /// Who connects in a storm, and leaves at once.
    pub storm: u64,
    /// Who is connected while something is sent.
    pub crowd: u64,
    /// Connection attempts under way at once.
    pub at_once: u64,
    /// Connects before the measurement, so that compilers and pools are warm.
    pub warm_up: u64,
    pub broadcasts: u64,
    /// Notifications a second, each to one user, and for how long.
    pub rate: u64,
    pub rate_seconds: u64,
    /// Before memory is read.
    pub settle_seconds: u64,
    /// Connected when the server is killed.
    pub ghosts: u64,
    /// How many connections the growth of costs is measured at.
    pub growth: Vec<u64>,
    /// Sockets, and the numbers of users that exist, in what a broadcast costs.
    pub audience: u64,
    pub users: [u64; 2],
}

impl Sizes {
    /// A part of the published sizes; 1 is all. What this machine's limit of open files does not allow is the
    /// largest that it does.
    pub fn scaled(scale: f64) -> Self {
        let part = |whole: u64, least: u64| ((whole as f64 * scale) as u64).max(least).min(whole);
        let most = open_files().saturating_sub(OTHER_FILES);
        let mut growth = [1_000, 5_000, 10_000, 25_000]
            .map(|size| part(size, 50).min(most))
            .to_vec();
        growth.dedup();
        Self {
            storm: part(5_000, 100),
            crowd: part(10_000, 100),
            at_once: part(200, 20),
            warm_up: part(1_000, 20),
            broadcasts: part(20, 2),
            rate: part(500, 50),
            rate_seconds: part(10, 1),
            settle_seconds: part(5, 1),
            ghosts: part(1_000, 20),
            growth,
            audience: part(5_000, 100),
            users: [part(5_000, 100) + 1, part(1_000_000, 1_000)],
        }
    }
}

/// How many files a process of ours may have open.
pub fn open_files() -> u64 {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let soft = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    soft.unwrap_or(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_part_still_has_something_of_everything() {
        let sizes = Sizes::scaled(0.001);
        assert_eq!(
            (sizes.storm, sizes.broadcasts, sizes.rate_seconds),
            (100, 2, 1)
        );
        assert!(sizes.users[0] > sizes.audience && sizes.users[1] > sizes.users[0]);
    }

    #[test]
    fn nothing_is_larger_than_the_files_that_may_be_open() {
        let most = open_files();
        assert!(Sizes::scaled(1.0).growth.iter().all(|size| *size < most));
    }
}
