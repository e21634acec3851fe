//! Nobody answers at the back end's own address.

use super::{Check, Rule, Title, one};
use crate::{
    finding::{Finding, Severity},
    live::Live,
    probe::{Step, Which},
};

pub(super) const RULE: Rule = Rule {
    id: "back-end-down",
    title: Title {
        english: "The back end does not answer at its own address.",
        spanish: "El back end no responde en su propia dirección.",
    },
    checks: &[Check::Live(|live| one(judge(live)))],
};

/// Where the proxy does not answer either, nothing of it may run here: then the files alone are judged.
fn judge(live: &Live<'_>) -> Option<Finding> {
    let sign = live.sign(Which::Direct, Step::Polling)?;
    let runs = live.plan.has_answered || live.evidence.is_there(Which::Proxied);
    if !sign.is_silence() || !runs {
        return None;
    }
    let address = live.plan.direct.as_ref()?;
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        live.blame(),
        say!(
            "The back end does not answer at {address}: {seen}.",
            "El back end no responde en {address}: {seen}."; seen = sign.words()
        ),
        say!(
            "The client gets 502 from the proxy, which is not at fault.",
            "El cliente recibe 502 del proxy, que no tiene la culpa."
        ),
    );
    Some(finding.advise(say!(
        "Start the server, or name the address at which it listens.",
        "Arranque el servidor, o indique la dirección en la que escucha."
    )))
}
