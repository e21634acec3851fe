//! `try_files` of the page goes on with what leads to no file: a name without its slash, itself, or a file that is not
//! there.

use super::{Check, Rule, Site, Title, one};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    language::Text,
    nginx::{
        Step, Walk,
        tree::{Directive, Word},
    },
};

pub(super) const RULE: Rule = Rule {
    id: "page-fallback",
    title: Title {
        english: "The page's fallback leads nowhere.",
        spanish: "El último recurso de la página no lleva a ninguna parte.",
    },
    checks: &[Check::FrontEnd(|_, site: &Site<'_>| {
        one(site.page.and_then(judge))
    })],
};

/// What no site has a file for: a view of the page's own, which its fallback is there for.
const VIEW: &str = "/view-of-the-page";
/// What a page is called.
const PAGE: &str = "/index.html";

fn judge(case: &Case<'_>) -> Option<Finding> {
    let walk = case.walk_to(VIEW)?;
    let mut steps = walk.steps.iter();
    let by = steps.find_map(|step| match step {
        Step::FellBack { by, .. } => Some(*by),
        _ => None,
    })?;
    let word = by.args.last()?;
    let written = word.text.as_str();
    if matches!(written, "$uri" | "$uri/") {
        return Some(in_circles(case, by, written));
    }
    if written.contains('$') || written.starts_with(['@', '=']) {
        return None;
    }
    match written.starts_with('/') {
        true => missing(case, &walk, by, word),
        false => Some(relative(case, by, word)),
    }
}

fn in_circles(case: &Case<'_>, by: &Directive, written: &str) -> Finding {
    let finding = tell(
        case,
        by,
        say!(
            "The last argument of `try_files` is not tried: {written} leads back here, and again.",
            "El último argumento de `try_files` no se prueba: {written} vuelve aquí, una y otra vez."
        ),
        "500",
    );
    finding.advise(say!(
        "End it with {PAGE}, or with =404.",
        "Termínelo con {PAGE}, o con =404."
    ))
}

fn relative(case: &Case<'_>, by: &Directive, word: &Word) -> Finding {
    let written = &word.text;
    let finding = tell(
        case,
        by,
        say!(
            "The last argument of `try_files` is a path from the root of the site, and {written} is none.",
            "El último argumento de `try_files` es una ruta desde la raíz del sitio, y {written} no lo es."
        ),
        "404",
    );
    let edits = vec![edit::replace(case.config, by, word, &format!("/{written}"))];
    finding.mend(
        say!("Write /{written}.", "Escriba /{written}."),
        true,
        edits,
    )
}

/// A copy may lack the page's files: that one of them is not there is only told where another one is.
fn missing(case: &Case<'_>, walk: &Walk<'_>, by: &Directive, word: &Word) -> Option<Finding> {
    let written = word.text.as_str();
    let is_there = |uri: &str| case.root.is_file(walk.file_of(uri).as_ref());
    if written == PAGE
        || is_there(written)
        || !is_there(PAGE)
        || case.walk_to(written)?.proxied().is_some()
    {
        return None;
    }
    let finding = tell(
        case,
        by,
        say!(
            "There is no {written} where the page's files are, but {PAGE} is.",
            "No existe {written} donde están los archivos de la página, pero sí {PAGE}."
        ),
        "404 / 500",
    );
    let edits = vec![edit::replace(case.config, by, word, PAGE)];
    Some(finding.mend(say!("Write {PAGE}.", "Escriba {PAGE}."), false, edits))
}

fn tell(case: &Case<'_>, by: &Directive, message: Text, status: &str) -> Finding {
    case.finding(
        RULE.id,
        Severity::Warning,
        by.pos,
        message,
        say!(
            "Whoever opens or reloads a view of the page gets {status}.",
            "Quien abre o recarga una vista de la página recibe {status}."
        ),
    )
}
