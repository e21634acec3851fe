//! What the back end says goes nowhere, so that its errors are never seen.

use super::{Check, Rule, Site, back_end::standings};
use crate::{
    finding::Finding,
    process::{App, Processes},
    setting::Setting,
};

pub(super) const RULE: Rule = Rule {
    id: "logs-discarded",
    check: Check::Processes(check),
};

const EFFECT: &str =
    "Clients see connect_error or a lost connection, and nothing on the server says why.";

fn check(processes: &Processes, site: &Site<'_>) -> Vec<Finding> {
    let standings = standings(processes, site);
    let told = standings.into_iter().flat_map(|(app, standing)| {
        let finding = move |setting: &Setting, what: String| {
            Finding::new(
                RULE.id,
                standing.warning(),
                setting.place.clone(),
                what,
                EFFECT,
            )
        };
        let lost = app.lost_outputs.iter().map(move |lost| {
            let name = lost.setting.name.as_deref().unwrap_or_default();
            let what = format!("{name} throws away what {} says.", app.name);
            finding(&lost.setting, what).mend(
                "Without this line the process manager keeps it.",
                true,
                vec![lost.edit.clone()],
            )
        });
        let shell = redirected(app).map(|word| {
            let what = format!("The command throws away what {} says.", app.name);
            finding(word, what)
                .advise("Let the process manager keep it: take the redirection away.")
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
