//! A session opens at the back end itself, and a further step of it fails there: no proxy has a part in that.

use super::{Check, Rule, Title, one};
use crate::{
    finding::{Finding, Severity},
    language::Text,
    live::Live,
    probe::{
        Failure, Step, Which,
        sign::{Sign, code},
    },
};

pub(super) const RULE: Rule = Rule {
    id: "back-end-fails",
    title: Title {
        english: "A step fails at the back end itself.",
        spanish: "Un paso falla en el propio back end.",
    },
    checks: &[Check::Live(|live| one(judge(live)))],
};

fn judge(live: &Live<'_>) -> Option<Finding> {
    let (step, failure) = live.evidence.first_failure(Which::Direct)?;
    let Failure::Sign(sign) = failure else {
        return None;
    };
    let is_told = live.evidence.refuses_the_page.is_some() || live.evidence.disconnects;
    if step == Step::Polling || is_told || !live.opens(Which::Direct) {
        return None;
    }
    let origin = live.plan.direct.as_ref()?;
    let finding = Finding::new(
        RULE.id,
        severity(step, sign),
        None,
        say!(
            "At {origin} itself the step `{step}` fails: {seen}.",
            "En el propio {origin} falla el paso `{step}`: {seen}.",
            step = step.word();
            seen = sign.words()
        ),
        say!(
            "Clients that need this step do not connect, with the proxy and without it.",
            "Los clientes que necesitan este paso no se conectan, con el proxy y sin él."
        ),
    );
    Some(finding.advise(advice(sign)))
}

/// A server may well offer one transport only, or let in those whom it knows.
fn severity(step: Step, sign: &Sign) -> Severity {
    let is_refusal = matches!(
        sign,
        Sign::EngineIo(code::UNKNOWN_TRANSPORT | code::FORBIDDEN, _) | Sign::Status(400..=499, _)
    );
    match step {
        Step::Websocket | Step::Namespace | Step::Upgrade if is_refusal => Severity::Hint,
        _ => Severity::Warning,
    }
}

fn advice(sign: &Sign) -> Text {
    match sign {
        Sign::EngineIo(code::BAD_REQUEST, _) => say!(
            "The headers Upgrade and Connection do not arrive: something stands in front of the server at this \
             address too. Give --direct the server's own.",
            "Las cabeceras Upgrade y Connection no llegan: también en esta dirección hay algo delante del servidor. \
             Dé a --direct la del propio servidor."
        ),
        Sign::EngineIo(code::UNKNOWN_SESSION, _) => say!(
            "Several processes share this address: use one, or one address for each, with sticky sessions in the proxy.",
            "Varios procesos comparten esta dirección: use uno solo, o una dirección para cada uno, con sesiones fijas \
             (sticky) en el proxy."
        ),
        _ => say!(
            "Look in the server's log, and at its options `transports`, `allowUpgrades` and `maxHttpBufferSize`.",
            "Mire en el registro del servidor, y sus opciones `transports`, `allowUpgrades` y `maxHttpBufferSize`."
        ),
    }
}
