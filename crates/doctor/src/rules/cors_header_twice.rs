//! nginx gives pages of another origin leave, and the back end does so too: browsers refuse two values.

use super::{
    Check, Rule, Site, Title,
    back_end::{Standing, standings},
    cross_origin::{ALLOW_CREDENTIALS, ALLOW_ORIGIN, Crossing, is_about_origins, is_sent},
    headers, one,
};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    language::Text,
    live::Live,
    nginx::{Walk, request::Origin, tree::Directive},
    process::{App, Processes},
    setting::Setting,
};

pub(super) const RULE: Rule = Rule {
    id: "cors-header-twice",
    title: Title {
        english: "Browsers of another page's origin get leave twice, which counts as none.",
        spanish: "Los navegadores de una página de otro origen reciben permiso dos veces, que vale por ninguno.",
    },
    checks: &[
        Check::Processes(|processes, site| one(judge(processes, site))),
        Check::Live(|live| one(seen(live))),
    ],
};

/// Two values, as they arrive.
fn seen(live: &Live<'_>) -> Option<Finding> {
    let leave = live.evidence.leave.as_ref();
    let leave = leave.filter(|leave| leave.given.len() > 1)?;
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        None,
        say!(
            "The answers have {ALLOW_ORIGIN} several times: {given}.",
            "Las respuestas llevan {ALLOW_ORIGIN} varias veces: {given}.",
            given = leave.given.join(", ")
        ),
        refused(),
    );
    Some(finding.advise(say!(
        "Let one of nginx and the back end answer: proxy_hide_header {ALLOW_ORIGIN}; or no add_header.",
        "Que responda uno solo, nginx o el back end: proxy_hide_header {ALLOW_ORIGIN}; o ningún add_header."
    )))
}

/// What is known of the back end's own header.
pub(super) enum Known {
    Sent,
    /// It is told of origins, which may be for its API alone.
    Perhaps(Setting),
    Nothing,
}

fn judge(processes: &Processes, site: &Site<'_>) -> Option<Finding> {
    let crossing = Crossing::of(site).or_else(|| Crossing::named(site))?;
    let mut walks = crossing.walks.iter();
    walks.find_map(|walk| {
        let added = walk.added(ALLOW_ORIGIN);
        let mut sent = added.iter().filter(|added| is_sent(&added.value));
        let first = sent.next()?;
        if let Some(second) = sent.next() {
            return Some(added_twice(crossing.case, first.by, second.by));
        }
        // With one that is not known, nginx may be the only one to answer after all.
        let is_sure = added.len() == 1 && walk.hides(ALLOW_ORIGIN).is_none();
        is_sure.then(|| match known(processes, site, &crossing) {
            Known::Sent => sent_twice(&crossing, walk, first.by),
            known => perhaps_twice(&crossing, first.by, known),
        })
    })
}

pub(super) fn known(processes: &Processes, site: &Site<'_>, crossing: &Crossing<'_>) -> Known {
    let standings = standings(processes, site).into_iter();
    let back_ends = standings.filter(|(_, standing)| *standing == Standing::BackEnd);
    let back_ends: Vec<&App> = back_ends.map(|(app, _)| app).collect();
    let page = &crossing.page;
    let answers = |app: &&App| {
        let list = app.own("allowed_origins");
        app.is_atalaya() && list.is_none_or(|list| lists(&list, page))
    };
    if back_ends.iter().any(answers) {
        return Known::Sent;
    }
    let mut told = back_ends
        .iter()
        .filter_map(|app| app.in_production(is_about_origins));
    match told.find(|setting| lists(setting, page)) {
        // Where nginx answers for the API as well, whom else could it be for?
        Some(told) if told.is_socket() || is_api_answered(crossing) => Known::Sent,
        Some(told) => Known::Perhaps(told.clone()),
        None => Known::Nothing,
    }
}

/// Whether nginx gives leave for `/api/` too, and leaves the back end's there.
fn is_api_answered(crossing: &Crossing<'_>) -> bool {
    let api = crossing.case.walk_from(&crossing.page, "/api/");
    api.is_some_and(|api| {
        let added = api.added(ALLOW_ORIGIN);
        let is_left = api.proxied().is_some() && api.hides(ALLOW_ORIGIN).is_none();
        is_left && added.iter().any(|added| is_sent(&added.value))
    })
}

fn lists(setting: &Setting, page: &Origin) -> bool {
    let page = page.to_string();
    let mut listed = setting.value.split([',', ' ', ';']);
    listed.any(|origin| origin == "*" || origin == page)
}

fn added_twice(case: &Case<'_>, first: &Directive, second: &Directive) -> Finding {
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        second.pos,
        say!(
            "nginx adds {ALLOW_ORIGIN} here for the second time ({at}).",
            "nginx añade aquí {ALLOW_ORIGIN} por segunda vez ({at}).",
            at = case.at(first)
        ),
        refused(),
    );
    finding.advise(say!(
        "Leave one of them: of several pages, a map of $http_origin picks the one that asks.",
        "Deje una de ellas: de varias páginas, un map de $http_origin elige la que pregunta."
    ))
}

fn sent_twice(crossing: &Crossing<'_>, walk: &Walk<'_>, by: &Directive) -> Finding {
    let case = crossing.case;
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        by.pos,
        say!(
            "nginx adds {ALLOW_ORIGIN} to answers of Socket.IO that have the back end's own already{included}.",
            "nginx añade {ALLOW_ORIGIN} a respuestas de Socket.IO que ya llevan la del propio back end{included}.";
            included = headers::included(case, walk, by)
        ),
        refused(),
    );
    let advice = say!(
        "Let one of them answer: take the back end's header off with proxy_hide_header, or do not add one here.",
        "Que responda uno solo: quite la cabecera del back end con proxy_hide_header, o no añada otra aquí."
    );
    // There a line cannot stand that hides one.
    let holder = walk.scope().level("add_header");
    if holder.is_some_and(|holder| holder.is("if")) {
        return finding.advise(advice);
    }
    let written = [ALLOW_ORIGIN, ALLOW_CREDENTIALS];
    let added = written.iter().filter(|name| !walk.added(name).is_empty());
    let lines: Vec<String> = added
        .map(|name| format!("proxy_hide_header {name};"))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    // Not into a file that others include as well.
    let beside = headers::brought_by(case, walk, by).unwrap_or(by);
    // Where others are hidden, a line here may throw theirs away, or theirs this one.
    let is_safe = walk.scope().level("proxy_hide_header").is_none();
    let edits = vec![edit::after(case.config, beside, &lines)];
    finding.mend(advice, is_safe, edits)
}

fn perhaps_twice(crossing: &Crossing<'_>, by: &Directive, known: Known) -> Finding {
    let case = crossing.case;
    let finding = case.finding(
        RULE.id,
        Severity::Hint,
        by.pos,
        match known {
            Known::Perhaps(told) => say!(
                "nginx adds {ALLOW_ORIGIN} and does not hide the back end's own, which is told of origins, too ({at}).",
                "nginx añade {ALLOW_ORIGIN} y no oculta la del propio back end, al que también se le dan orígenes \
                 ({at}).",
                at = told.place.at()
            ),
            _ => say!(
                "nginx adds {ALLOW_ORIGIN} and does not hide the back end's own.",
                "nginx añade {ALLOW_ORIGIN} y no oculta la del propio back end."
            ),
        },
        say!(
            "Nothing breaks while Socket.IO's server has no `cors` of its own; with one, browsers refuse two values.",
            "No se rompe nada mientras el servidor de Socket.IO no tenga `cors` propio; con él, los navegadores \
             rechazan dos valores."
        ),
    );
    finding.advise(say!(
        "To be sure: proxy_hide_header {ALLOW_ORIGIN};",
        "Para estar seguro: proxy_hide_header {ALLOW_ORIGIN};"
    ))
}

fn refused() -> Text {
    say!(
        "Browsers refuse the answers: \"The 'Access-Control-Allow-Origin' header contains multiple values\". Scripts \
         and tools connect.",
        "Los navegadores rechazan las respuestas: \"The 'Access-Control-Allow-Origin' header contains multiple \
         values\". Los scripts y las herramientas se conectan."
    )
}
