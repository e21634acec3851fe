//! A unit forbids its program to write machine code, and an engine for JavaScript does nothing else.

use super::{
    Check, Rule, Site, Title,
    back_end::{Standing, standings},
};
use crate::{
    finding::Finding,
    process::{App, Processes},
};

pub(super) const RULE: Rule = Rule {
    id: "machine-code-denied",
    title: Title {
        english: "The unit forbids what the server's engine does: to write machine code and run it.",
        spanish: "La unidad prohíbe lo que hace el motor del servidor: escribir código máquina y ejecutarlo.",
    },
    checks: &[Check::Processes(check)],
};

/// Node.js then only interprets.
const WITHOUT: &str = "--jitless";

fn check(processes: &Processes, site: &Site<'_>) -> Vec<Finding> {
    let judged = standings(processes, site).into_iter();
    judged
        .filter_map(|(app, standing)| judge(app, standing))
        .collect()
}

fn judge(app: &App, standing: Standing) -> Option<Finding> {
    let set = app.unit.as_ref()?.no_machine_code.as_ref()?;
    let mut told = app.command.iter().chain(&app.env);
    let is_without = told.any(|setting| setting.value.contains(WITHOUT));
    if is_without || !app.has_engine() {
        return None;
    }
    // What PM2 starts is forbidden the same.
    let standing = match app.is_launcher {
        true => Standing::BackEnd,
        false => standing,
    };
    let finding = Finding::new(
        RULE.id,
        standing.error(),
        set.place.clone(),
        say!(
            "{name} is run by an engine that writes machine code, and {key}={value} forbids that.",
            "{name} lo ejecuta un motor que escribe código máquina, y {key}={value} lo prohíbe.",
            name = app.name,
            key = set.name.as_deref().unwrap_or_default(),
            value = set.value
        ),
        say!(
            "It crashes as it starts, each time; nginx finds nobody, and clients get 502.",
            "Se cae al arrancar, cada vez; nginx no encuentra a nadie, y los clientes reciben 502."
        ),
    );
    let advice = say!(
        "Leave this one off; the rest of the hardening may stay.",
        "Quite solo esta; el resto de la protección puede quedarse."
    );
    Some(match set.is_literal {
        true => finding.mend(advice, true, vec![set.replaced_by("no")]),
        false => finding.advise(advice),
    })
}
