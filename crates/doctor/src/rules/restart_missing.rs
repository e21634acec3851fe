//! A unit that is not started again after it ends.

use super::{Check, Rule, Site};
use crate::{
    finding::{Edit, Finding, Severity},
    process::{App, Processes},
};

pub(super) const RULE: Rule = Rule {
    id: "restart-missing",
    check: Check::Processes(check),
};

fn check(processes: &Processes, _: &Site<'_>) -> Vec<Finding> {
    processes.apps.iter().filter_map(judge).collect()
}

fn judge(app: &App) -> Option<Finding> {
    let unit = app.unit.as_ref()?;
    let set = unit.restart.as_ref();
    if set.is_some_and(|restart| restart.value != "no") {
        return None;
    }
    let place = set.map_or(&app.place, |restart| &restart.place);
    let finding = Finding::new(
        RULE.id,
        Severity::Hint,
        place.clone(),
        format!("systemd does not start {} again when it ends.", app.name),
        "Nothing breaks while it runs; after a crash clients find nobody until somebody starts it.",
    );
    let edit = match set {
        Some(restart) => restart.replaced_by("always"),
        None => Edit {
            text: "\nRestart=always\nRestartSec=1s".to_owned(),
            ..unit.after_start.clone()
        },
    };
    Some(finding.mend("Start it again, a second after it ended.", true, vec![edit]))
}
