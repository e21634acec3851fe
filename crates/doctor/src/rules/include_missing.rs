//! An `include` of a file that is not there.

use std::path::Path;

use super::{Check, Rule};
use crate::{
    finding::{Finding, Severity},
    nginx::Config,
    root::Root,
};

pub(super) const RULE: Rule = Rule {
    id: "include-missing",
    check: Check::Loading(check),
};

fn check(config: &Config, root: &Root) -> Vec<Finding> {
    let prefix = config.files[0].path.parent().unwrap_or(Path::new("/"));
    let mut findings = Vec::new();
    for mistake in &config.mistakes {
        let Some(missing) = &mistake.missing else {
            continue;
        };
        // A copy of /etc/nginx alone lacks what it includes from elsewhere; that says nothing of the machine.
        let beyond_the_copy = root.is_copy() && !missing.starts_with(prefix);
        let severity = if beyond_the_copy {
            Severity::Hint
        } else {
            Severity::Error
        };
        let finding = Finding::new(
            RULE.id,
            severity,
            config.place(mistake.pos),
            format!(
                "The file that is included here is missing: {}.",
                mistake.message
            ),
            "nginx refuses the configuration: it does not start, or goes on with the old one after a reload.",
        );
        findings.push(finding.advise(
            "Correct the path, restore the file, or take the include (or the dead link) away.",
        ));
    }
    findings
}
