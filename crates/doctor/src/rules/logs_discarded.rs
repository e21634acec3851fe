//! What the back end says goes nowhere, so that its errors are never seen.

use super::{Check, Rule, Site, Title, back_end::standings};
use crate::{
    finding::Finding,
    language::Text,
    process::{App, Processes},
    setting::Setting,
};

pub(super) const RULE: Rule = Rule {
    id: "logs-discarded",
    title: Title {
        english: "What the back end says goes nowhere.",
        spanish: "Lo que dice el back end no va a ninguna parte.",
    },
    checks: &[Check::Processes(check)],
};

fn effect() -> Text {
    say!(
        "Clients see connect_error or a lost connection, and nothing on the server says why.",
        "Los clientes ven connect_error o una conexión perdida, y nada en el servidor dice por qué."
    )
}

fn check(processes: &Processes, site: &Site<'_>) -> Vec<Finding> {
    let standings = standings(processes, site);
    let told = standings.into_iter().flat_map(|(app, standing)| {
        let finding = move |setting: &Setting, what: Text| {
            Finding::new(
                RULE.id,
                standing.warning(),
                setting.place.clone(),
                what,
                effect(),
            )
        };
        let lost = app.lost_outputs.iter().map(move |lost| {
            let name = lost.setting.name.as_deref().unwrap_or_default();
            let what = say!(
                "{name} throws away what {app} says.",
                "{name} tira lo que dice {app}.",
                app = app.name
            );
            finding(&lost.setting, what).mend(
                say!(
                    "Without this line the process manager keeps it.",
                    "Sin esta línea el gestor de procesos lo guarda."
                ),
                true,
                vec![lost.edit.clone()],
            )
        });
        let shell = redirected(app).map(|word| {
            let what = say!(
                "The command throws away what {app} says.",
                "La orden tira lo que dice {app}.",
                app = app.name
            );
            finding(word, what).advise(say!(
                "Let the process manager keep it: take the redirection away.",
                "Deje que lo guarde el gestor de procesos: quite la redirección."
            ))
        });
        lost.chain(shell)
    });
    told.collect()
}

/// `> /dev/null`
fn redirected(app: &App) -> Option<&Setting> {
    let mut words = app.command.iter();
    words.find(|word| word.value.ends_with("/dev/null"))
}
