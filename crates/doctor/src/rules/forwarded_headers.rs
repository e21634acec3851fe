//! The back end is not told the host, the client's address or the scheme, or is told what the client claims.

use super::{Check, Rule};
use crate::{
    case::Case,
    finding::{Finding, Severity},
    nginx::Proxied,
};

pub(super) const RULE: Rule = Rule {
    id: "forwarded-headers",
    check: Check::Way(check),
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    let walks = case.walks.iter();
    walks
        .filter_map(|walks| walks.handshake.proxied())
        .flat_map(|proxied| [absent(case, proxied), forgeable(case, proxied)])
        .flatten()
        .collect()
}

fn absent(case: &Case<'_>, proxied: &Proxied<'_>) -> Option<Finding> {
    let set = |name: &str| {
        proxied
            .header(name)
            .is_some_and(|header| header.by.is_some())
    };
    let wanted = [
        ("host", "Host"),
        ("x-forwarded-for", "X-Forwarded-For"),
        ("x-forwarded-proto", "X-Forwarded-Proto"),
    ];
    let missing: Vec<&str> = wanted
        .iter()
        .filter(|(name, _)| !set(name))
        .map(|(_, name)| *name)
        .collect();
    if missing.is_empty() {
        return None;
    }
    let finding = case.finding(
        RULE.id,
        Severity::Hint,
        proxied.pass.pos,
        format!("The back end is not told: {}.", missing.join(", ")),
        "Nothing breaks; but the back end sees nginx's address for every client, and may build wrong addresses or \
         refuse an origin.",
    );
    Some(finding.advise("Set them from $http_host, $remote_addr and $scheme."))
}

fn forgeable(case: &Case<'_>, proxied: &Proxied<'_>) -> Option<Finding> {
    let by = proxied.header("x-forwarded-for")?.by?;
    let claimed = by
        .arg(1)
        .is_some_and(|value| value == "$http_x_forwarded_for");
    let finding = || {
        case.finding(
            RULE.id,
            Severity::Hint,
            by.pos,
            "The back end is told the address that the client claims.",
            "Nothing breaks; but anybody can give any address.",
        )
        .advise("Use $remote_addr, or $proxy_add_x_forwarded_for behind another proxy.")
    };
    claimed.then(finding)
}
