//! The page's own Content-Security-Policy forbids the browser to connect where the client does.

use std::path::{Path, PathBuf};

use super::{Check, Rule, Site, Title};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Place, Severity},
    front_end::{FrontEnd, policies},
    language::Text,
    nginx::{
        Landing, Step, Walk, print,
        tree::{Directive, Word},
    },
    policy::{self, Allowed, Target},
    setting::Setting,
};

pub(super) const RULE: Rule = Rule {
    id: "connect-src",
    title: Title {
        english: "The page's Content-Security-Policy forbids the connection.",
        spanish: "La Content-Security-Policy de la página prohíbe la conexión.",
    },
    checks: &[Check::FrontEnd(check)],
};

/// A policy that is in force, and where it is written.
struct Policy<'p> {
    text: String,
    place: Place,
    /// `None` for one that the page's own file has.
    line: Option<&'p Directive>,
}

fn check(front_end: &FrontEnd, site: &Site<'_>) -> Vec<Finding> {
    let (Some(page), Some(case)) = (site.page, site.case) else {
        return Vec::new();
    };
    let Some(walks) = page.walks.as_ref().filter(|walks| is_page(&walks.page)) else {
        return Vec::new();
    };
    let policies = added(page, &walks.page).into_iter();
    let policies = policies.chain(written(page, &walks.page));
    policies
        .filter_map(|policy| judge(&policy, page, case, front_end))
        .collect()
}

/// Whether it is the page that is answered, and not a redirect or an error's page.
fn is_page(walk: &Walk<'_>) -> bool {
    let mut steps = walk.steps.iter();
    let is_other = |step: &Step<'_>| matches!(step, Step::ErrorPage { .. } | Step::Unknown(_));
    !matches!(walk.landing, Landing::Answer { .. }) && !steps.any(is_other)
}

/// Those of the answer's headers; not those that only a real request has.
fn added<'p>(page: &Case<'p>, walk: &Walk<'p>) -> Vec<Policy<'p>> {
    if walk.has_other_headers() {
        return Vec::new();
    }
    let added = walk.added("Content-Security-Policy").into_iter();
    added
        .filter_map(|added| {
            Some(Policy {
                text: added.value.known()?.to_owned(),
                place: page.place(added.by),
                line: Some(added.by),
            })
        })
        .collect()
}

/// Those that the page's file has, or the built one where this is only a copy of the configuration.
fn written<'p>(page: &Case<'p>, walk: &Walk<'p>) -> Vec<Policy<'p>> {
    let found = match &walk.landing {
        Landing::Static { status: 200, file } => {
            // As people write it, where a folder and a name both bring a slash.
            let file: PathBuf = Path::new(file).components().collect();
            policies(page.root, &file)
        }
        Landing::Static { .. } | Landing::Cycle => {
            let built = page.question.bundles.iter();
            built
                .flat_map(|folder| policies(page.root, &folder.join("index.html")))
                .collect()
        }
        _ => Vec::new(),
    };
    let policy = |setting: Setting| Policy {
        text: setting.value,
        place: setting.place,
        line: None,
    };
    found.into_iter().map(policy).collect()
}

fn judge(
    policy: &Policy<'_>,
    page: &Case<'_>,
    case: &Case<'_>,
    front_end: &FrontEnd,
) -> Option<Finding> {
    let path = &case.question.path;
    let polling = Target::polling(&case.origin, path);
    let websocket = Target::websocket(&case.origin, path);
    let alone = case.question.is_websocket_only;
    let lists = policy::lists(&policy.text);
    let (list, blocked) = lists.iter().find_map(|list| {
        let asked = [(!alone).then_some(&polling), Some(&websocket)];
        let asked = asked.into_iter().flatten();
        let blocked: Vec<&Target> = asked
            .filter(|target| !list.allows(target, &page.origin))
            .collect();
        (!blocked.is_empty()).then_some((list, blocked))
    })?;
    let is_cut = alone || blocked.iter().any(|target| target.scheme == polling.scheme);
    let severity = match (is_told(page, case, front_end, list), is_cut) {
        (false, _) => Severity::Hint,
        (true, true) => Severity::Error,
        (true, false) => Severity::Warning,
    };
    Some(tell(policy, page, list, &blocked, severity, is_cut))
}

/// Whether it is plain that this page's client connects there: files say so, or it is a page of this nginx whose policy
/// names nobody else.
fn is_told(page: &Case<'_>, case: &Case<'_>, front_end: &FrontEnd, list: &Allowed<'_>) -> bool {
    let mut addresses = front_end.addresses.iter();
    let is_named = addresses.any(|one| one.is_socket() && one.url.origin == case.origin);
    let walk = page.walks.as_ref().map(|walks| &walks.page.landing);
    let is_file = matches!(walk, Some(Landing::Static { .. } | Landing::Cycle));
    page.origin != case.origin || is_named || is_file && !list.names_hosts()
}

fn tell(
    policy: &Policy<'_>,
    page: &Case<'_>,
    list: &Allowed<'_>,
    blocked: &[&Target],
    severity: Severity,
    is_cut: bool,
) -> Finding {
    let sources: Vec<String> = blocked.iter().map(|target| target.source()).collect();
    let finding = Finding::new(
        RULE.id,
        severity,
        policy.place.clone(),
        say!(
            "The page's {directive} does not allow {missing}, where its client connects.",
            "El {directive} de la página no permite {missing}, adonde se conecta su cliente.",
            directive = list.directive;
            missing = Text::new(sources.join(" and "), sources.join(" y "))
        ),
        match is_cut {
            true => say!(
                "The browser sends nothing: \"Refused to connect … because it violates the document's Content \
                 Security Policy\".",
                "El navegador no envía nada: \"Refused to connect … because it violates the document's Content \
                 Security Policy\"."
            ),
            false => say!(
                "The browser opens no websocket: clients stay on polling.",
                "El navegador no abre ningún websocket: los clientes se quedan en polling."
            ),
        },
    );
    let more = sources.join(" ");
    let advice = say!(
        "Let connect-src name it: {more}",
        "Que connect-src lo nombre: {more}"
    );
    let word = policy.line.and_then(|line| Some((line, line.args.get(1)?)));
    match word.filter(|(_, word)| word.text == policy.text) {
        Some((line, word)) => {
            let text = list.with(&policy.text, &more);
            let longer = print::word(&Word {
                text,
                quoted: true,
                pos: word.pos,
            });
            // Whom a page may speak to is for a person to decide.
            let edits = vec![edit::replace(page.config, line, word, &longer)];
            finding.mend(advice, false, edits)
        }
        None => finding.advise(advice),
    }
}
