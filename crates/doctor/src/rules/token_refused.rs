//! The namespace refuses the token.

use super::{Check, Rule, Title, one};
use crate::{
    finding::{Finding, Severity},
    live::Live,
    probe::Which,
};

pub(super) const RULE: Rule = Rule {
    id: "token-refused",
    title: Title {
        english: "The server refuses the token.",
        spanish: "El servidor rechaza el token.",
    },
    checks: &[Check::Live(|live| one(judge(live)))],
};

/// What Node's server says where there is none.
const INVALID_NAMESPACE: &str = "Invalid namespace";

fn judge(live: &Live<'_>) -> Option<Finding> {
    live.plan.token.as_ref()?;
    if live.evidence.disconnects {
        return Some(sent_away(live));
    }
    let (code, message) = live.evidence.refused.as_ref()?;
    let code = code
        .as_ref()
        .map(|code| format!(" ({code})"))
        .unwrap_or_default();
    let namespace = &live.question.namespace;
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        None,
        say!(
            "The namespace {namespace} refuses the token: {message}{code}.",
            "El namespace {namespace} rechaza el token: {message}{code}."
        ),
        say!(
            "Whoever has such a token hears `connect_error`, and there is no row for them.",
            "Quien tenga un token así recibe `connect_error`, y no hay fila para él."
        ),
    );
    Some(finding.advise(advice(live)))
}

/// Servers that look at the token in their handler of connections let everybody in first.
fn sent_away(live: &Live<'_>) -> Finding {
    let namespace = &live.question.namespace;
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        None,
        say!(
            "The namespace {namespace} lets the client in, and disconnects it at once.",
            "El namespace {namespace} deja entrar al cliente, y lo desconecta enseguida."
        ),
        say!(
            "Whoever has such a token sees `connect` and then `disconnect`, again and again, and there is no row for them.",
            "Quien tenga un token así ve `connect` y luego `disconnect`, una y otra vez, y no hay fila para él."
        ),
    );
    finding.advise(advice(live))
}

fn advice(live: &Live<'_>) -> crate::language::Text {
    let (_, message) = live.evidence.refused.as_ref().cloned().unwrap_or_default();
    if message == INVALID_NAMESPACE {
        return say!(
            "The server has no such namespace: name the client's with --namespace.",
            "El servidor no tiene ese namespace: indique el del cliente con --namespace."
        );
    }
    let lifetime = live.claims().and_then(|claims| claims.state(live.now_s()));
    match lifetime {
        Some(crate::live::Lifetime::Over(seconds)) => say!(
            "It expired {seconds} s ago: log in for another.",
            "Caducó hace {seconds} s: inicie sesión para obtener otro."
        ),
        Some(crate::live::Lifetime::NotYet(seconds)) => say!(
            "It is valid only in {seconds} s: the clock of whoever made it is ahead.",
            "Sólo será válido dentro de {seconds} s: el reloj de quien lo hizo va adelantado."
        ),
        None if live.evidence.was_asked(Which::Direct) => say!(
            "It has not expired: server and whoever makes tokens must have the same secret.",
            "No ha caducado: el servidor y quien hace los tokens deben tener el mismo secreto."
        ),
        None => say!(
            "It has not expired: look at the server's log, and ask the back end itself with --direct.",
            "No ha caducado: mire el registro del servidor, y pregunte al propio back end con --direct."
        ),
    }
}
