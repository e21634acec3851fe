//! Something other than the location that is meant takes the Socket.IO requests, or some of them: a regular
//! expression, another prefix, a `return`, an `if`, a rewrite.

use super::{Check, Rule, Title, blame, no_location::is_for_everything, one};
use crate::{
    case::Case,
    finding::{Finding, Severity},
    language::Text,
    nginx::{Landing, Walk, tree::Directive},
};

pub(super) const RULE: Rule = Rule {
    id: "path-swallowed",
    title: Title {
        english: "Something else takes the requests.",
        spanish: "Otra cosa se queda con las peticiones.",
    },
    checks: &[
        Check::Route(|case| one(judge(case))),
        // The other requests arrive all the same, and are judged beside it.
        Check::Way(|case| one(post(case))),
    ],
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let walks = case.walks.as_ref()?;
    let whole = taken(
        case,
        &walks.handshake,
        &say!("The handshake", "El handshake"),
    );
    let parts = [
        (&walks.poll, say!("The long poll", "El long poll")),
        (&walks.websocket, say!("The websocket", "El websocket")),
    ];
    let mut parts = parts.iter();
    whole.or_else(|| parts.find_map(|(walk, what)| taken(case, walk, what)))
}

fn post(case: &Case<'_>) -> Option<Finding> {
    let what = say!(
        "A message by polling (POST)",
        "Un mensaje por polling (POST)"
    );
    taken(case, &case.walks.as_ref()?.post, &what)
}

fn taken(case: &Case<'_>, walk: &Walk<'_>, what: &Text) -> Option<Finding> {
    let place = match &walk.landing {
        Landing::Proxied(_) => stolen(case, walk)?,
        // Lua, a script: what it answers is not known, and somebody may have meant it.
        Landing::Handler(by) if !is_for_scripts(by) && !is_for_everything(walk.location()) => {
            return None;
        }
        _ => blame_of(walk),
    };
    let path = &case.question.path;
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        place.pos,
        say!(
            "{what} for {path} is taken by this {place}, and does not reach Socket.IO.",
            "{what} para {path} cae en este {place}, y no llega a Socket.IO.",
            place = short(case, place);
            what = what
        ),
        say!("The client gets {seen}.", "El cliente recibe {seen}."; seen = blame::seen(walk)),
    );
    Some(finding.advise(say!(
        "Let {path} pass: `location ^~ {path}` wins over regular expressions, and an `if` or `return` can leave it \
         out.",
        "Deje pasar {path}: `location ^~ {path}` gana a las expresiones regulares, y un `if` o un `return` puede \
         excluirla."
    )))
}

fn is_for_scripts(handler: &Directive) -> bool {
    [
        "fastcgi_pass",
        "scgi_pass",
        "stub_status",
        "empty_gif",
        "memcached_pass",
    ]
    .iter()
    .any(|name| handler.is(name))
}

/// What decided; a location without anything of its own is blamed itself.
fn blame_of<'c>(walk: &Walk<'c>) -> &'c Directive {
    let first = blame::first_location(walk);
    match (&walk.landing, first) {
        (Landing::Answer { by, .. }, _) => by,
        (_, Some(location)) if is_regex(location) => location,
        _ => blame::decisive(walk),
    }
}

fn is_regex(location: &Directive) -> bool {
    location.arg(0).is_some_and(|word| word.starts_with('~'))
}

/// Whether it reaches a back end that another location was written for.
pub(super) fn is_stolen(case: &Case<'_>, walk: &Walk<'_>) -> bool {
    stolen(case, walk).is_some()
}

/// It reaches a back end, but past the location that was written for it.
fn stolen<'c>(case: &Case<'_>, walk: &Walk<'c>) -> Option<&'c Directive> {
    let location = walk.location()?;
    if !is_regex(location) {
        return None;
    }
    let path = case.question.path.as_str();
    let written = walk.server().locations.iter().find(|other| {
        let prefix = other.prefix().unwrap_or_default();
        prefix.trim_end_matches('/') == path.trim_end_matches('/')
            && other.directive.first("proxy_pass").is_some()
    })?;
    let meant = written.directive.first("proxy_pass")?;
    let taken = walk.proxied()?.pass;
    (meant.arg(0) != taken.arg(0)).then_some(location)
}

fn short(case: &Case<'_>, place: &Directive) -> String {
    match place.name.text.as_str() {
        "location" => format!("`{}`", case.config.written(place)),
        name => format!("`{name}`"),
    }
}
