//! A header of the websocket's answer is taken away, and the client refuses the connection it was granted.

use super::{Check, Rule, Title};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    nginx::tree::Directive,
};

pub(super) const RULE: Rule = Rule {
    id: "handshake-header-hidden",
    title: Title {
        english: "The answer of the websocket is cut.",
        spanish: "La respuesta del websocket llega mutilada.",
    },
    checks: &[Check::Way(check)],
};

/// What a client checks in the answer 101 (RFC 6455, 4.1). `Connection` is nginx's own.
const CHECKED: [&str; 2] = ["sec-websocket-accept", "upgrade"];

fn check(case: &Case<'_>) -> Vec<Finding> {
    let Some(walks) = &case.walks else {
        return Vec::new();
    };
    let walk = &walks.websocket;
    if walk.proxied().is_none() {
        return Vec::new();
    }
    let checked = |directive: &Directive| {
        let names = directive
            .args
            .iter()
            .map(|word| word.text.to_ascii_lowercase());
        names
            .into_iter()
            .find(|name| CHECKED.contains(&name.as_str()))
    };
    let hides = ["proxy_hide_header", "more_clear_headers"];
    let hiding = hides.iter().flat_map(|name| walk.scope().all(name));
    hiding
        .filter_map(|directive| {
            let header = checked(directive)?;
            let finding = case.finding(
                RULE.id,
                Severity::Error,
                directive.pos,
                say!(
                    "This takes {header} off the websocket's answer.",
                    "Esto quita {header} de la respuesta del websocket."
                ),
                say!(
                    "The handshake ends with 101, and the client drops it: \"Invalid Sec-WebSocket-Accept header\" \
                     or \"Invalid Upgrade header\".",
                    "El handshake acaba con 101, y el cliente lo descarta: \"Invalid Sec-WebSocket-Accept header\" \
                     o \"Invalid Upgrade header\"."
                ),
            );
            let edits = vec![edit::remove(case.config, directive)];
            Some(finding.mend(say!("Take this line away.", "Quite esta línea."), true, edits))
        })
        .collect()
}
