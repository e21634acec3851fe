//! Every server of the upstream is marked `down`.

use super::{Check, Rule};
use crate::{
    case::Case,
    finding::{Finding, Severity},
    nginx::Target,
};

pub(super) const RULE: Rule = Rule {
    id: "upstream-down",
    check: Check::Way(check),
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    let judged = case.proxied().into_iter();
    let findings = judged.filter_map(|(_, proxied)| {
        let Target::Upstream(name) = &proxied.target else {
            return None;
        };
        let upstream = case.http.upstream(name)?;
        let first = upstream.servers.first()?;
        if upstream.servers.iter().any(|peer| !peer.down) {
            return None;
        }
        let finding = case.finding(
            RULE.id,
            Severity::Error,
            first.directive.pos,
            format!("Every server of upstream {name} is marked down."),
            "The client gets 502; nginx logs \"no live upstreams\".",
        );
        Some(finding.advise("Take `down` away from a server that runs."))
    });
    findings.take(1).collect()
}
