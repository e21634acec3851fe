//! The back end refuses the page's origin.

use super::{Check, Rule, Title, one};
use crate::{
    finding::{Finding, Severity},
    live::Live,
    probe::Which,
};

pub(super) const RULE: Rule = Rule {
    id: "origin-refused",
    title: Title {
        english: "The server does not let this page connect.",
        spanish: "El servidor no deja conectarse a esta página.",
    },
    check: Check::Live(|live| one(judge(live))),
};

fn judge(live: &Live<'_>) -> Option<Finding> {
    if !live.evidence.refuses_the_page {
        return None;
    }
    let url = live.question.url.as_ref().map(|url| url.origin.clone());
    let page = url.or_else(|| live.plan.proxied.clone())?;
    let where_to = match live.evidence.was_asked(Which::Direct) {
        true => live.plan.direct.as_ref()?,
        false => live.plan.proxied.as_ref()?,
    };
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        None,
        say!(
            "The server at {where_to} refuses the page {page}, and takes the same request without its Origin.",
            "El servidor en {where_to} rechaza la página {page}, y acepta la misma petición sin su Origin."
        ),
        say!(
            "Browsers do not connect; scripts and tools do.",
            "Los navegadores no se conectan; los scripts y las herramientas sí."
        ),
    );
    Some(finding.advise(say!(
        "Name {page} in the server's list of origins (`cors.origin`; with Atalaya ATALAYA_ALLOWED_ORIGINS).",
        "Ponga {page} en la lista de orígenes del servidor (`cors.origin`; en Atalaya ATALAYA_ALLOWED_ORIGINS)."
    )))
}
