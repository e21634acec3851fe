//! The back end answers, and is no Socket.IO server at this path.

use super::{Check, Rule, Title, one};
use crate::{
    finding::{Finding, Place, Severity},
    live::Live,
    probe::{Step, Which, sign::Sign},
    question::DEFAULT_PATH,
};

pub(super) const RULE: Rule = Rule {
    id: "back-end-elsewhere",
    title: Title {
        english: "The back end does not speak Socket.IO at this path.",
        spanish: "El back end no habla Socket.IO en esta ruta.",
    },
    checks: &[Check::Live(|live| one(judge(live)))],
};

/// Where the proxy gives it another path that is right, all is well.
fn judge(live: &Live<'_>) -> Option<Finding> {
    let sign = live.sign(Which::Direct, Step::Polling)?;
    if sign.is_silence() || matches!(sign, Sign::EngineIo(..)) || live.opens(Which::Proxied) {
        return None;
    }
    let address = live.plan.direct.as_ref()?;
    let path = &live.question.path;
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        place(live),
        say!(
            "At {address}{path} no Socket.IO server answers: {seen}.",
            "En {address}{path} no responde ningún servidor Socket.IO: {seen}."; seen = sign.words()
        ),
        say!(
            "No client connects, through a proxy or not.",
            "Ningún cliente se conecta, con proxy o sin él."
        ),
    );
    Some(finding.advise(say!(
        "Give client and server the same path (`path` of both), or ask the doctor with --path.",
        "Dé a cliente y servidor la misma ruta (`path` de ambos), o pregunte al doctor con --path."
    )))
}

/// Where the path is not Socket.IO's usual one, it is nginx that could have led it there.
fn place(live: &Live<'_>) -> Option<Place> {
    let is_usual = live.question.path == DEFAULT_PATH;
    live.blame().filter(|_| !is_usual)
}
