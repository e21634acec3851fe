//! A unit that may not open as many files as a server of sockets has clients.

use super::{Check, Rule, Site, Title};
use crate::{
    finding::{Finding, Severity},
    nginx::units,
    process::{App, Processes},
};

pub(super) const RULE: Rule = Rule {
    id: "open-files-limit",
    title: Title {
        english: "The server may open fewer files than it has clients.",
        spanish: "El servidor puede abrir menos archivos que clientes tiene.",
    },
    checks: &[Check::Processes(check)],
};

/// Less than this is soon used up by sockets.
const FEW: u64 = 8_192;
/// Less than this is used up by Node.js itself and a room of people.
const VERY_FEW: u64 = 256;

fn check(processes: &Processes, _: &Site<'_>) -> Vec<Finding> {
    processes.apps.iter().filter_map(judge).collect()
}

fn judge(app: &App) -> Option<Finding> {
    let set = app.unit.as_ref()?.open_files.as_ref()?;
    // `soft:hard`; servers raise the first to the second by themselves.
    let hard = set.value.rsplit(':').next()?;
    let limit = units::size(hard).filter(|limit| *limit < FEW)?;
    let severity = match limit <= VERY_FEW {
        true => Severity::Warning,
        false => Severity::Hint,
    };
    let finding = Finding::new(
        RULE.id,
        severity,
        set.place.clone(),
        say!(
            "{name} may open {limit} files, and each socket is one.",
            "{name} puede abrir {limit} archivos, y cada socket es uno.",
            name = app.name
        ),
        say!(
            "Nothing breaks while there are fewer; before {limit} clients are there, nobody else gets in.",
            "No se rompe nada mientras haya menos; antes de llegar a {limit} clientes, no entra nadie más."
        ),
    );
    Some(finding.mend(
        say!(
            "Allow as many as there may be clients.",
            "Permita tantos como clientes pueda haber."
        ),
        true,
        vec![set.replaced_by("65536")],
    ))
}
