//! The back end starts anew whenever a file changes: an upload, a log, a database beside it.

use super::{Check, Rule, Site, Title, back_end::standings};
use crate::{
    finding::{Finding, Severity},
    process::Processes,
};

pub(super) const RULE: Rule = Rule {
    id: "watch-mode",
    title: Title {
        english: "The back end starts anew when a file changes.",
        spanish: "El back end arranca de nuevo cuando cambia un archivo.",
    },
    checks: &[Check::Processes(check)],
};

fn check(processes: &Processes, site: &Site<'_>) -> Vec<Finding> {
    let watched = standings(processes, site).into_iter();
    watched
        .filter_map(|(app, standing)| {
            let watch = app.watch.as_ref()?;
            // Some folders may be meant, such as one for settings.
            let is_all = watch.value == "true" && watch.is_certain;
            let severity = if is_all { standing.warning() } else { Severity::Hint };
            let finding = Finding::new(
                RULE.id,
                severity,
                watch.place.clone(),
                say!(
                    "{name} starts anew when a file changes.",
                    "{name} arranca de nuevo cuando cambia un archivo.",
                    name = app.name
                ),
                say!(
                    "Every write to its folder drops all sockets at once: an upload, a log, a database. Clients \
                     reconnect together, and what was not kept is lost.",
                    "Cada escritura en su carpeta corta todos los sockets a la vez: una subida, un registro, una \
                     base de datos. Los clientes se reconectan juntos, y lo que no se guardó se pierde."
                ),
            );
            let advice = say!(
                "Do not watch files where people are served; restart it when it is deployed.",
                "No vigile archivos donde se atiende a gente; reinícielo al desplegar."
            );
            Some(if watch.is_literal {
                finding.mend(advice, true, vec![watch.replaced_by("false")])
            } else {
                finding.advise(advice)
            })
        })
        .collect()
}
