//! `try_files` of the page goes on with a file's name where it needs a path.

use super::{Check, Rule, Site, Title, one};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    nginx::{Step, tree::Directive},
};

pub(super) const RULE: Rule = Rule {
    id: "fallback-without-slash",
    title: Title {
        english: "The page's fallback is not a path.",
        spanish: "Lo último de try_files en la página no es una ruta.",
    },
    checks: &[Check::FrontEnd(|_, site: &Site<'_>| {
        one(site.page.and_then(judge))
    })],
};

/// What no site has a file for: a view of the page's own, which its fallback is there for.
const VIEW: &str = "/view-of-the-page";

fn judge(case: &Case<'_>) -> Option<Finding> {
    let walk = case.walk_to(VIEW)?;
    let falls_back = |step: &Step<'_>| match step {
        Step::FellBack { to, .. } => !to.starts_with(['/', '@', '=']),
        _ => false,
    };
    let by: &Directive = walk.steps.iter().find(|step| falls_back(step))?.by()?;
    let word = by.args.last().filter(|word| !word.text.contains('$'))?;
    let fallback = &word.text;
    let finding = case.finding(
        RULE.id,
        Severity::Warning,
        by.pos,
        say!(
            "The last argument of `try_files` is a path from the root of the site, and {fallback} is none.",
            "El último argumento de `try_files` es una ruta desde la raíz del sitio, y {fallback} no lo es."
        ),
        say!(
            "Whoever opens or reloads a view of the page gets 404.",
            "Quien abre o recarga una vista de la página recibe 404."
        ),
    );
    let edits = vec![edit::replace(
        case.config,
        by,
        word,
        &format!("/{fallback}"),
    )];
    Some(finding.mend(
        say!("Write /{fallback}.", "Escriba /{fallback}."),
        true,
        edits,
    ))
}
