//! `Connection "upgrade"` for every request, to an upstream whose connections should be kept.

use super::{Check, Rule, headers};
use crate::{
    case::Case,
    finding::{Finding, Severity},
    nginx::Target,
};

pub(super) const RULE: Rule = Rule {
    id: "connection-always-upgrade",
    check: Check::Way(check),
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    let Some(walks) = &case.walks else {
        return Vec::new();
    };
    let Some(proxied) = walks.handshake.proxied() else {
        return Vec::new();
    };
    let Target::Upstream(name) = &proxied.target else {
        return Vec::new();
    };
    let keeps = case
        .http
        .upstream(name)
        .is_some_and(|upstream| upstream.directive.first("keepalive").is_some());
    let header = proxied
        .header("connection")
        .filter(|header| headers::has_word(Some(header), "upgrade") == Some(true));
    let Some(by) = header.and_then(|header| header.by).filter(|_| keeps) else {
        return Vec::new();
    };
    let finding = case.finding(
        RULE.id,
        Severity::Hint,
        by.pos,
        format!("Polling requests carry \"Connection: upgrade\" too, so `keepalive` of upstream {name} does nothing for them."),
        "Nothing breaks; each polling request costs a new connection to the back end.",
    );
    vec![
        finding.advise(
            "Let a map of $http_upgrade choose: upgrade for a websocket, empty for the rest.",
        ),
    ]
}
