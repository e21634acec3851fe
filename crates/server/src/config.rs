//! What the server needs to know, already valid and with units in the types.
//!
//! Nothing here reads the environment, a file or a flag: the binary does, reports every mistake at once
//! and hands over one [`Config`]. The defaults live here, each with its reason, so that the binary, its
//! documentation and the tests share them.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use ipnet::IpNet;

/// Everything that `atalaya serve` can be told.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where people and proxies connect.
    pub listen: SocketAddr,
    /// Where metrics are read; never the public side.
    pub ops_listen: SocketAddr,
    /// `sqlite://path` or `postgres://…`. May hold a password: never log it whole.
    pub database_url: Secret,
    /// Where the embedded database and the generated secret live.
    pub data_dir: PathBuf,
    /// How several servers on one database hear of each other's publishes.
    pub bus: BusKind,
    /// A name for this server among several; by default the host's name and the port.
    pub node: Option<String>,
    /// The HS256 key that signs and verifies access tokens.
    pub jwt_secret: Secret,
    /// The claim that holds the user's id.
    pub jwt_user_claim: String,
    /// How long a token from the login lives.
    pub access_token_ttl: Duration,
    /// The Socket.IO namespace of the notifications.
    pub namespace: String,
    /// The path at which Socket.IO is served, with both slashes.
    pub socket_path: String,
    /// What people open, for the examinations of the way there.
    pub public_url: Option<String>,
    /// The pages that may use the server from another origin.
    pub allowed_origins: Origins,
    /// The proxies whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How long a row may stay active after its server was last heard of.
    pub lease: Duration,
    /// How long a stop may take before what is left is cut.
    pub shutdown_grace: Duration,
    /// Time between two heartbeats.
    pub ping_interval: Duration,
    /// How long a client may take to answer one.
    pub ping_timeout: Duration,
    /// How long a transport may stay open without joining a namespace.
    pub connect_timeout: Duration,
    /// How long an upgrade from polling may take.
    pub upgrade_timeout: Duration,
    /// How long after its end a connection may be continued by its client as if it had never been gone.
    pub recovery_window: Duration,
    /// How long a notification is kept after everyone it is for is done with it; `None` for ever.
    pub retention: Option<Duration>,
    /// How long one that is for a role or for all is kept, whether or not everybody has read it; `None` for ever.
    pub broadcast_retention: Option<Duration>,
    /// The largest message accepted from a client, in bytes.
    pub max_payload: usize,
    /// How many connections this process holds at once.
    pub max_connections: usize,
    /// How many sockets one user may hold at once.
    pub max_sessions_per_user: u32,
    /// How many messages may wait for one socket before it is cut off as slow.
    pub outbound_max_messages: usize,
    /// How many bytes may wait for one socket before it is cut off as slow.
    pub outbound_max_bytes: usize,
}

/// How several servers hear of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusKind {
    /// By their poll alone.
    Local,
    /// By `LISTEN` and `NOTIFY` of the PostgreSQL that they share.
    Postgres,
}

/// The pages that may talk to the server from another origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Any page: what authenticates is the token in the handshake, which a foreign page does not hold.
    Any,
    /// Only these, each as a browser sends it (`https://app.example.com`).
    List(Vec<String>),
}

/// Where this machine finds a server that listens there: every address takes in the loopback.
pub fn reachable(listen: SocketAddr) -> SocketAddr {
    let address = match listen.ip() {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    };
    SocketAddr::new(address, listen.port())
}

/// A value that must not reach a log: it prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one place that uses it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Config {
    /// The defaults, with the one value that has none: the signing key.
    pub fn with_secret(jwt_secret: Secret) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3001)),
            ops_listen: SocketAddr::from(([127, 0, 0, 1], 9464)),
            database_url: Secret::new("sqlite://data/atalaya.db"),
            data_dir: PathBuf::from("data"),
            bus: BusKind::Local,
            node: None,
            jwt_secret,
            jwt_user_claim: "sub".to_owned(),
            // A shift: long enough not to interrupt an operator, short enough to end with the day.
            access_token_ttl: Duration::from_secs(12 * 60 * 60),
            namespace: "/notifications".to_owned(),
            socket_path: "/socket.io/".to_owned(),
            public_url: None,
            allowed_origins: Origins::Any,
            trusted_proxies: loopback(),
            lease: Duration::from_secs(30),
            shutdown_grace: Duration::from_secs(10),
            // The public server's own values, which its clients and proxies are tuned to.
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(45),
            upgrade_timeout: Duration::from_secs(10),
            // As the public server's documentation proposes.
            recovery_window: Duration::from_secs(2 * 60),
            // A quarter: long enough to look something up, short enough to stay small.
            retention: Some(Duration::from_secs(90 * 24 * 60 * 60)),
            // A year: who has not looked for so long will not read it any more.
            broadcast_retention: Some(Duration::from_secs(365 * 24 * 60 * 60)),
            max_payload: 1_000_000,
            max_connections: 50_000,
            max_sessions_per_user: 100,
            outbound_max_messages: 1_024,
            outbound_max_bytes: 4 * 1024 * 1024,
        }
    }
}

/// A proxy on this machine is trusted by default: it is where the documented Nginx runs.
fn loopback() -> Vec<IpNet> {
    ["127.0.0.1/32", "::1/128"]
        .into_iter()
        .map(|net| net.parse().expect("a constant network is valid"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_reached_at_this_machine() {
        let reached = |listen: &str| reachable(listen.parse().unwrap()).to_string();
        assert_eq!(reached("0.0.0.0:3001"), "127.0.0.1:3001");
        assert_eq!(reached("[::]:80"), "[::1]:80");
        assert_eq!(reached("10.0.0.5:3001"), "10.0.0.5:3001");
    }
}
