//! A unit that is not started again after it ends.

use super::{Check, Rule, Site, Title};
use crate::{
    finding::{Edit, Finding, Severity},
    process::{App, Processes},
};

pub(super) const RULE: Rule = Rule {
    id: "restart-missing",
    title: Title {
        english: "systemd does not start the server again.",
        spanish: "systemd no vuelve a arrancar el servidor.",
    },
    checks: &[Check::Processes(check)],
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
        say!(
            "systemd does not start {name} again when it ends.",
            "systemd no vuelve a arrancar {name} cuando termina.",
            name = app.name
        ),
        say!(
            "Nothing breaks while it runs; after a crash clients find nobody until somebody starts it.",
            "No se rompe nada mientras corre; tras una caída los clientes no encuentran a nadie hasta que alguien \
             lo arranca."
        ),
    );
    let edit = match set {
        Some(restart) => restart.replaced_by("always"),
        None => Edit {
            text: "\nRestart=always\nRestartSec=1s".to_owned(),
            ..unit.after_start.clone()
        },
    };
    Some(finding.mend(
        say!(
            "Start it again, a second after it ended.",
            "Arránquelo de nuevo, un segundo después de que termine."
        ),
        true,
        vec![edit],
    ))
}
