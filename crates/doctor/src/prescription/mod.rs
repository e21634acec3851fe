//! Configurations that are right by construction: a proxy's and a process manager's, with times and sizes worked out
//! from what the server does. The doctor has nothing to say of them, which a test holds them to.

mod caddy;
mod haproxy;
mod nginx;
mod service;

use std::{path::PathBuf, str::FromStr, time::Duration};

use thiserror::Error;

use crate::{nginx::upstream::Authority, question::Heartbeat};

pub use self::{
    caddy::caddy,
    haproxy::haproxy,
    nginx::nginx,
    service::{Service, pm2, systemd},
};

/// What stands behind the proxy, and how people reach it.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The names that people type; at least one.
    pub names: Vec<Word>,
    pub tls: Option<Tls>,
    /// The servers; at least one.
    pub nodes: Vec<Node>,
    pub pages: Pages,
    /// Where Socket.IO is; starts and ends with a slash.
    pub socket_path: String,
    pub heartbeat: Heartbeat,
    /// The largest message that the server takes, in bytes.
    pub max_payload: u64,
}

#[derive(Clone, Debug)]
pub struct Tls {
    pub certificate: Word,
    pub key: Word,
}

/// Where the pages come from.
#[derive(Clone, Debug)]
pub enum Pages {
    /// From the server itself.
    Proxied,
    /// From a folder.
    Folder(Word),
}

/// A name or a path that stands in a configuration as it is, with nothing in it that could end it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word(String);

/// Host and port of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node(Authority);

#[derive(Debug, Error, PartialEq, Eq)]
#[error("expected letters, digits and any of . - _ / * @ +, without blanks")]
pub struct NotAWord;

#[derive(Debug, Error, PartialEq, Eq)]
#[error("expected a host and a port, such as 127.0.0.1:3001 or [::1]:3001")]
pub struct NotANode;

impl FromStr for Word {
    type Err = NotAWord;

    fn from_str(text: &str) -> Result<Self, NotAWord> {
        let fits = |c: char| c.is_alphanumeric() || ".-_/*@+".contains(c);
        match !text.is_empty() && text.chars().all(fits) {
            true => Ok(Self(text.to_owned())),
            false => Err(NotAWord),
        }
    }
}

impl From<Word> for PathBuf {
    fn from(word: Word) -> Self {
        word.0.into()
    }
}

impl std::fmt::Display for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Node {
    type Err = NotANode;

    fn from_str(text: &str) -> Result<Self, NotANode> {
        let authority = Authority::parse(text, 0);
        let fits = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
        let is_host = !authority.host.is_empty() && authority.host.chars().all(fits);
        match is_host && authority.port != 0 {
            true => Ok(Self(authority)),
            false => Err(NotANode),
        }
    }
}

impl std::fmt::Display for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Deployment {
    /// How long a silent connection is left alone: the heartbeat breaks the silence long before.
    fn patience(&self) -> Duration {
        let heartbeat = self.heartbeat.interval + self.heartbeat.timeout;
        let seconds = heartbeat.as_secs_f64().ceil();
        Duration::from_secs_f64(seconds * 2.0).max(Duration::from_secs(120))
    }

    /// The same in whole seconds.
    fn patience_seconds(&self) -> u64 {
        self.patience().as_secs()
    }

    /// A limit for bodies above the server's own, so that the server is the one that answers, in MiB.
    fn body_megabytes(&self) -> u64 {
        self.max_payload.div_ceil(1 << 20) + 1
    }

    fn is_many(&self) -> bool {
        self.nodes.len() > 1
    }

    /// The heartbeat in words, for comments.
    fn heartbeat_in_words(&self) -> String {
        format!(
            "a heartbeat every {} s, which may be answered {} s later",
            self.heartbeat.interval.as_secs_f64(),
            self.heartbeat.timeout.as_secs_f64()
        )
    }

    fn names(&self) -> String {
        joined(&self.names, " ")
    }

    fn nodes(&self) -> String {
        joined(&self.nodes, " ")
    }
}

fn joined<T: std::fmt::Display>(words: &[T], between: &str) -> String {
    let words: Vec<String> = words.iter().map(T::to_string).collect();
    words.join(between)
}

/// For several nodes, as a comment.
const MANY: &str = "\
# A polling session is one node's: the same client goes to the same node. All nodes share one PostgreSQL
# (DATABASE_URL), hear of each other's publishes with ATALAYA_BUS=postgres, and believe this proxy's X-Forwarded-For
# if its address is among their ATALAYA_TRUSTED_PROXIES.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_end_a_word_of_a_configuration_is_refused() {
        for right in [
            "apps.example.com",
            "*.example.com",
            "/etc/ssl/apps+1/cert_a.pem",
            "/srv/año",
        ] {
            assert_eq!(
                right.parse::<Word>().map(|word| word.to_string()),
                Ok(right.to_owned())
            );
        }
        for wrong in [
            "", "a b", "a;b", "a{", "a\nb", "$host", "\"a\"", "a#b", "a\\b",
        ] {
            assert_eq!(wrong.parse::<Word>(), Err(NotAWord), "{wrong}");
        }
    }

    #[test]
    fn a_node_has_a_host_and_a_port() {
        for right in ["127.0.0.1:3001", "[::1]:3001", "node-1.internal:80"] {
            assert_eq!(
                right.parse::<Node>().map(|node| node.to_string()),
                Ok(right.to_owned())
            );
        }
        for wrong in [
            "",
            "127.0.0.1",
            ":3001",
            "a b:1",
            "a;b:1",
            "http://a:1",
            "unix:/x",
            "a:0",
            "a:99999",
        ] {
            assert_eq!(wrong.parse::<Node>(), Err(NotANode), "{wrong}");
        }
    }
}
