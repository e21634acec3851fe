//! Nobody listens on the port of the URL.

use super::{Check, Rule};
use crate::{
    case::Case,
    finding::{Finding, Severity},
};

pub(super) const RULE: Rule = Rule {
    id: "no-listener",
    check: Check::Route(check),
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    if case.walks.is_some() {
        return Vec::new();
    }
    let named = |server: &&crate::nginx::server::Server<'_>| {
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
        format!(
            "{} is the back end's own port: the URL goes around nginx.",
            case.origin
        )
    } else {
        format!(
            "No server block listens on port {port}, where {} leads.",
            case.origin
        )
    };
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        directive.pos,
        message,
        "The connection is refused, or something other than nginx answers.",
    );
    vec![finding.advise(format!(
        "Add `listen {port};` here, or correct the port of the URL."
    ))]
}
