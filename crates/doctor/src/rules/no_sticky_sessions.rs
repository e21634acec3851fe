//! Several back ends, and the requests of one polling session may go to any of them.

use super::{Check, Rule, Title, one};
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
    title: Title {
        english: "A session's requests go to several servers.",
        spanish: "Las peticiones de una sesión van a varios servidores.",
    },
    checks: &[Check::Way(|case| one(judge(case)))],
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
        say!(
            "Upstream {name} has {count} servers and picks one by {how}, so a session's requests go to servers that \
             do not know it.",
            "El upstream {name} tiene {count} servidores y elige uno por {how}, así que las peticiones de una \
             sesión van a servidores que no la conocen.",
            name = upstream.name
        ),
        say!(
            "Polling gets 400, {{\"code\":1,\"message\":\"Session ID unknown\"}}, now and then or every time; a \
             websocket alone works.",
            "El polling recibe 400, {{\"code\":1,\"message\":\"Session ID unknown\"}}, a veces o siempre; un \
             websocket solo funciona."
        ),
    );
    let first = upstream.directive.first("server");
    let edit = match (method, first) {
        (None, Some(first)) => edit::before(case.config, first, &["ip_hash;"]),
        (Some(method), Some(first)) if method.pos > first.pos => {
            return finding.advise(say!(
                "Take this line away and put `ip_hash;` or `hash $remote_addr consistent;` before the servers.",
                "Quite esta línea y ponga `ip_hash;` o `hash $remote_addr consistent;` antes de los servidores."
            ));
        }
        _ => {
            return finding.advise(say!(
                "Pick by the client: `ip_hash;` or `hash $remote_addr consistent;`.",
                "Elija por el cliente: `ip_hash;` o `hash $remote_addr consistent;`."
            ));
        }
    };
    finding.mend(
        say!(
            "Pick by the client's address: the same client, the same server.",
            "Elija por la dirección del cliente: el mismo cliente, el mismo servidor."
        ),
        true,
        vec![edit],
    )
}
