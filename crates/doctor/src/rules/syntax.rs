//! What nginx's own reader stumbles over.

use super::{Check, Rule, Title};
use crate::{
    finding::{Finding, Severity},
    language::Language,
    nginx::Config,
    root::Root,
};

pub(super) const RULE: Rule = Rule {
    id: "syntax",
    title: Title {
        english: "nginx cannot read the file.",
        spanish: "nginx no puede leer el archivo.",
    },
    checks: &[Check::Loading(check)],
};

fn check(config: &Config, _: &Root) -> Vec<Finding> {
    let mistakes = config
        .mistakes
        .iter()
        .filter(|mistake| mistake.missing.is_none());
    mistakes
        .map(|mistake| {
            Finding::new(
                RULE.id,
                Severity::Error,
                config.place(mistake.pos),
                say!(
                    "nginx cannot read this: {why}.",
                    "nginx no puede leer esto: {why}.",
                    why = mistake.message
                ),
                say!(
                    "nginx refuses the configuration: it does not start, or goes on with the old one after a reload.",
                    "nginx rechaza la configuración: no arranca, o sigue con la antigua tras recargar."
                ),
            )
            .advise(say!(
                "Look at this line and the one before it for a missing `;`, brace or quote; `nginx -t` checks it.",
                "Busque en esta línea y en la anterior un `;`, una llave o una comilla que falte; `nginx -t` lo \
                 comprueba."
            ))
        })
        .collect()
}

/// Whether it says that the file ends too early.
pub(super) fn is_end_of_file(finding: &Finding) -> bool {
    let message = finding.message.of(Language::English);
    finding.rule == RULE.id && message.contains("unexpected end of file, expecting")
}
