//! nginx answers for CORS itself, takes the back end's own header off, and does not add its own to the answers of
//! Socket.IO.

use super::{
    Check, Rule, Site, Title,
    cross_origin::{ALLOW_ORIGIN, Crossing},
    headers, one,
};
use crate::{
    edit,
    finding::{Finding, Severity},
    language::Text,
    nginx::{Walk, response::is_for, tree::Directive},
};

pub(super) const RULE: Rule = Rule {
    id: "cors-header-lost",
    title: Title {
        english: "Browsers of another page's origin get no leave to read the answers.",
        spanish: "Los navegadores de una página de otro origen no reciben permiso para leer las respuestas.",
    },
    checks: &[Check::FrontEnd(|_, site| one(judge(site)))],
};

fn judge(site: &Site<'_>) -> Option<Finding> {
    let crossing = Crossing::of(site)?;
    let mut walks = crossing.walks.iter();
    walks.find_map(|walk| {
        let hides = walk.hides(ALLOW_ORIGIN)?;
        let is_lost = walk.added(ALLOW_ORIGIN).is_empty();
        is_lost.then(|| {
            let cancelled = cancelled(&crossing, walk);
            cancelled.unwrap_or_else(|| never_added(&crossing, hides))
        })
    })
}

/// An outer block adds it, and a line of the inner one throws all of that block's away.
fn cancelled(crossing: &Crossing<'_>, walk: &Walk<'_>) -> Option<Finding> {
    let case = crossing.case;
    let (own, outer) = (
        walk.scope().all("add_header"),
        walk.scope().hidden("add_header"),
    );
    let meant = outer.iter().find(|line| is_for(line, ALLOW_ORIGIN))?;
    let (first, last) = (own.first()?, own.last()?);
    // A shared file is right for others: it is the line that brings it here that is not.
    let is_shared = case.config.is_shared(first.pos.file);
    let brought = headers::brought_by(case, walk, first).filter(|_| is_shared);
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        brought.unwrap_or(first).pos,
        say!(
            "An add_header in this block throws away all those of the outer one, {ALLOW_ORIGIN} among them ({at}).",
            "Un add_header de este bloque anula todos los del exterior, {ALLOW_ORIGIN} entre ellos ({at}).",
            at = case.at(meant)
        ),
        effect(crossing),
    );
    let lines = headers::not_repeated(&own, &outer);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    // Not into a file that others include as well.
    let beside = headers::brought_by(case, walk, last).unwrap_or(last);
    Some(finding.mend(
        say!(
            "Repeat the outer headers in this block.",
            "Repita en este bloque las cabeceras del exterior."
        ),
        true,
        vec![edit::after(case.config, beside, &lines)],
    ))
}

fn never_added(crossing: &Crossing<'_>, hides: &Directive) -> Finding {
    let page = &crossing.page;
    let finding = crossing.case.finding(
        RULE.id,
        Severity::Error,
        hides.pos,
        say!(
            "This takes {ALLOW_ORIGIN} off the back end's answers, and nothing adds it to those of Socket.IO.",
            "Esto quita {ALLOW_ORIGIN} de las respuestas del back end, y nada la añade a las de Socket.IO."
        ),
        effect(crossing),
    );
    finding.advise(say!(
        "Take this line away, or add the header: add_header {ALLOW_ORIGIN} {page} always;",
        "Quite esta línea, o añada la cabecera: add_header {ALLOW_ORIGIN} {page} always;"
    ))
}

fn effect(crossing: &Crossing<'_>) -> Text {
    let (page, asked) = (&crossing.page, &crossing.case.origin);
    say!(
        "Browsers keep the answers of {asked} from the page {page}: \"No 'Access-Control-Allow-Origin' header is \
         present\". Scripts and tools connect.",
        "Los navegadores no dan a la página {page} las respuestas de {asked}: \"No 'Access-Control-Allow-Origin' \
         header is present\". Los scripts y las herramientas se conectan."
    )
}
