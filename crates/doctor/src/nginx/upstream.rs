//! `upstream`: which servers, and how one is picked.

use super::{
    listen::{is_loopback, without_brackets},
    tree::Directive,
};

#[derive(Clone, Debug)]
pub struct Upstream<'c> {
    pub directive: &'c Directive,
    pub name: &'c str,
    pub servers: Vec<Peer<'c>>,
}

/// One `server` of an upstream.
#[derive(Clone, Debug)]
pub struct Peer<'c> {
    pub directive: &'c Directive,
    pub address: Authority,
    pub backup: bool,
    pub down: bool,
    pub weight: u32,
}

/// A back end's address as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Authority {
    /// In lower case, IPv6 without brackets; `unix:/path` for a socket.
    pub host: String,
    /// 0 for a Unix socket.
    pub port: u16,
}

impl<'c> Upstream<'c> {
    pub(super) fn new(directive: &'c Directive) -> Option<Self> {
        Some(Self {
            directive,
            name: directive.arg(0)?,
            servers: directive.all("server").filter_map(Peer::new).collect(),
        })
    }

    /// The servers that get requests while all of them are well: the backups only if every other one is marked down.
    pub fn active(&self) -> impl Iterator<Item = &Peer<'c>> {
        let reserve = self.is_on_backup();
        self.servers
            .iter()
            .filter(move |peer| peer.backup == reserve && !peer.down)
    }

    /// Whether no server but a backup is left.
    pub fn is_on_backup(&self) -> bool {
        let mut up = self.servers.iter().filter(|peer| !peer.down).peekable();
        up.peek().is_some() && up.all(|peer| peer.backup)
    }

    /// The server that plain `hash` gives a key to while all of them are well. `None` where that depends on what
    /// a name resolves to, or on which servers are marked down.
    pub fn hashed(&self, key: &str) -> Option<&Peer<'c>> {
        let plain = |peer: &Peer<'_>| !peer.down && peer.address.is_literal();
        let peers = || self.servers.iter().filter(|peer| !peer.backup);
        if !peers().all(plain) {
            return None;
        }
        let total = peers().map(|peer| peer.weight).sum::<u32>();
        let mut place = ((crc32fast::hash(key.as_bytes()) >> 16) & 0x7fff).checked_rem(total)?;
        peers().find(|peer| {
            let here = place < peer.weight;
            place = place.saturating_sub(peer.weight);
            here
        })
    }

    /// The directive that picks the server; round robin if there is none.
    pub fn method(&self) -> Option<&'c Directive> {
        const METHODS: [&str; 6] = [
            "ip_hash",
            "hash",
            "sticky",
            "least_conn",
            "random",
            "least_time",
        ];
        let sticky = |child: &&Directive| child.is("sticky") || child.is("ip_hash");
        let any = |child: &&Directive| METHODS.iter().any(|name| child.is(name));
        let children = self.directive.children();
        children.iter().find(sticky).or(children.iter().find(any))
    }
}

fn weight(server: &Directive) -> u32 {
    let set = server
        .args
        .iter()
        .find_map(|word| word.text.strip_prefix("weight="));
    set.and_then(|weight| weight.parse().ok()).unwrap_or(1)
}

impl<'c> Peer<'c> {
    fn new(directive: &'c Directive) -> Option<Self> {
        Some(Self {
            directive,
            address: Authority::parse(directive.arg(0)?, 80),
            backup: directive.has_arg("backup"),
            down: directive.has_arg("down"),
            weight: weight(directive),
        })
    }
}

/// `/var/run` is a link to `/run`.
pub fn in_run(file: &str) -> &str {
    let real = file.strip_prefix("/var");
    real.filter(|real| real.starts_with("/run/"))
        .unwrap_or(file)
}

impl Authority {
    /// `host`, `host:port`, `[v6]:port` or `unix:/path`.
    pub fn parse(text: &str, default_port: u16) -> Self {
        if let Some(file) = text.strip_prefix("unix:") {
            return Self {
                host: format!("unix:{}", in_run(file)),
                port: 0,
            };
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.is_empty() && port.chars().all(|c| c.is_ascii_digit()) => {
                (host, port.parse().unwrap_or(0))
            }
            _ => (text, default_port),
        };
        Self {
            host: without_brackets(host).to_ascii_lowercase(),
            port,
        }
    }

    /// This machine itself, by whatever name.
    pub fn is_loopback(&self) -> bool {
        self.host.starts_with("unix:") || is_loopback(&self.host)
    }

    /// A literal address, which needs no resolver.
    pub fn is_literal(&self) -> bool {
        self.host.starts_with("unix:") || self.host.parse::<std::net::IpAddr>().is_ok()
    }

    /// The same place, where `localhost` and its addresses are one.
    pub fn same(&self, other: &Self) -> bool {
        let both_local = is_loopback(&self.host) && is_loopback(&other.host);
        self.port == other.port && (both_local || self.host == other.host)
    }
}

impl std::fmt::Display for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.host.starts_with("unix:"), self.host.contains(':')) {
            (true, _) => f.write_str(&self.host),
            (false, true) => write!(f, "[{}]:{}", self.host, self.port),
            (false, false) => write!(f, "{}:{}", self.host, self.port),
        }
    }
}
