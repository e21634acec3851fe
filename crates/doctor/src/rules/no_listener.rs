//! Nobody listens on the port of the URL.

use super::{Check, Rule, Title, one};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    nginx::{
        Walk,
        listen::{Address, Listen},
        server::Server,
    },
};

pub(super) const RULE: Rule = Rule {
    id: "no-listener",
    title: Title {
        english: "Nobody listens on the port.",
        spanish: "Nadie escucha en el puerto.",
    },
    checks: &[Check::Route(|case| one(judge(case)))],
};

/// The block listens on IPv6 alone: clients with IPv4 are refused, or reach another site.
fn only_ipv6(case: &Case<'_>, walk: &Walk<'_>) -> Option<Finding> {
    let listen = &walk.choice.listen;
    let same_port = walk
        .server()
        .listens
        .iter()
        .filter(|other| other.port == listen.port);
    let v6 = |listen: &Listen<'_>| listen.address == Address::AnyV6 && !listen.both_families;
    if case.origin.host.contains(':') || !same_port.clone().all(v6) {
        return None;
    }
    let directive = listen.directive?;
    let finding = case.finding(
        RULE.id,
        Severity::Warning,
        directive.pos,
        say!(
            "This site listens on IPv6 alone.",
            "Este sitio escucha solo en IPv6."
        ),
        say!(
            "Clients with IPv4 are refused, or get another site's answer.",
            "Los clientes con IPv4 son rechazados, o reciben la respuesta de otro sitio."
        ),
    );
    let advice = say!(
        "Listen on both: `listen {port};` beside this line.",
        "Escuche en ambos: `listen {port};` junto a esta línea.",
        port = listen.port
    );
    let edits = vec![edit::before(
        case.config,
        directive,
        &[&format!("listen {};", listen.port)],
    )];
    Some(finding.mend(advice, true, edits))
}

fn judge(case: &Case<'_>) -> Option<Finding> {
    if let Some(walks) = &case.walks {
        let is_open = case.front.is_none() && !case.is_inner();
        return is_open.then(|| only_ipv6(case, &walks.handshake))?;
    }
    // What is handed on unseen may be answered by anyone.
    if case.front.is_some() {
        return None;
    }
    let named = |server: &&Server<'_>| {
        server
            .names
            .iter()
            .any(|name| name.word.text.eq_ignore_ascii_case(&case.origin.host))
    };
    let servers = &case.http.servers;
    let server = servers.iter().find(named).or(servers.first());
    let directive = server.map_or(case.http.block, |server| {
        let listen = server.listens.first().and_then(|listen| listen.directive);
        listen.unwrap_or(server.directive)
    });
    let port = case.origin.port;
    let around = case
        .question
        .direct
        .as_ref()
        .is_some_and(|direct| direct.origin.port == port);
    let message = if around {
        say!(
            "{origin} is the back end's own port: the URL goes around nginx.",
            "{origin} es el puerto propio del back end: la URL esquiva nginx.",
            origin = case.origin
        )
    } else {
        say!(
            "No server block listens on port {port}, where {origin} leads.",
            "Ningún bloque server escucha en el puerto {port}, adonde lleva {origin}.",
            origin = case.origin
        )
    };
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        directive.pos,
        message,
        say!(
            "The connection is refused, or something other than nginx answers.",
            "La conexión se rechaza, o responde algo que no es nginx."
        ),
    );
    Some(finding.advise(match server {
        Some(_) => say!(
            "Add `listen {port};` here, or correct the port of the URL.",
            "Añada `listen {port};` aquí, o corrija el puerto de la URL."
        ),
        None => say!(
            "No server block is read at all: enable the site, or correct the `include` that should read it.",
            "No se lee ningún bloque server: active el sitio, o corrija el `include` que debería leerlo."
        ),
    }))
}
