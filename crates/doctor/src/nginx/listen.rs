//! `listen`: address, port and options.

use super::{tree::Directive, upstream::Authority};

/// One address that a server block is reached at.
#[derive(Clone, Debug)]
pub struct Listen<'c> {
    /// `None` where the block has no `listen` at all: nginx then takes `*:80`.
    pub directive: Option<&'c Directive>,
    pub address: Address,
    pub port: u16,
    pub is_default: bool,
    pub tls: bool,
    /// It expects the client's address before anything else.
    pub proxy_protocol: bool,
    /// An IPv6 wildcard that takes IPv4 too.
    pub both_families: bool,
}

/// What stands before the port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// `*`, `0.0.0.0`
    AnyV4,
    /// `[::]`
    AnyV6,
    /// A literal or a name, without brackets.
    Host(String),
    Unix(String),
}

impl Address {
    pub fn is_any(&self) -> bool {
        matches!(self, Self::AnyV4 | Self::AnyV6)
    }

    pub fn is_loopback(&self) -> bool {
        matches!(self, Self::Host(host) if is_loopback(host))
    }
}

/// An IPv6 address as it is without the brackets that a port asks for; any other host as it is.
pub fn without_brackets(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Whether a host, by name or address, is this machine itself.
pub fn is_loopback(host: &str) -> bool {
    let host = without_brackets(host);
    host == "localhost" || host == "::1" || host.starts_with("127.")
}

impl<'c> Listen<'c> {
    pub fn implicit() -> Self {
        Self {
            directive: None,
            address: Address::AnyV4,
            port: 80,
            is_default: false,
            tls: false,
            proxy_protocol: false,
            both_families: false,
        }
    }

    /// Whether who connects to `asked` from this machine is surely connected here.
    pub fn takes(&self, asked: &Authority) -> bool {
        match &self.address {
            Address::Unix(path) => asked.host.strip_prefix("unix:") == Some(path),
            _ if asked.host.starts_with("unix:") || asked.port != self.port => false,
            Address::Host(host) if *host == asked.host => true,
            Address::Host(host) => asked.host == "localhost" && is_loopback(host),
            Address::AnyV4 => is_loopback(&asked.host) && asked.host != "::1",
            Address::AnyV6 if self.both_families => is_loopback(&asked.host),
            Address::AnyV6 => matches!(asked.host.as_str(), "::1" | "localhost"),
        }
    }

    /// `None` if the directive has no address that can be read.
    pub fn parse(directive: &'c Directive) -> Option<Self> {
        let (address, port) = address_and_port(directive.arg(0)?)?;
        let option = |name| directive.args.iter().skip(1).any(|word| word.text == name);
        Some(Self {
            directive: Some(directive),
            address,
            port,
            is_default: option("default_server") || option("default"),
            tls: option("ssl") || option("quic"),
            proxy_protocol: option("proxy_protocol"),
            both_families: option("ipv6only=off"),
        })
    }
}

fn address_and_port(text: &str) -> Option<(Address, u16)> {
    if let Some(path) = text.strip_prefix("unix:") {
        return Some((Address::Unix(path.to_owned()), 0));
    }
    if let Ok(port) = text.parse() {
        return Some((Address::AnyV4, port));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (text, 80),
    };
    let address = match host {
        "*" | "0.0.0.0" => Address::AnyV4,
        "[::]" => Address::AnyV6,
        other => Address::Host(without_brackets(other).to_ascii_lowercase()),
    };
    Some((address, port))
}
