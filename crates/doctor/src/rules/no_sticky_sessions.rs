//! Several back ends, and the requests of one session may go to any of them, or each kind of them to another.

use super::{
    Check, Rule, Title, one,
    session_split::{self, How, Split},
};
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
    checks: &[
        Check::Way(|case| one(judge(case))),
        Check::Way(|case| one(session_split::find(case).map(|split| apart(case, &split)))),
    ],
};

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

/// Engine.IO's own cookie: the session's id, which the first request does not have yet, and none does where the server
/// sets no cookies, as those of version 4. An empty key is given to each server in turn.
const OWN_COOKIE: &str = "cookie_io";

/// Whether nginx sets a cookie of that name.
fn sets_cookie(directives: &[Directive]) -> bool {
    directives.iter().any(|directive| {
        let by_header = directive.is("add_header")
            && directive
                .arg(1)
                .is_some_and(|value| value.starts_with("io="));
        let by_name = directive.is("userid_name") && directive.arg(0) == Some("io");
        by_header || by_name || sets_cookie(directive.children())
    })
}

/// Whether every request of a session has the same key, as far as it can be known.
fn key_is_constant(case: &Case<'_>, method: &Directive) -> bool {
    let (Some(walks), Some(key)) = (&case.walks, method.arg(0)) else {
        return false;
    };
    let keys = walks.socket().map(|walk| walk.evaluate(key));
    let volatile = keys[0]
        .unknowns()
        .any(|name| session_split::is_volatile(case, name));
    let mut unknown = keys[0].unknowns().peekable();
    let by_own_cookie = unknown.peek().is_some() && unknown.all(|name| name == OWN_COOKIE);
    if by_own_cookie && !sets_cookie(&case.config.directives) {
        return false;
    }
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

/// A websocket is one connection, and so one server's.
fn severity(case: &Case<'_>) -> Severity {
    match case.question.is_websocket_only {
        true => Severity::Hint,
        false => Severity::Error,
    }
}

fn tell(case: &Case<'_>, upstream: &Upstream<'_>, count: usize) -> Finding {
    let method = upstream.method();
    let place = method.unwrap_or(upstream.directive);
    let how = method.map_or("round robin".to_owned(), |method| {
        format!("`{}`", case.config.written(method))
    });
    let finding = case.finding(
        RULE.id,
        severity(case),
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

/// The configuration itself leads them to different back ends.
fn apart(case: &Case<'_>, split: &Split<'_>) -> Finding {
    let unknown = r#"400, {"code":1,"message":"Session ID unknown"}"#;
    let (message, effect) = match &split.how {
        How::Kind {
            what,
            here,
            there,
            is_upgrade,
        } => (
            say!(
                "This leads a session's {what} to {there}, while its handshake goes to {here}.",
                "Esto lleva {what} de una sesión a {there}, mientras su handshake va a {here}.";
                what = what
            ),
            if *is_upgrade {
                say!(
                    "The upgrade gets {unknown}, and whatever speaks no Socket.IO answers in its own way; a client \
                     with one transport alone may work.",
                    "El upgrade recibe {unknown}, y lo que no habla Socket.IO responde a su manera; un cliente con \
                     un solo transporte puede funcionar."
                )
            } else {
                say!(
                    "Polling gets {unknown}; a websocket alone may work.",
                    "El polling recibe {unknown}; un websocket solo puede funcionar."
                )
            },
        ),
        How::Chance { variable } => (
            say!(
                "This picks the back end by ${variable}, which differs between the requests of a session, so they go \
                 to servers that do not know it.",
                "Esto elige el back end por ${variable}, que difiere entre las peticiones de una sesión, así que van \
                 a servidores que no la conocen."
            ),
            say!(
                "Polling gets {unknown}, now and then; a websocket alone works.",
                "El polling recibe {unknown}, a veces; un websocket solo funciona."
            ),
        ),
    };
    let finding = case.finding(RULE.id, Severity::Error, split.by.pos, message, effect);
    let path = &case.question.path;
    finding.advise(say!(
        "Lead all requests for {path} of one client to the same back end, whatever their method and transport; where \
         there are several, let $remote_addr or a cookie decide.",
        "Lleve todas las peticiones de {path} de un cliente al mismo back end, sea cual sea su método y transporte; \
         donde hay varios, que decida $remote_addr o una cookie."
    ))
}
