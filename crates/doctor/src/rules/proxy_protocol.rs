//! One side speaks the PROXY protocol and the other does not.

use super::{Check, Rule, Title, one};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
};

pub(super) const RULE: Rule = Rule {
    id: "proxy-protocol",
    title: Title {
        english: "The PROXY protocol is spoken on one side only.",
        spanish: "El protocolo PROXY se habla solo en un lado.",
    },
    checks: &[Check::Route(|case| one(judge(case)))],
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let listen = &case.walks.as_ref()?.handshake.choice.listen;
    let directive = listen.directive?;
    // What something else in front sends is not in these files.
    let is_sent = match (&case.front, case.is_inner()) {
        (Some(front), _) => front.sends_proxy_protocol(),
        (None, true) => false,
        (None, false) => return None,
    };
    if is_sent == listen.proxy_protocol {
        return None;
    }
    let sender = match (&case.front, case.sender) {
        (Some(front), _) => front.directive,
        (None, sender) => sender?,
    };
    let sender_at = case.at(sender);
    let message = match is_sent {
        true => say!(
            "The connection begins with the PROXY protocol, by {sender_at}, and this `listen` does not expect it.",
            "La conexión empieza con el protocolo PROXY, por {sender_at}, y este `listen` no lo espera."
        ),
        false => say!(
            "This `listen` expects the PROXY protocol first, and {sender_at} does not send it.",
            "Este `listen` espera primero el protocolo PROXY, y {sender_at} no lo envía."
        ),
    };
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        directive.pos,
        message,
        say!(
            "Every connection is closed at once; nginx logs \"broken header\".",
            "Cada conexión se cierra al momento; nginx anota \"broken header\"."
        ),
    );
    let word = directive
        .args
        .iter()
        .find(|word| word.text == "proxy_protocol");
    Some(match (word, &case.front) {
        // In front of it there may be others that do send it.
        (Some(word), None) => finding.mend(
            say!(
                "Take `proxy_protocol` away here, or listen without it at an address of its own: `proxy_pass` of an \
                 http block never sends it.",
                "Quite `proxy_protocol` de aquí, o escuche sin él en otra dirección: el `proxy_pass` de un bloque \
                 http nunca lo envía."
            ),
            false,
            vec![edit::replace(case.config, directive, word, "")],
        ),
        (Some(_), Some(_)) => finding.advise(say!(
            "Add `proxy_protocol on;` at {sender_at}, or take it away here.",
            "Añada `proxy_protocol on;` en {sender_at}, o quítelo de aquí."
        )),
        (None, _) => finding.advise(say!(
            "Add `proxy_protocol` to this `listen`, with `real_ip_header proxy_protocol;`.",
            "Añada `proxy_protocol` a este `listen`, con `real_ip_header proxy_protocol;`."
        )),
    })
}
