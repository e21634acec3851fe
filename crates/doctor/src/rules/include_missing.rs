//! An `include` of a file that is not there.

use std::path::Path;

use super::{Check, Rule, Title};
use crate::{
    finding::{Finding, Severity},
    nginx::Config,
    root::Root,
};

pub(super) const RULE: Rule = Rule {
    id: "include-missing",
    title: Title {
        english: "An included file is not there.",
        spanish: "Falta un archivo incluido.",
    },
    checks: &[Check::Loading(check)],
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
            say!(
                "The file that is included here is missing: {why}.",
                "Falta el archivo que se incluye aquí: {why}.",
                why = mistake.message
            ),
            say!(
                "nginx refuses the configuration: it does not start, or goes on with the old one after a reload.",
                "nginx rechaza la configuración: no arranca, o sigue con la antigua tras recargar."
            ),
        );
        findings.push(finding.advise(say!(
            "Correct the path, restore the file, or take the include (or the dead link) away.",
            "Corrija la ruta, restaure el archivo, o quite el include (o el enlace muerto)."
        )));
    }
    findings
}
