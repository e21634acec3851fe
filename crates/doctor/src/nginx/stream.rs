//! `stream`: connections that are handed on without a look at what is in them, often TLS by the name that it asks for.

use super::{
    listen::Listen,
    pattern::Pattern,
    tree::Directive,
    upstream::{Authority, Upstream},
};

/// A server of the `stream` block.
#[derive(Clone, Debug)]
pub struct Front<'c> {
    pub directive: &'c Directive,
    stream: &'c Directive,
    pub listens: Vec<Listen<'c>>,
}

impl<'c> Front<'c> {
    pub(super) fn all_in(stream: &'c Directive) -> Vec<Self> {
        let servers = stream.all("server").map(|directive| Self {
            directive,
            stream,
            listens: directive.all("listen").filter_map(Listen::parse).collect(),
        });
        servers.collect()
    }

    /// Who gets the connections whose TLS greeting names this host; `None` where that cannot be known.
    pub fn target(&self, host: &str) -> Option<Authority> {
        let written = self.directive.first("proxy_pass")?.arg(0)?;
        let target = match written.strip_prefix('$') {
            Some("ssl_preread_server_name") => host,
            Some(variable) => self.mapped(variable, host)?,
            None => written,
        };
        let mut upstreams = self.stream.all("upstream").filter_map(Upstream::new);
        match upstreams.find(|upstream| upstream.name == target) {
            Some(upstream) => Some(upstream.active().next()?.address.clone()),
            None => Some(Authority::parse(target, 0)),
        }
    }

    /// Whether it tells the next one the client's address before anything else.
    pub fn sends_proxy_protocol(&self) -> bool {
        self.one("proxy_protocol").and_then(|set| set.arg(0)) == Some("on")
    }

    /// How long a silent connection is left alone, if that is said.
    pub fn timeout(&self) -> Option<&'c Directive> {
        self.one("proxy_timeout")
    }

    fn one(&self, name: &str) -> Option<&'c Directive> {
        self.directive.first(name).or(self.stream.first(name))
    }

    fn mapped(&self, variable: &str, host: &str) -> Option<&'c str> {
        let makes = |map: &&Directive| {
            map.arg(0) == Some("$ssl_preread_server_name")
                && map.arg(1).and_then(|made| made.strip_prefix('$')) == Some(variable)
        };
        let entries = self.stream.all("map").find(makes)?.children();
        let fits = |entry: &&Directive| names(&entry.name.text, host);
        let default = || entries.iter().find(|entry| entry.is("default"));
        entries.iter().find(fits).or_else(default)?.arg(0)
    }
}

/// Whether a key of a map names the host: itself, `*.example.com`, `.example.com`, or a regular expression.
fn names(key: &str, host: &str) -> bool {
    if let Some(pattern) = key.strip_prefix('~') {
        let (pattern, ignores_case) = match pattern.strip_prefix('*') {
            Some(pattern) => (pattern, true),
            None => (pattern, false),
        };
        return Pattern::new(pattern, ignores_case).captures(host).is_some();
    }
    let below = key.strip_prefix('*').unwrap_or(key);
    key.eq_ignore_ascii_case(host)
        || below.starts_with('.') && (host.ends_with(below) || key == below && host == &below[1..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nginx::parse;

    #[test]
    fn a_connection_goes_where_its_name_leads() {
        let text = "stream { map $ssl_preread_server_name $t { hostnames; vpn.a.example 10.0.0.1:1194; \
                    *.a.example inner; .b.example unix:/run/b.sock; ~^c\\. 127.0.0.1:3; default 127.0.0.1:9; } \
                    upstream inner { server 127.0.0.1:8443; } server { listen 443; proxy_pass $t; } \
                    server { listen 444; proxy_pass inner; } server { listen 445; proxy_pass $other; } }";
        let parsed = parse(text, crate::nginx::tree::FileId(0));
        let fronts = Front::all_in(&parsed.directives[0]);
        let target = |front: usize, host: &str| fronts[front].target(host).map(|to| to.to_string());
        for (host, to) in [
            ("vpn.a.example", "10.0.0.1:1194"),
            ("www.a.example", "127.0.0.1:8443"),
            ("b.example", "unix:/run/b.sock"),
            ("www.b.example", "unix:/run/b.sock"),
            ("c.example", "127.0.0.1:3"),
            ("d.example", "127.0.0.1:9"),
        ] {
            assert_eq!(target(0, host).as_deref(), Some(to), "{host}");
        }
        assert_eq!(target(1, "x").as_deref(), Some("127.0.0.1:8443"));
        assert_eq!(target(2, "x"), None);
    }
}
