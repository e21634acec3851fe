//! A unit that may not open as many files as a server of sockets has clients.

use super::{Check, Rule, Site};
use crate::{
    finding::{Finding, Severity},
    nginx::units,
    process::{App, Processes},
};

pub(super) const RULE: Rule = Rule {
    id: "open-files-limit",
    check: Check::Processes(check),
};

/// Less than this is soon used up by sockets.
const FEW: u64 = 8_192;

fn check(processes: &Processes, _: &Site<'_>) -> Vec<Finding> {
    processes.apps.iter().filter_map(judge).collect()
}

fn judge(app: &App) -> Option<Finding> {
    let set = app.unit.as_ref()?.open_files.as_ref()?;
    // `soft:hard`; servers raise the first to the second by themselves.
    let hard = set.value.rsplit(':').next()?;
    let limit = units::size(hard).filter(|limit| *limit < FEW)?;
    let finding = Finding::new(
        RULE.id,
        Severity::Hint,
        set.place.clone(),
        format!(
            "{} may open {limit} files, and each socket is one.",
            app.name
        ),
        format!(
            "Nothing breaks while there are fewer; with about {limit} clients, nobody else gets in."
        ),
    );
    Some(finding.mend(
        "Allow as many as there may be clients.",
        true,
        vec![set.replaced_by("65536")],
    ))
}
