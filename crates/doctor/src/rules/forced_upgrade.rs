//! `Upgrade websocket` is sent with every request, polling too, which the back end then takes for a broken
//! websocket.

use super::{Check, Rule, Title, headers, one};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
};

pub(super) const RULE: Rule = Rule {
    id: "forced-upgrade",
    title: Title {
        english: "Every request is made a websocket.",
        spanish: "Toda petición se convierte en websocket.",
    },
    checks: &[Check::Way(|case| one(judge(case)))],
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let walk = &case.walks.as_ref()?.handshake;
    let proxied = walk.proxied()?;
    let upgrade = proxied.header("upgrade");
    let forced =
        upgrade.filter(|header| header.value.known().is_some_and(|value| !value.is_empty()));
    let connection = headers::has_word(proxied.header("connection"), "upgrade");
    let (Some(header), Some(true)) = (forced, connection) else {
        return None;
    };
    let place = headers::source(walk, header)?;
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        place.pos,
        say!(
            "Every request is sent on as a websocket, polling too.",
            "Toda petición se reenvía como websocket, también el polling."
        ),
        say!(
            "Polling gets 400, \"Missing or invalid Sec-WebSocket-Key header\", so the default client never \
             connects.",
            "El polling recibe 400, \"Missing or invalid Sec-WebSocket-Key header\", y el cliente por defecto nunca \
             se conecta."
        ),
    );
    let value = place.args.get(1).filter(|_| place.is("proxy_set_header"));
    Some(match value {
        Some(word) => {
            let edits = vec![edit::replace(case.config, place, word, "$http_upgrade")];
            finding.mend(
                say!(
                    "Hand on what the client sent.",
                    "Reenvíe lo que mandó el cliente."
                ),
                true,
                edits,
            )
        }
        None => finding.advise(say!(
            "Hand on what the client sent: $http_upgrade.",
            "Reenvíe lo que mandó el cliente: $http_upgrade."
        )),
    })
}
