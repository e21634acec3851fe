//! Every server of the upstream is marked `down`.

use super::{Check, Rule, Title, first_proxied};
use crate::{
    case::Case,
    finding::{Finding, Severity},
    nginx::{Proxied, Target, Walk},
};

pub(super) const RULE: Rule = Rule {
    id: "upstream-down",
    title: Title {
        english: "Every server is marked down.",
        spanish: "Todos los servidores están marcados como down.",
    },
    checks: &[Check::Way(|case| first_proxied(case, judge))],
};

fn judge(case: &Case<'_>, _: &Walk<'_>, proxied: &Proxied<'_>) -> Option<Finding> {
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
        say!(
            "Every server of upstream {name} is marked down.",
            "Todos los servidores del upstream {name} están marcados como down."
        ),
        say!(
            "The client gets 502; nginx logs \"no live upstreams\".",
            "El cliente recibe 502; nginx anota \"no live upstreams\"."
        ),
    );
    Some(finding.advise(say!(
        "Take `down` away from a server that runs.",
        "Quite `down` de un servidor que funcione."
    )))
}
