//! Something other than the location that is meant takes the Socket.IO requests, or some of them: a regular
//! expression, another prefix, a `return`, an `if`, a rewrite.

use std::path::Path;

use super::{Check, Rule, Title, blame, headers, near_origin, no_location::is_for_everything, one};
use crate::{
    case::Case,
    edit,
    finding::{Edit, Finding, Severity},
    language::Text,
    nginx::{Landing, Step, Walk, condition_words, tree::Directive},
    url::Url,
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
        Check::Way(|case| one(script(case))),
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

/// The client itself, where the page loads it from the server.
fn script(case: &Case<'_>) -> Option<Finding> {
    let Landing::Static { status: 200, file } = &case.walks.as_ref()?.page.landing else {
        return None;
    };
    let page = case.root.read(Path::new(file)).ok()?.text;
    let script = script_in(&page, &case.question.path)?;
    let walk = case.walk_to(script)?;
    if walk.proxied().is_some() || matches!(walk.landing, Landing::Static { status: 200, .. }) {
        return None;
    }
    let place = blame_of(&walk);
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        place.pos,
        say!(
            "The client's own script, {script}, which the page loads, is taken by this {place}.",
            "El propio script del cliente, {script}, que carga la página, cae en este {place}.",
            place = short(case, place)
        ),
        say!(
            "The script gets {seen}; the page says \"io is not defined\", and no client starts.",
            "El script recibe {seen}; la página dice \"io is not defined\", y ningún cliente arranca.";
            seen = blame::seen(&walk)
        ),
    );
    Some(finding.advise(advice(case, &walk, place)))
}

/// The path of a script below Socket.IO's own, as a page names it.
fn script_in<'p>(page: &'p str, path: &str) -> Option<&'p str> {
    let mut named = page.match_indices(path).map(|(at, _)| &page[at..]);
    named.find_map(|rest| {
        let end = rest.find(['"', '\'', '?', '>', ' ', '\n'])?;
        rest[..end].ends_with(".js").then_some(&rest[..end])
    })
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
    if let Some(finding) = refused(case, walk, place, what) {
        return Some(finding.supposing(without(case, walk, place)));
    }
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
    let advice = advice(case, walk, place);
    Some(match made_stronger(case, walk) {
        Some(edit) => finding.mend(advice, true, vec![edit]),
        None => finding.advise(advice).supposing(without(case, walk, place)),
    })
}

/// A condition on the page's origin, whose map does not take the page in.
fn refused(case: &Case<'_>, walk: &Walk<'_>, place: &Directive, what: &Text) -> Option<Finding> {
    let condition = condition(walk, place)?;
    let url: Url = walk.request().header("origin")?.parse().ok()?;
    let page = &url.origin;
    let subject = condition_words(condition).into_iter().next()?;
    let blamed = near_origin::blamed(walk, &subject, page)?;
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        blamed.pos,
        say!(
            "{what} of the page {page} is answered by nginx itself ({at}): the map's default decides for it.",
            "{what} de la página {page} lo responde el propio nginx ({at}): para ella decide el valor por defecto del \
             map.",
            at = case.at(place);
            what = what
        ),
        say!(
            "Browsers get {seen}; scripts and tools, which name no page, may connect.",
            "Los navegadores reciben {seen}; los scripts y las herramientas, que no nombran página, pueden conectarse.";
            seen = blame::seen(walk)
        ),
    );
    Some(finding.advise(say!(
        "Let {page} be among the pages of the map, as browsers send it: no slash at the end, and no port that is the \
         usual one.",
        "Haga que {page} esté entre las páginas del map, tal como lo envían los navegadores: sin barra al final, y sin \
         el puerto habitual."
    )))
}

/// The configuration without what answers before any location is meant to: a condition, a rewrite or a `return` of the
/// server block, a location for this path alone.
fn without(case: &Case<'_>, walk: &Walk<'_>, place: &Directive) -> Vec<Edit> {
    let is_of_server = |place: &&Directive| {
        let mut children = walk.server().directive.children().iter();
        (place.is("return") || place.is("rewrite"))
            && children.any(|child| std::ptr::eq(child, *place))
    };
    let is_alone = |location: &&Directive| location.arg(0) == Some("=") || is_regex(location);
    let location = blame::first_location(walk).filter(is_alone);
    let whole = condition(walk, place)
        .or(Some(place).filter(is_of_server))
        .or(location);
    let whole = whole.map(|whole| edit::remove(case.config, whole));
    whole.into_iter().collect()
}

/// The `if` in which something stands.
fn condition<'c>(walk: &Walk<'c>, place: &Directive) -> Option<&'c Directive> {
    walk.steps.iter().rev().find_map(|step| match step {
        Step::If(by) if contains(by, place) => Some(*by),
        _ => None,
    })
}

/// The location that was written for the path, so that no regular expression takes what is for it.
fn made_stronger(case: &Case<'_>, walk: &Walk<'_>) -> Option<Edit> {
    let taken_by = blame::first_location(walk).filter(|location| is_regex(location))?;
    let written = written_for(case, walk)?;
    let prefix = written.args.first().filter(|_| written.args.len() == 1)?;
    let text = format!("^~ {}", prefix.text);
    (!std::ptr::eq(taken_by, written)).then(|| edit::replace(case.config, written, prefix, &text))
}

/// The proxied location whose prefix is the path.
fn written_for<'c>(case: &Case<'_>, walk: &Walk<'c>) -> Option<&'c Directive> {
    let path = case.question.path.trim_end_matches('/');
    let locations = walk.server().locations.iter();
    let mut written = locations.filter(|location| {
        let prefix = location.prefix().unwrap_or_default();
        prefix.trim_end_matches('/') == path && location.directive.first("proxy_pass").is_some()
    });
    written.next().map(|location| location.directive)
}

/// What lets the requests pass, by what took them.
fn advice(case: &Case<'_>, walk: &Walk<'_>, place: &Directive) -> Text {
    let path = &case.question.path;
    if place.is("internal") {
        return say!(
            "Take `internal` away: it shuts out every request from outside.",
            "Quite `internal`: cierra el paso a toda petición de fuera."
        );
    }
    if let Some(pass) = outer_pass(walk) {
        return say!(
            "Repeat `{pass};` in this location: an inner location does not inherit it.",
            "Repita `{pass};` en esta location: una location interior no lo hereda.",
            pass = case.config.written(pass)
        );
    }
    let condition = condition(walk, place);
    if condition.is_some_and(|by| {
        by.args
            .iter()
            .any(|word| word.text.contains("$invalid_referer"))
    }) {
        return say!(
            "Add `none` to valid_referers: a websocket carries no Referer.",
            "Añada `none` a valid_referers: un websocket no lleva Referer."
        );
    }
    if let Some(condition) = condition {
        return say!(
            "Leave {path} ({method}) out of the condition at {at}.",
            "Excluya {path} ({method}) de la condición de {at}.",
            method = walk.request().method,
            at = case.at(condition)
        );
    }
    if place.is("return") {
        return say!(
            "A `return` answers before `proxy_pass` is reached: take it away, or put it into a location that {path} \
             does not come to.",
            "Un `return` responde antes de llegar a `proxy_pass`: quítelo, o póngalo en una location a la que {path} \
             no llegue."
        );
    }
    say!(
        "Let {path} pass: `location ^~ {path}` wins over regular expressions, and an `if` or `return` can leave it \
         out.",
        "Deje pasar {path}: `location ^~ {path}` gana a las expresiones regulares, y un `if` o un `return` puede \
         excluirla."
    )
}

/// The `proxy_pass` of an outer location, where the inner one that got the request has nothing that answers.
fn outer_pass<'c>(walk: &Walk<'c>) -> Option<&'c Directive> {
    let inner = walk.location()?;
    let has_files = ["root", "alias", "try_files", "return"]
        .iter()
        .any(|name| inner.first(name).is_some());
    if has_files || !matches!(walk.landing, Landing::Static { .. }) {
        return None;
    }
    let outer = walk.scope().blocks().iter().rev().skip(1);
    let mut locations = outer.filter(|block| block.is("location"));
    locations.find_map(|location| location.first("proxy_pass"))
}

fn contains(block: &Directive, directive: &Directive) -> bool {
    let mut children = block.children().iter();
    children.any(|child| std::ptr::eq(child, directive) || contains(child, directive))
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

/// It reaches a back end, but past the location that was written for it: another one, or without the upgrade that is
/// handed on there.
fn stolen<'c>(case: &Case<'_>, walk: &Walk<'c>) -> Option<&'c Directive> {
    let location = walk.location()?;
    if !is_regex(location) {
        return None;
    }
    let written = written_for(case, walk)?;
    let meant = written.first("proxy_pass")?;
    let taken = walk.proxied()?;
    let is_upgrade = walk.request().header("upgrade").is_some();
    let is_lost = is_upgrade
        && sets_upgrade(written)
        && !sets_upgrade(location)
        && !headers::lost(taken).is_empty();
    (is_lost || meant.arg(0) != taken.pass.arg(0)).then_some(location)
}

fn sets_upgrade(location: &Directive) -> bool {
    let mut headers = location.all("proxy_set_header");
    headers.any(|set| {
        set.arg(0)
            .is_some_and(|name| name.eq_ignore_ascii_case("upgrade"))
    })
}

fn short(case: &Case<'_>, place: &Directive) -> String {
    match place.name.text.as_str() {
        "location" => format!("`{}`", case.config.written(place)),
        name => format!("`{name}`"),
    }
}
