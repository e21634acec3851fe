//! `Connection "upgrade"` for every request, to an upstream whose connections should be kept.

use super::{Check, Rule, Title, headers, one};
use crate::{
    case::Case,
    finding::{Finding, Severity},
    nginx::Target,
};

pub(super) const RULE: Rule = Rule {
    id: "connection-always-upgrade",
    title: Title {
        english: "Connection upgrade defeats keepalive (hint).",
        spanish: "Connection upgrade anula keepalive (sugerencia).",
    },
    checks: &[Check::Way(|case| one(judge(case)))],
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
        say!(
            "Polling requests carry \"Connection: upgrade\" too, so `keepalive` of upstream {name} does nothing for \
             them.",
            "También las peticiones de polling llevan \"Connection: upgrade\", así que `keepalive` del upstream \
             {name} no les sirve de nada."
        ),
        say!(
            "Nothing breaks; each polling request costs a new connection to the back end.",
            "No se rompe nada; cada petición de polling cuesta una conexión nueva al back end."
        ),
    );
    Some(finding.advise(say!(
        "Let a map of $http_upgrade choose: upgrade for a websocket, empty for the rest.",
        "Deje que elija un map de $http_upgrade: upgrade para un websocket, vacío para lo demás."
    )))
}
