//! An `include` of a file that is not there.

use std::path::Path;

use super::{Check, Rule, Title, near::letters};
use crate::{
    edit,
    finding::{Finding, Severity},
    nginx::{Config, Include},
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

/// A slip of a shorter name is often another word.
const SHORTEST: usize = 4;

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
    let misspelt = config.includes.iter();
    findings.extend(misspelt.filter_map(|include| misspelt_folder(config, root, include)));
    findings
}

/// A pattern in a folder that is not there takes in nothing, which nginx does not mind; one beside it is almost called so.
fn misspelt_folder(config: &Config, root: &Root, include: &Include) -> Option<Finding> {
    let word = include.directive.args.first()?;
    let prefix = config.files[0].path.parent().unwrap_or(Path::new("/"));
    let pattern = prefix.join(&word.text);
    let folder = pattern.parent().filter(|_| include.files.is_empty())?;
    let mut outwards = folder.ancestors();
    let missing =
        outwards.find(|folder| folder.parent().is_some_and(|outer| root.is_dir(outer)))?;
    if root.is_dir(missing) {
        return None;
    }
    let (outer, name) = (missing.parent()?, missing.file_name()?.to_str()?);
    let beside = root.list(outer).into_iter();
    let mut beside = beside.filter_map(|other| other.into_string().ok());
    let is_meant = |other: &String| {
        let is_slip = other.len() >= SHORTEST && strsim::osa_distance(name, other) == 1;
        is_slip && letters(name) != letters(other) && root.is_dir(&outer.join(other))
    };
    let meant = beside.find(is_meant)?;
    let right = outer.join(&meant).join(pattern.strip_prefix(missing).ok()?);
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        config.place(include.directive.pos),
        say!(
            "There is no folder {missing}, and so nothing is included; {meant} is there.",
            "No existe la carpeta {missing}, y por tanto no se incluye nada; existe {meant}.",
            missing = missing.display()
        ),
        say!(
            "What its files say does not hold: sites, headers or maps are missing.",
            "Lo que dicen sus archivos no vale: faltan sitios, cabeceras o maps."
        ),
    );
    let right = right.display().to_string();
    let edits = vec![edit::replace(config, &include.directive, word, &right)];
    Some(finding.mend(say!("Write {right}.", "Escriba {right}."), true, edits))
}
