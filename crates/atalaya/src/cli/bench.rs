//! The flags of `atalaya bench`.

use std::{path::PathBuf, str::FromStr, time::Duration};

use clap::{Args, ValueEnum};

use crate::config::duration;

#[derive(Args, Debug)]
pub struct BenchArgs {
    /// What to measure; all of them if none is named
    #[arg(value_enum, value_name = "SCENARIO")]
    pub scenarios: Vec<ScenarioName>,

    #[command(flatten)]
    pub load: Load,
    #[command(flatten)]
    pub server: RunningServer,

    /// The server's database, to look into for rows; without --url, an empty one for the server to use
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// The database's process, whose CPU is counted with its descendants'
    #[arg(long, value_name = "PID")]
    pub database_pid: Option<u32>,
}

/// How much of it.
#[derive(Args, Debug)]
#[command(next_help_heading = "How much")]
pub struct Load {
    /// Clients to connect, each a user of its own; by default 1000, or all --users
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub clients: Option<u32>,
    /// Connection attempts, or publishes, under way at once
    #[arg(long, value_name = "COUNT", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub at_once: u32,
    /// Broadcasts, one after the other (broadcast)
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub count: u32,
    /// Clients that stop reading before the broadcasts, which must cost the others nothing (broadcast)
    #[arg(long, value_name = "COUNT", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub stuck: u32,
    /// Notifications a second, each to one user (direct, direct-read, mixed)
    #[arg(long, value_name = "RATE", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rate: u32,
    /// Clients a second that leave and come back (mixed)
    #[arg(long, value_name = "RATE", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub churn: u32,
    /// How long the rates are kept up, at most 10m
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = bounded)]
    pub length: Duration,
    /// Bytes of a notification's title and body together
    #[arg(long, value_name = "BYTES", default_value_t = 200, value_parser = clap::value_parser!(u32).range(24..=8_000))]
    pub payload: u32,
    /// How long the server is left alone before its memory is read (idle)
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = bounded)]
    pub settle: Duration,
    /// How long one connection, or the last delivery, is waited for
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = bounded)]
    pub patience: Duration,
    /// How the clients connect
    #[arg(long, value_enum, default_value_t = TransportName::Websocket)]
    pub transport: TransportName,
}

/// A server that runs already.
#[derive(Args, Debug)]
#[command(next_help_heading = "A server that runs already")]
pub struct RunningServer {
    /// Its address; without it, bench starts one of its own in a temporary folder
    #[arg(long)]
    pub url: Option<String>,
    /// The server is another machine's, and you may put load on it
    #[arg(long, requires = "url")]
    pub i_own_this_server: bool,
    /// The ids of the users to connect as, both ends included; their tokens are signed here
    #[arg(
        long,
        requires = "url",
        value_name = "FIRST..LAST",
        conflicts_with = "tokens"
    )]
    pub users: Option<UserRange>,
    /// The id of an operator or administrator, who publishes
    #[arg(long, requires = "url", value_name = "ID", conflicts_with = "tokens")]
    pub publisher: Option<u64>,
    /// A file with the key that signs tokens (HS256), if it is not in JWT_SECRET
    #[arg(long, requires = "url", value_name = "FILE", conflicts_with = "tokens")]
    pub secret_file: Option<PathBuf>,
    /// A file of users and their tokens, as `ID TOKEN` on each line, the publisher's first
    #[arg(long, requires = "url", value_name = "FILE")]
    pub tokens: Option<PathBuf>,
    /// The namespace that clients join
    #[arg(long, requires = "url", default_value = "/notifications", value_parser = from_a_slash)]
    pub namespace: String,
    /// The path at which Socket.IO is served
    #[arg(long, requires = "url", default_value = "/socket.io/", value_parser = between_slashes)]
    pub path: String,
    /// The server's process, whose CPU and memory are counted with its descendants'
    #[arg(long, requires = "url", value_name = "PID")]
    pub server_pid: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScenarioName {
    /// Everybody connects
    Connect,
    /// Memory of connections on which nothing happens, and after broadcasts
    Idle,
    /// One notification after the other, each to everybody
    Broadcast,
    /// Notifications to one user each, at a rate
    Direct,
    /// The same, and each is then read
    DirectRead,
    /// As many notifications as go, each to one user
    Publish,
    /// Everybody goes at once
    Leave,
    /// Connects, leaves, publishes and reads at once
    Mixed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TransportName {
    Websocket,
    Polling,
}

/// `FIRST..LAST`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserRange {
    pub first: u64,
    pub last: u64,
}

impl FromStr for UserRange {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "expected two user ids, such as 1..100";
        let (first, last) = text.split_once("..").ok_or(wrong)?;
        match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) if 1 <= first && first <= last => Ok(Self { first, last }),
            _ => Err(wrong),
        }
    }
}

fn bounded(text: &str) -> Result<Duration, &'static str> {
    duration(text)
        .filter(|time| *time <= Duration::from_secs(600))
        .ok_or("expected a time such as 500ms or 5s, at most 10m")
}

fn from_a_slash(text: &str) -> Result<String, &'static str> {
    match text.starts_with('/') {
        true => Ok(text.to_owned()),
        false => Err("expected a name that starts with a slash"),
    }
}

fn between_slashes(text: &str) -> Result<String, &'static str> {
    match text.starts_with('/') && text.ends_with('/') {
        true => Ok(text.to_owned()),
        false => Err("expected a path that starts and ends with a slash"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_users_has_two_ends_in_order() {
        let range = |first, last| Ok(UserRange { first, last });
        assert_eq!("1..100".parse(), range(1, 100));
        assert_eq!("7..7".parse(), range(7, 7));
        for wrong in ["", "7", "0..3", "5..4", "1..", "a..b", "1...3"] {
            assert!(wrong.parse::<UserRange>().is_err(), "{wrong}");
        }
    }
}
