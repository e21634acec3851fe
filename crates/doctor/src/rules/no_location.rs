//! No location is meant for the Socket.IO path, so it falls into the one for everything, or into none.

use super::{
    Check, Rule, Title, address::without_uri, blame, headers, near::is_near, one, wrong_address,
};
use crate::{
    case::Case,
    edit,
    finding::{Edit, Finding, Severity},
    language::Text,
    nginx::{Landing, Proxied, Step, Walk, tree::Directive, upstream::Authority},
};

pub(super) const RULE: Rule = Rule {
    id: "no-location",
    title: Title {
        english: "No location for Socket.IO.",
        spanish: "No hay location para Socket.IO.",
    },
    checks: &[Check::Route(|case| one(judge(case)))],
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let walk = &case.walks.as_ref()?.handshake;
    let moved_before = matches!(
        walk.steps.iter().find(|step| !matches!(step, Step::If(_))),
        Some(Step::Rewrite { .. })
    );
    if moved_before || !is_for_everything(blame::first_location(walk)) {
        return None;
    }
    let near_miss = near_miss(case, walk);
    if let Some(taken) = walk.proxied() {
        return match near_miss {
            Some(near_miss) => beside(case, walk, taken, near_miss),
            None => to_the_pages(case, walk, taken),
        };
    }
    // A `return` that stands in the server block or catches everything swallows more than this path.
    if matches!(&walk.landing, Landing::Answer { by, .. } if !by.is("try_files")) {
        return None;
    }
    let path = &case.question.path;
    let place = blame::decisive(walk);
    let alike = near_miss.map_or_else(Text::default, |location| {
        say!(
            " `{head}` at {at} does not take it in.",
            " `{head}` de {at} no la incluye.",
            head = case.config.written(location),
            at = case.at(location)
        )
    });
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        near_miss.unwrap_or(place).pos,
        say!(
            "No location is meant for {path}: its requests end {place}.{namespace}{alike}",
            "Ninguna location es para {path}: sus peticiones acaban {place}.{namespace}{alike}";
            place = where_to(place),
            namespace = namespace(case, walk),
            alike = alike
        ),
        say!(
            "The client gets {seen}, and never a session.",
            "El cliente recibe {seen}, y nunca una sesión.";
            seen = blame::seen(walk)
        ),
    );
    if let Some(location) = near_miss {
        return Some(corrected(case, finding, location));
    }
    Some(finding.mend(
        say!(
            "Give {path} a location of its own, proxied to the back end.",
            "Dé a {path} una location propia que lleve al back end."
        ),
        back_end(case).is_some(),
        new_location(case, walk).into_iter().collect(),
    ))
}

fn corrected(case: &Case<'_>, finding: Finding, location: &Directive) -> Finding {
    let path = &case.question.path;
    let advice = say!(
        "Make it `location {path}` at {at}.",
        "Que sea `location {path}` en {at}.",
        at = case.at(location)
    );
    let is_proxied = location.first("proxy_pass").is_some();
    match edit::replace_args(case.config, location, path) {
        Some(edit) if is_proxied => finding.mend(advice, true, vec![edit]),
        _ => finding.advise(advice),
    }
}

/// What is for everything leads to a back end that gets no upgrade, and a location that is almost for the path to
/// another one.
fn beside(
    case: &Case<'_>,
    walk: &Walk<'_>,
    taken: &Proxied<'_>,
    near_miss: &Directive,
) -> Option<Finding> {
    let own = near_miss.first("proxy_pass")?;
    let websocket = case.walks.as_ref()?.websocket.proxied()?;
    if own.arg(0) == taken.pass.arg(0) || headers::lost(websocket).is_empty() {
        return None;
    }
    let path = &case.question.path;
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        near_miss.pos,
        say!(
            "`{head}` does not take in {path}, whose requests go to {taken}.",
            "`{head}` no incluye {path}, cuyas peticiones van a {taken}.",
            head = case.config.written(near_miss),
            taken = taken.pass.arg(0).unwrap_or_default()
        ),
        say!(
            "The client gets {seen}, and never a session.",
            "El cliente recibe {seen}, y nunca una sesión.";
            seen = blame::seen(walk)
        ),
    );
    Some(corrected(case, finding, near_miss))
}

/// Everything goes to the server of the pages, and the back end is another program of this machine.
fn to_the_pages(case: &Case<'_>, walk: &Walk<'_>, taken: &Proxied<'_>) -> Option<Finding> {
    let direct = wrong_address::back_end(case.question.direct.as_ref()?);
    let known = &case.question.known.ports;
    let is_other = |asked: &Authority| {
        asked.is_loopback() && asked.port != direct.port && known.contains(&asked.port)
    };
    let asked = case.back_ends(walk);
    let are_others = !asked.is_empty() && asked.iter().all(is_other);
    if !are_others || !direct.is_loopback() || !known.contains(&direct.port) {
        return None;
    }
    let path = &case.question.path;
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        taken.pass.pos,
        say!(
            "No location is meant for {path}: its requests go with all others to {asked}, and the back end is at \
             {direct}.",
            "Ninguna location es para {path}: sus peticiones van con todas las demás a {asked}, y el back end está en \
             {direct}.",
            asked = asked[0]
        ),
        say!(
            "The client gets the pages' answer, a page or 404, and never a session.",
            "El cliente recibe la respuesta de las páginas, una página o 404, y nunca una sesión."
        ),
    );
    Some(finding.mend(
        say!(
            "Give {path} a location of its own, proxied to the back end.",
            "Dé a {path} una location propia que lleve al back end."
        ),
        true,
        new_location(case, walk).into_iter().collect(),
    ))
}

fn where_to(place: &Directive) -> Text {
    match place.name.text.as_str() {
        "server" => say!(
            "among the files of this server block",
            "entre los archivos de este bloque server"
        ),
        "try_files" => say!("in this try_files", "en este try_files"),
        name => say!("in this {name}", "en este {name}"),
    }
}

/// A frequent mistake: the namespace is taken for a path.
fn namespace(case: &Case<'_>, walk: &Walk<'_>) -> Text {
    let namespace = case.question.namespace.trim_end_matches('/');
    let mut prefixes = walk
        .server()
        .locations
        .iter()
        .filter_map(|location| location.prefix());
    if namespace.is_empty() || !prefixes.any(|prefix| prefix.trim_end_matches('/') == namespace) {
        return Text::default();
    }
    say!(
        " There is a location for {namespace}, but a namespace is no path: nothing is requested there.",
        " Hay una location para {namespace}, pero un namespace no es una ruta: ahí no se pide nada."
    )
}

/// A location that is almost for the path: without its slash and exact, or misspelt.
fn near_miss<'c>(case: &Case<'_>, walk: &Walk<'c>) -> Option<&'c Directive> {
    let path = case.question.path.trim_matches('/');
    let locations = walk.server().locations.iter();
    let mut heads = locations.map(|location| location.directive);
    heads.find(|location| {
        let written = location.args.last().map_or("", |word| word.text.as_str());
        let written = written.trim_matches(['/', '^', '$', '=', '~', '*']);
        let written = written.replace('\\', "");
        is_slip(&written, path)
    })
}

/// Whether it is the path but for its capitals or a slip in a part of it.
fn is_slip(written: &str, path: &str) -> bool {
    let (here, there) = (written.split('/'), path.split('/'));
    let mut pairs = here.clone().zip(there.clone());
    here.count() == there.count()
        && pairs.all(|(one, other)| one.eq_ignore_ascii_case(other) || is_near(one, other))
}

/// `None`, or `location /`.
pub(super) fn is_for_everything(location: Option<&Directive>) -> bool {
    location.is_none_or(|location| matches!(location.args.last(), Some(word) if word.text == "/"))
}

/// What the mend would be proxied to: the address given, or where /api/ goes.
fn back_end(case: &Case<'_>) -> Option<String> {
    if let Some(direct) = &case.question.direct {
        return Some(direct.origin.to_string());
    }
    let api: &Proxied<'_> = case.walks.as_ref()?.api.proxied()?;
    let address = without_uri(api.pass.arg(0)?)?;
    (!address.contains('$')).then_some(address)
}

fn new_location(case: &Case<'_>, walk: &Walk<'_>) -> Option<Edit> {
    let server = walk.server().directive;
    let before = server.first("location").or(server.children().last())?;
    let head = format!("location {} {{", case.question.path);
    let back_end = back_end(case).unwrap_or_else(|| "http://127.0.0.1:3001".to_owned());
    let pass = format!("    proxy_pass {back_end};");
    let lines = [
        head.as_str(),
        &pass,
        "    proxy_http_version 1.1;",
        "    proxy_set_header Host $http_host;",
        "    proxy_set_header Upgrade $http_upgrade;",
        "    proxy_set_header Connection \"upgrade\";",
        "    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
        "    proxy_set_header X-Forwarded-Proto $scheme;",
        "}",
    ];
    Some(edit::before(case.config, before, &lines))
}
