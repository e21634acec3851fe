//! Several back ends, and the requests of one polling session may go to any of them.

use super::{Check, Rule, one};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    nginx::{
        Target,
        tree::Directive,
        upstream::{Authority, Upstream},
    },
};

pub(super) const RULE: Rule = Rule {
    id: "no-sticky-sessions",
    check: Check::Way(|case| one(judge(case))),
};

/// Different in every request or connection of one client.
const VOLATILE: [&str; 10] = [
    "request_id",
    "msec",
    "connection",
    "connection_requests",
    "remote_port",
    "request_time",
    "request_length",
    "time_local",
    "time_iso8601",
    "pid",
];

fn judge(case: &Case<'_>) -> Option<Finding> {
    let walks = case.walks.as_ref()?;
    let Some(Target::Upstream(name)) = walks.handshake.proxied().map(|proxied| &proxied.target)
    else {
        return None;
    };
    let upstream = case.http.upstream(name)?;
    let mut addresses: Vec<&Authority> = Vec::new();
    for peer in upstream.active() {
        if !addresses.iter().any(|other| other.same(&peer.address)) {
            addresses.push(&peer.address);
        }
    }
    if addresses.len() < 2 || is_sticky(case, upstream) {
        return None;
    }
    Some(tell(case, upstream, addresses.len()))
}

fn is_sticky(case: &Case<'_>, upstream: &Upstream<'_>) -> bool {
    match upstream.method() {
        Some(method) if method.is("ip_hash") || method.is("sticky") => true,
        Some(method) if method.is("hash") => {
            key_is_constant(case, method) || keys_meet(case, upstream, method)
        }
        _ => false,
    }
}

/// Whether every request of a session has the same key, as far as it can be known.
fn key_is_constant(case: &Case<'_>, method: &Directive) -> bool {
    let (Some(walks), Some(key)) = (&case.walks, method.arg(0)) else {
        return false;
    };
    let keys = walks.socket().map(|walk| walk.evaluate(key));
    let volatile = keys[0].unknowns().any(|name| VOLATILE.contains(&name));
    !volatile && keys.iter().all(|other| *other == keys[0])
}

/// Whether the keys of a session differ and are given to one server all the same.
fn keys_meet(case: &Case<'_>, upstream: &Upstream<'_>, method: &Directive) -> bool {
    let (Some(walks), Some(key)) = (&case.walks, method.arg(0)) else {
        return false;
    };
    if method.has_arg("consistent") {
        return false;
    }
    let places = walks.socket().map(|walk| {
        let key = walk.evaluate(key);
        let peer = upstream.hashed(key.known()?)?;
        Some(peer.directive.pos)
    });
    places[0].is_some() && places.iter().all(|place| *place == places[0])
}

fn tell(case: &Case<'_>, upstream: &Upstream<'_>, count: usize) -> Finding {
    let method = upstream.method();
    let place = method.unwrap_or(upstream.directive);
    let how = method.map_or("round robin".to_owned(), |method| {
        format!("`{}`", case.config.written(method))
    });
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        place.pos,
        format!(
            "Upstream {} has {count} servers and picks one by {how}, so a session's requests go to servers that do not \
             know it.",
            upstream.name
        ),
        "Polling gets 400, {\"code\":1,\"message\":\"Session ID unknown\"}, now and then or every time; a websocket \
         alone works.",
    );
    let first = upstream.directive.first("server");
    let edit = match (method, first) {
        (None, Some(first)) => edit::before(case.config, first, &["ip_hash;"]),
        (Some(method), Some(first)) if method.pos > first.pos => {
            return finding.advise("Take this line away and put `ip_hash;` or `hash $remote_addr consistent;` before the servers.");
        }
        _ => {
            return finding
                .advise("Pick by the client: `ip_hash;` or `hash $remote_addr consistent;`.");
        }
    };
    finding.mend(
        "Pick by the client's address: the same client, the same server.",
        true,
        vec![edit],
    )
}
