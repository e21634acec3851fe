//! The certificate is one that browsers refuse.

use super::{Check, Rule, Title, one};
use crate::{
    finding::{Finding, Severity},
    live::Live,
    probe::{Distrust, Unreachable},
};

pub(super) const RULE: Rule = Rule {
    id: "certificate",
    title: Title {
        english: "Browsers refuse the certificate.",
        spanish: "Los navegadores rechazan el certificado.",
    },
    checks: &[Check::Live(|live| one(judge(live)))],
};

/// Of an authority that is not known here, a company's own browsers may know it.
fn judge(live: &Live<'_>) -> Option<Finding> {
    let Unreachable::Certificate { host, why } = live.evidence.certificate.as_ref()? else {
        return None;
    };
    let severity = match why {
        Distrust::UnknownIssuer => Severity::Hint,
        _ => Severity::Error,
    };
    let finding = Finding::new(
        RULE.id,
        severity,
        None,
        say!(
            "The certificate of {host} is not trusted: {why}.",
            "El certificado de {host} no es de confianza: {why}.";
            why = why.words()
        ),
        say!(
            "Browsers show a warning in place of the page, and a socket from another page fails without a word.",
            "Los navegadores muestran un aviso en lugar de la página, y un socket desde otra página falla sin decir nada."
        ),
    );
    Some(finding.advise(say!(
        "Renew it, for this name, and let nginx send the whole chain (fullchain.pem).",
        "Renuévelo, para este nombre, y que nginx envíe la cadena entera (fullchain.pem)."
    )))
}
