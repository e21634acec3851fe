//! Which variables exist: nginx's own, and those that the configuration makes.

use std::collections::HashSet;

use super::tree::Directive;

/// Beginnings of names that stand for many, or that modules make.
const FAMILIES: [&str; 24] = [
    "http_",
    "arg_",
    "cookie_",
    "sent_",
    "upstream_",
    "ssl_",
    "proxy_",
    "geoip",
    "realip_",
    "time_",
    "request",
    "remote_",
    "server_",
    "body_",
    "bytes_",
    "connections_",
    "content_",
    "document_",
    "limit_",
    "tcpinfo_",
    "date_",
    "jwt_",
    "secure_link",
    "otel_",
];

const OWN: [&str; 34] = [
    "args",
    "ancient_browser",
    "binary_remote_addr",
    "connection",
    "connection_requests",
    "connection_time",
    "fastcgi_path_info",
    "fastcgi_script_name",
    "gzip_ratio",
    "host",
    "hostname",
    "http2",
    "http3",
    "https",
    "invalid_referer",
    "is_args",
    "memcached_key",
    "modern_browser",
    "msec",
    "msie",
    "nginx_version",
    "pid",
    "pipe",
    "query_string",
    "quic",
    "scheme",
    "slice_range",
    "spdy",
    "spdy_request_priority",
    "status",
    "trailer",
    "uid_got",
    "uid_set",
    "uri",
];

/// Directives that use variables and make none.
const USERS: [&str; 18] = [
    "proxy_set_header",
    "proxy_pass",
    "proxy_cache_key",
    "proxy_cache_bypass",
    "proxy_no_cache",
    "add_header",
    "return",
    "if",
    "log_format",
    "access_log",
    "fastcgi_param",
    "try_files",
    "root",
    "alias",
    "limit_req_zone",
    "limit_conn_zone",
    "error_page",
    "proxy_redirect",
];

/// Whether nginx has a variable of this name without being told.
pub fn is_own(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_digit())
        || OWN.contains(&name)
        || FAMILIES.iter().any(|family| name.starts_with(family))
}

/// Every name that the configuration may make: an argument of a directive that is not known only to use
/// variables, or a named group of a regular expression.
pub fn made(directives: &[Directive]) -> HashSet<String> {
    let mut names = HashSet::new();
    collect(directives, &mut names);
    names
}

fn collect(directives: &[Directive], names: &mut HashSet<String>) {
    for directive in directives {
        let uses = USERS.iter().any(|user| directive.is(user));
        for word in std::iter::once(&directive.name).chain(&directive.args) {
            names.extend(groups(&word.text));
            if !uses && let Some(name) = word.text.strip_prefix('$') {
                names.insert(name.to_owned());
            }
        }
        collect(directive.children(), names);
    }
}

/// The names of `(?<name>…)` and `(?P<name>…)`.
fn groups(text: &str) -> impl Iterator<Item = String> {
    text.split("(?").skip(1).filter_map(|rest| {
        let rest = rest.strip_prefix('P').unwrap_or(rest);
        let (open, close) = if rest.starts_with('\'') {
            ('\'', '\'')
        } else {
            ('<', '>')
        };
        let name = rest.strip_prefix(open)?.split(close).next()?;
        Some(name.to_owned())
    })
}
