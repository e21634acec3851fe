//! `Connection "upgrade"` for every request, to an upstream whose connections should be kept.

use super::{Check, Rule, headers, one};
use crate::{
    case::Case,
    finding::{Finding, Severity},
    nginx::Target,
};

pub(super) const RULE: Rule = Rule {
    id: "connection-always-upgrade",
    check: Check::Way(|case| one(judge(case))),
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let proxied = case.walks.as_ref()?.handshake.proxied()?;
    let Target::Upstream(name) = &proxied.target else {
        return None;
    };
    let keeps = case
        .http
        .upstream(name)
        .is_some_and(|upstream| upstream.directive.first("keepalive").is_some());
    let header = proxied
        .header("connection")
        .filter(|header| headers::has_word(Some(header), "upgrade") == Some(true));
    let by = header.and_then(|header| header.by).filter(|_| keeps)?;
    let finding = case.finding(
        RULE.id,
        Severity::Hint,
        by.pos,
        format!("Polling requests carry \"Connection: upgrade\" too, so `keepalive` of upstream {name} does nothing for them."),
        "Nothing breaks; each polling request costs a new connection to the back end.",
    );
    Some(
        finding.advise(
            "Let a map of $http_upgrade choose: upgrade for a websocket, empty for the rest.",
        ),
    )
}
