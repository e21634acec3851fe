//! What the gateway can be told, already valid; each default with its reason.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use ipnet::IpNet;

/// How the gateway behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it is served, with both slashes.
    pub path: String,
    /// The namespaces that can be joined; any other is refused as "Invalid namespace".
    pub namespaces: Vec<String>,
    /// Time between two heartbeats.
    pub ping_interval: Duration,
    /// How long a client may take to answer one.
    pub ping_timeout: Duration,
    /// How long a client that has opened a websocket beside its polling may take to move over.
    pub upgrade_timeout: Duration,
    /// How long a transport may stay open without ever having joined a namespace.
    pub connect_timeout: Duration,
    /// The longest message, or body of a POST, that is accepted, in bytes.
    pub max_payload: usize,
    /// How many engine sessions are held at once; the next is answered 503.
    pub max_connections: usize,
    /// How many messages may wait for one client before it is cut off as slow.
    pub outbound_max_messages: usize,
    /// How many bytes may wait for one client before it is cut off as slow.
    pub outbound_max_bytes: usize,
    /// How many binary attachments one event may have.
    pub max_attachments: usize,
    /// The pages that may connect from another origin.
    pub allowed_origins: Origins,
    /// The proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<IpNet>,
}

impl Default for Config {
    /// The public server's own values wherever it has one: its clients and proxies are tuned to them.
    fn default() -> Self {
        Self {
            path: "/socket.io/".to_owned(),
            namespaces: vec!["/".to_owned()],
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            upgrade_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(45),
            max_payload: 1_000_000,
            max_connections: 50_000,
            // A few minutes of a busy feed, and what one slow client may cost in memory.
            outbound_max_messages: 1_024,
            outbound_max_bytes: 4 * 1024 * 1024,
            max_attachments: 10,
            allowed_origins: Origins::Any,
            trusted_proxies: Vec::new(),
        }
    }
}

/// The pages that may connect from another origin. A page of the server's own host always may, and so may
/// whoever sends no `Origin`, which is every program that is not a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Any page: what authenticates is a token in `auth`, which a foreign page does not hold.
    Any,
    /// Only these, each as a browser sends it (`https://app.example.com`).
    List(Vec<String>),
}

impl Origins {
    pub(crate) fn allow(&self, headers: &HeaderMap) -> bool {
        match (self, headers.get(header::ORIGIN)) {
            (Self::Any, _) | (_, None) => true,
            (Self::List(listed), Some(origin)) => {
                listed.iter().any(|one| one.as_bytes() == origin.as_bytes())
                    || is_same_host(origin, headers.get(header::HOST))
            }
        }
    }
}

/// A browser sends `Origin` with a websocket even to the server that the page came from.
fn is_same_host(origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
    let (Ok(origin), Some(Ok(host))) = (origin.to_str(), host.map(HeaderValue::to_str)) else {
        return false;
    };
    origin
        .split_once("://")
        .is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(origins: &Origins, origin: &str, host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, origin.parse().unwrap());
        headers.insert(header::HOST, host.parse().unwrap());
        origins.allow(&headers)
    }

    #[test]
    fn only_listed_origins_and_the_own_host_are_allowed() {
        let list = Origins::List(vec!["https://app.example.com".to_owned()]);
        assert!(allows(&list, "https://app.example.com", "api.example.com"));
        assert!(allows(
            &list,
            "http://api.example.com:3001",
            "api.example.com:3001"
        ));
        assert!(!allows(&list, "https://evil.example", "api.example.com"));
        assert!(!allows(
            &list,
            "https://app.example.com.evil.example",
            "api.example.com"
        ));
        assert!(!allows(&list, "null", "api.example.com"));
        assert!(allows(
            &Origins::Any,
            "https://evil.example",
            "api.example.com"
        ));
        assert!(list.allow(&HeaderMap::new()));
    }
}
