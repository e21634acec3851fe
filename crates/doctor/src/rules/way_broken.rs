//! The back end itself does what the proxy does not carry through.

use super::{Check, Rule, Title, one};
use crate::{
    finding::{Finding, Severity},
    live::Live,
    probe::{
        Failure, Which,
        sign::{Sign, code},
    },
};

pub(super) const RULE: Rule = Rule {
    id: "way-broken",
    title: Title {
        english: "A step goes well at the back end and fails through the proxy.",
        spanish: "Un paso sale bien en el back end y falla a través del proxy.",
    },
    checks: &[Check::Live(|live| one(judge(live)))],
};

/// Not where the files already say why.
fn judge(live: &Live<'_>) -> Option<Finding> {
    let (step, failure) = live.evidence.first_failure(Which::Proxied)?;
    let Failure::Sign(sign) = failure else {
        return None;
    };
    let is_the_proxys = match live.evidence.was_asked(Which::Direct) {
        true => live
            .evidence
            .of(Which::Direct, step)
            .is_some_and(|seen| seen.outcome.is_ok()),
        // The server may forbid what it does not know, wherever it is asked.
        false => live.way.is_some() && !matches!(sign, Sign::EngineIo(code::FORBIDDEN, _)),
    };
    if live.is_explained
        || sign.is_unreachable()
        || live.evidence.refuses_the_page.is_some()
        || !is_the_proxys
    {
        return None;
    }
    let step = step.word();
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        live.blame(),
        say!(
            "The step `{step}` fails on the way, not at the back end: {seen}.",
            "El paso `{step}` falla por el camino, no en el back end: {seen}."; seen = sign.words()
        ),
        sign.meaning(),
    );
    Some(finding.advise(say!(
        "Look there; if the files are right, nginx has not loaded them: nginx -s reload.",
        "Mire ahí; si los archivos están bien, nginx no los ha cargado: nginx -s reload."
    )))
}
