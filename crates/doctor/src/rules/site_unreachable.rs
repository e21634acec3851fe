//! The back end answers, and nobody where people open the page.

use super::{Check, Rule, Title, one};
use crate::{
    finding::{Finding, Severity},
    live::Live,
    probe::{Step, Which},
};

pub(super) const RULE: Rule = Rule {
    id: "site-unreachable",
    title: Title {
        english: "Nobody answers where people open the page.",
        spanish: "Nadie responde donde la gente abre la página.",
    },
    checks: &[Check::Live(|live| one(judge(live)))],
};

/// Only on the machine itself: a copy of its files is examined anywhere.
fn judge(live: &Live<'_>) -> Option<Finding> {
    let sign = live.sign(Which::Proxied, Step::Polling)?;
    let runs = match live.plan.direct {
        Some(_) => live.opens(Which::Direct),
        None => live.plan.has_answered,
    };
    let is_down = live.plan.is_here || live.plan.has_answered;
    if !sign.is_unreachable() || !runs || !is_down {
        return None;
    }
    let site = live.plan.proxied.as_ref()?;
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        None,
        match live.plan.direct {
            Some(_) => say!(
                "The back end answers, and {site} does not: {seen}.",
                "El back end responde, y {site} no: {seen}."; seen = sign.words()
            ),
            None => say!(
                "{site} does not answer any more: {seen}.",
                "{site} ya no responde: {seen}."; seen = sign.words()
            ),
        },
        say!(
            "Nobody sees the page, let alone connects.",
            "Nadie ve la página, y menos aún se conecta."
        ),
    );
    Some(finding.advise(say!(
        "Start nginx, let its port through, or give the name an address.",
        "Arranque nginx, deje pasar su puerto, o dé una dirección al nombre."
    )))
}
