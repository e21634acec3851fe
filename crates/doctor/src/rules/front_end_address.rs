//! The pages ask an address that goes around the proxy, that only the developer's machine has, or that a browser
//! refuses. Addresses of others, and of other services, are no fault.

use std::net::IpAddr;

use super::{Check, Rule, Site, Title, blame, client};
use crate::{
    case::{Case, redirect},
    dotenv,
    finding::{Finding, Severity},
    front_end::{Address, FrontEnd, is_almost},
    language::Text,
    nginx::{
        Landing, Step,
        listen::is_loopback,
        request::{Origin, default_port},
    },
    setting::{self, Setting},
};

pub(super) const RULE: Rule = Rule {
    id: "front-end-address",
    title: Title {
        english: "The pages ask an address that goes around the proxy, or that only the developer's machine has.",
        spanish: "Las páginas preguntan a una dirección que esquiva el proxy, o que solo tiene la máquina del desarrollador.",
    },
    checks: &[Check::FrontEnd(check)],
};

/// What JavaScript makes of a value that is not there.
const UNDEFINED: &str = "undefined";

/// What is wrong with an address, and what the client sees of it.
struct Trouble {
    message: Text,
    effect: Text,
}

fn around() -> Text {
    say!(
        "From other machines the connection is refused or blocked, or, where the port is open, requests go around \
         the proxy and its TLS.",
        "Desde otras máquinas la conexión se rechaza o se bloquea, o, donde el puerto está abierto, las peticiones \
         esquivan el proxy y su TLS."
    )
}

fn check(front_end: &FrontEnd, site: &Site<'_>) -> Vec<Finding> {
    let Some(origin) = &site.origin else {
        return Vec::new();
    };
    let addresses = front_end.addresses.iter();
    let judged = addresses.filter_map(|address| judge(address, site, origin));
    let left_out = front_end.left_out.iter();
    let left_out = left_out.filter_map(|address| left_out_of_build(address, site, origin));
    let unknown = front_end.unknown.iter();
    let unknown = unknown.filter_map(|asked| of_no_environment(asked, site));
    let doubled = front_end.doubled.iter();
    let doubled = doubled.map(|literal| with_a_slash_too_many(literal, site));
    let undefined = front_end.undefined.iter();
    let undefined = undefined.map(|literal| of_nothing(literal, front_end));
    let mut findings: Vec<Finding> = Vec::new();
    let judged = judged.chain(left_out).chain(unknown);
    for finding in judged.chain(doubled).chain(undefined) {
        // One line of a built file may have an address many times.
        let is_told = |told: &Finding| {
            let line = |finding: &Finding| finding.place.as_ref().map(|place| place.line);
            told.message == finding.message && line(told) == line(&finding)
        };
        if !findings.iter().any(is_told) {
            findings.push(finding);
        }
    }
    findings
}

fn judge(address: &Address, site: &Site<'_>, origin: &Origin) -> Option<Finding> {
    let host = &address.url.origin.host;
    if host == UNDEFINED && address.is_socket() && address.setting.name.is_none() {
        return Some(of_nothing(&address.setting, site.front_end));
    }
    let own = host == &origin.host || is_loopback(host) && is_loopback(&origin.host);
    let is_of_page = own || site.is_served(host);
    let is_known = || site.page.is_some_and(|page| client::names(page, host));
    let trouble = if is_of_page {
        elsewhere(address, site, origin)
    } else if (address.is_socket() || address.is_plain()) && is_known() {
        let trouble = elsewhere(address, site, origin);
        if let Some(trouble) = trouble {
            // A name of its own for the sockets is meant to be.
            let meant = Origin {
                host: host.clone(),
                ..origin.clone()
            };
            return Some(tell(address, &meant, trouble));
        }
        None
    } else if is_loopback(host) {
        developers(address)
    } else if address.is_socket() && is_mixed(address, origin) {
        let is_named = host.parse::<IpAddr>().is_err();
        let meant = Origin {
            scheme: "https",
            ..if is_named {
                &address.url.origin
            } else {
                origin
            }
            .clone()
        };
        return Some(tell(address, &meant, mixed(address, origin)));
    } else {
        behind(address, site)
    };
    if trouble.is_none()
        && let Some((meant, trouble)) = leads_nowhere(address, site)
    {
        return Some(tell(address, meant.as_ref().unwrap_or(origin), trouble));
    }
    let trouble = trouble.or_else(|| stranger(address, site));
    if let Some((host, trouble)) = misspelt(address, site) {
        let meant = Origin {
            host,
            ..origin.clone()
        };
        return Some(tell(address, &meant, trouble));
    }
    match trouble {
        Some(trouble) => Some(tell(address, origin, trouble)),
        None if own => wrong_path(address, site.page?, site, origin),
        None => {
            // A websocket of another kind may have any path.
            let is_certain = !address.is_websocket() || address.has_options;
            let of_sockets = site.case.filter(|_| address.is_socket() && is_certain);
            wrong_path(address, of_sockets?, site, &of_sockets?.origin)
        }
    }
}

fn is_mixed(address: &Address, origin: &Origin) -> bool {
    let asked = &address.url.origin;
    origin.scheme == "https" && asked.scheme == "http" && !is_loopback(&asked.host)
}

fn mixed(address: &Address, origin: &Origin) -> Trouble {
    let written = address.written();
    Trouble {
        message: say!(
            "{written} is not encrypted, and the page at {origin} is.",
            "{written} no va cifrado, y la página de {origin} sí."
        ),
        effect: say!(
            "The browser blocks it as mixed content before anything is sent.",
            "El navegador lo bloquea como contenido mixto antes de enviar nada."
        ),
    }
}

/// Another host or port than the page's, with another scheme or where nobody serves it.
fn elsewhere(address: &Address, site: &Site<'_>, origin: &Origin) -> Option<Trouble> {
    let asked = &address.url.origin;
    let written = address.written();
    if is_mixed(address, origin) {
        return Some(mixed(address, origin));
    }
    if asked.port == origin.port || site.listens(asked.port) {
        return None;
    }
    let usual = asked.port == default_port(asked.scheme) && !address.has_port;
    // Something in front of nginx may serve the usual port of another host.
    if usual && asked.host != origin.host && !site.is_served(&asked.host) {
        return None;
    }
    let message = match usual {
        true => say!(
            "The page is at {origin}, and nothing serves {written}.",
            "La página está en {origin}, y nada sirve {written}."
        ),
        false => say!(
            "{value} goes around the proxy, by port {port}: people open {origin}.",
            "{value} esquiva el proxy, por el puerto {port}: la gente abre {origin}.",
            value = address.setting.value,
            port = asked.port
        ),
    };
    Some(Trouble {
        message,
        effect: around(),
    })
}

/// A host or port that nginx serves, and nothing there is Socket.IO's; with where it is, if another address says so.
fn leads_nowhere(address: &Address, site: &Site<'_>) -> Option<(Option<Origin>, Trouble)> {
    let page = site.page.filter(|_| address.is_socket())?;
    let elsewhere = client::asked_at(page, address);
    let is_own = elsewhere.is_none() && address.url.origin == page.origin;
    let there = elsewhere.as_ref().or(Some(page).filter(|_| is_own))?;
    let host = &address.url.origin.host;
    if *host != page.origin.host && !client::names(page, host) {
        return None;
    }
    let told = &site.front_end.socket_paths;
    let walks = there.walks.as_ref()?;
    let redirects = !is_own && redirect(&walks.handshake, &there.origin).is_some();
    // Where none of this nginx's sites has any either, a location is missing rather than an address wrong.
    let has = |case: &Case<'_>| {
        client::has_socket_io(case, told)
            && !client::is_outdone(case, site.front_end.addresses.iter())
    };
    let is_at_page = has(page);
    let other = of_another(site, page, there).filter(|_| !is_at_page);
    if has(there) || !redirects && !is_at_page && other.is_none() {
        return None;
    }
    let written = address.written();
    let at = there.at(blame::decisive(&walks.handshake));
    let trouble = Trouble {
        message: say!(
            "nginx leads nothing of {written} to Socket.IO ({at}).",
            "nginx no lleva nada de {written} a Socket.IO ({at})."
        ),
        effect: say!(
            "The client gets {seen}, and never a session.",
            "El cliente recibe {seen}, y nunca una sesión.";
            seen = blame::seen(&walks.handshake)
        ),
    };
    Some((other, trouble))
}

/// A name that no server block has, and that one has but for a slip.
fn misspelt(address: &Address, site: &Site<'_>) -> Option<(String, Trouble)> {
    let host = &address.url.origin.host;
    let meant = client::misspelt(site.page?, host)?;
    let trouble = Trouble {
        message: say!(
            "No server block is named {host}; {meant} is there.",
            "Ningún bloque server se llama {host}; existe {meant}."
        ),
        effect: nobody(),
    };
    Some((meant, trouble))
}

fn nobody() -> Text {
    say!(
        "The browser finds no such host, or somebody else's: connect_error, \"xhr poll error\".",
        "El navegador no encuentra ese host, o encuentra el de otro: connect_error, «xhr poll error»."
    )
}

/// A host that nginx does not know, though the sockets are here: what was built before the last change of the
/// environment asks where they were then, and so may an environment that was never changed.
fn stranger(address: &Address, site: &Site<'_>) -> Option<Trouble> {
    let page = site.page.filter(|_| address.is_socket())?;
    let host = &address.url.origin.host;
    if !client::is_strange(page, host) {
        return None;
    }
    let is_newer = |other: &&Address| {
        let host = &other.url.origin.host;
        (other.is_socket() || other.is_plain())
            && other.setting.name.is_some()
            && (*host == page.origin.host || client::names(page, host))
    };
    let written = address.written();
    let all = &site.front_end.addresses;
    let is_told = |other: &Address| other.setting.name.is_some() && other.url.origin.host == *host;
    let newer = all.iter().find(is_newer);
    let is_built = address.setting.name.is_none() && !all.iter().any(is_told);
    if let Some(newer) = newer.filter(|_| is_built) {
        return Some(Trouble {
            message: say!(
                "The pages were built with {written}, and {name} says {value} now.",
                "Las páginas se compilaron con {written}, y {name} dice ahora {value}.",
                name = newer.setting.name.as_deref().unwrap_or_default(),
                value = newer.setting.value
            ),
            effect: nobody(),
        });
    }
    let is_here = site.question.has_its_back_end_here() && client::plain(page).is_some();
    let there = page.at_origin(address.url.origin.clone());
    let answers = page.origin.scheme == "http" && client::plain(&there).is_some();
    if !is_here || answers || newer.is_some() {
        return None;
    }
    Some(Trouble {
        message: say!(
            "No server block is named {host}, and the sockets are at {origin}.",
            "Ningún bloque server se llama {host}, y los sockets están en {origin}.",
            origin = page.origin
        ),
        effect: nobody(),
    })
}

/// A variable for sockets that a build leaves out, where the pages then ask their own site, which has none.
fn left_out_of_build(address: &Address, site: &Site<'_>, origin: &Origin) -> Option<Finding> {
    let page = site.page?;
    let setting = &address.setting;
    let name = setting.name.as_deref().unwrap_or_default();
    let mut unknown = site.front_end.unknown.iter();
    let asked = unknown.find(|asked| is_almost(name, &asked.value));
    let is_told = site.front_end.addresses.iter().any(|other| {
        // The code asks for it by its name, whatever else the pages ask there.
        let is_built = asked.is_none() && other.setting.name.is_none();
        let is_own = other.setting.place == setting.place;
        other.is_socket() && !is_own || other.url.origin == address.url.origin && is_built
    });
    // What is on this machine is for other programs on it.
    let is_own = address.url.origin == *origin || is_loopback(&address.url.origin.host);
    if is_told || is_own || client::has_socket_io(page, &site.front_end.socket_paths) {
        return None;
    }
    let message = match (asked, dotenv::is_public(name)) {
        (Some(asked), _) => say!(
            "The pages ask for {asked}, and here it is {name}, which the build does not put in its place; {origin} has \
             no Socket.IO.",
            "Las páginas piden {asked}, y aquí se llama {name}, que la compilación no pone en su lugar; {origin} no \
             tiene Socket.IO.",
            asked = asked.value
        ),
        (None, true) => say!(
            "{name} has another tool's prefix, so that the build does not put it into the pages; {origin} has no \
             Socket.IO.",
            "{name} lleva el prefijo de otra herramienta, así que la compilación no lo pone en las páginas; {origin} no \
             tiene Socket.IO."
        ),
        (None, false) => say!(
            "{name} has no prefix, so that the build does not put it into the pages; {origin} has no Socket.IO.",
            "{name} no lleva prefijo, así que la compilación no lo pone en las páginas; {origin} no tiene Socket.IO."
        ),
    };
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        setting.place.clone(),
        message,
        to_itself(),
    );
    Some(finding.advise(say!(
        "Give it one name here and in the code, with the prefix of the others, and build the front end again.",
        "Póngale un mismo nombre aquí y en el código, con el prefijo de las otras, y vuelva a compilar el front end."
    )))
}

/// A variable that the code asks for and no file has, where the page's own site, which has no sockets, stands in for it.
fn of_no_environment(asked: &Setting, site: &Site<'_>) -> Option<Finding> {
    let page = site.page?;
    let front_end = site.front_end;
    let has_other = front_end.addresses.iter().any(Address::is_socket);
    // Where the sockets are nowhere else either, a location is missing.
    let is_elsewhere = site.case.is_some_and(|case| case.origin != page.origin);
    let is_told = has_other || !front_end.left_out.is_empty() || !is_elsewhere;
    if is_told || client::has_socket_io(page, &front_end.socket_paths) {
        return None;
    }
    let (name, origin) = (&asked.value, &page.origin);
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        asked.place.clone(),
        say!(
            "The pages were built without {name}, for which their own address stands in; {origin} has no Socket.IO.",
            "Las páginas se compilaron sin {name}, y en su lugar queda su propia dirección; {origin} no tiene Socket.IO."
        ),
        to_itself(),
    );
    Some(finding.advise(say!(
        "Build the front end again with {name} in its environment.",
        "Vuelva a compilar el front end con {name} en su entorno."
    )))
}

fn to_itself() -> Text {
    say!(
        "The pages ask their own site, and get 404, or 200 with HTML, and never a session.",
        "Las páginas preguntan a su propio sitio, y reciben 404, o 200 con HTML, y nunca una sesión."
    )
}

/// A namespace that was put behind an address which the build did not know.
fn of_nothing(literal: &Setting, front_end: &FrontEnd) -> Finding {
    // What is on this machine is for other programs on it.
    let is_meant = |address: &&Address| !is_loopback(&address.url.origin.host);
    let left_out = front_end.left_out.iter().filter(is_meant);
    let left_out = left_out.map(|address| &address.setting);
    let mut sources = front_end.odd.iter().chain(left_out);
    let source = sources.next();
    let effect = say!(
        "The browser looks for a host named `undefined`: connect_error, \"xhr poll error\", and never a session.",
        "El navegador busca un host llamado `undefined`: connect_error, «xhr poll error», y nunca una sesión."
    );
    match source {
        Some(source) => {
            let message = say!(
                "The pages were built without {name}, which the build does not hand on: they ask \
                 undefined{namespace} ({at}).",
                "Las páginas se compilaron sin {name}, que la compilación no transmite: piden \
                 undefined{namespace} ({at}).",
                name = source.name.as_deref().unwrap_or_default(),
                namespace = namespace_of(&literal.value),
                at = literal.place.at()
            );
            let place = source.place.clone();
            let finding = Finding::new(RULE.id, Severity::Error, place, message, effect);
            finding.advise(say!(
                "Give it one name here and in the code, with the prefix of the others, and build the front end again.",
                "Póngale un mismo nombre aquí y en el código, con el prefijo de las otras, y vuelva a compilar el front \
                 end."
            ))
        }
        None => {
            let message = say!(
                "The pages were built without the address of the sockets, and ask undefined{namespace}.",
                "Las páginas se compilaron sin la dirección de los sockets, y piden undefined{namespace}.",
                namespace = namespace_of(&literal.value)
            );
            let place = literal.place.clone();
            let finding = Finding::new(RULE.id, Severity::Error, place, message, effect);
            finding.advise(say!(
                "Build the front end again with the variable for it in its environment, by the name that the code has.",
                "Vuelva a compilar el front end con su variable en el entorno, con el nombre que usa el código."
            ))
        }
    }
}

/// What stands behind `undefined`.
fn namespace_of(literal: &str) -> &str {
    let bare = literal.split_once("://").map_or(literal, |(_, bare)| bare);
    bare.find('/').map_or("", |slash| &bare[slash..])
}

/// An address that ends in a slash, with the namespace behind it.
fn with_a_slash_too_many(literal: &Setting, site: &Site<'_>) -> Finding {
    let value = &literal.value;
    let of_slash = |address: &&Address| {
        let written = address.setting.name.is_some() && address.setting.value.ends_with('/');
        written && value.starts_with(&address.setting.value)
    };
    let source = site.front_end.addresses.iter().find(of_slash);
    let effect = match value.starts_with("//") {
        true => say!(
            "The browser takes what follows the two slashes for a host: connect_error, \"xhr poll error\".",
            "El navegador toma por un host lo que sigue a las dos barras: connect_error, «xhr poll error»."
        ),
        false => say!(
            "The server refuses the namespace with the two slashes: connect_error, \"Invalid namespace\".",
            "El servidor rechaza el namespace con las dos barras: connect_error, \"Invalid namespace\"."
        ),
    };
    let setting = source.map_or(literal, |source| &source.setting);
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        setting.place.clone(),
        say!(
            "The pages put the namespace behind a slash and make {value} of it.",
            "Las páginas ponen el namespace detrás de una barra y queda {value}."
        ),
        effect,
    );
    let advice = say!(
        "Take the slash from the end of the address, and build the front end again.",
        "Quite la barra del final de la dirección, y vuelva a compilar el front end."
    );
    match source.filter(|source| source.setting.is_literal) {
        Some(source) => {
            let right = source.setting.value.trim_end_matches('/');
            finding.mend(advice, true, vec![source.setting.replaced_by(right)])
        }
        None => finding.advise(advice),
    }
}

/// The site with a location for Socket.IO to which another address of the front end's leads.
fn of_another(site: &Site<'_>, page: &Case<'_>, there: &Case<'_>) -> Option<Origin> {
    let others = site.front_end.addresses.iter();
    let mut others = others.filter_map(|other| client::asked_at(page, other));
    others
        .find(|other| other.origin != there.origin && client::plain(other).is_some())
        .map(|other| other.origin)
}

/// The machine of whoever opens the page. Libraries name `http://localhost` for no more than a base.
fn developers(address: &Address) -> Option<Trouble> {
    let baked = address.setting.name.is_none();
    if baked && !address.has_port {
        return None;
    }
    Some(Trouble {
        message: say!(
            "{written} is the machine of whoever opens the page.",
            "{written} es la máquina de quien abre la página.",
            written = address.written()
        ),
        effect: say!(
            "It works on the developer's machine only; everybody else's browser finds nobody there.",
            "Solo funciona en la máquina del desarrollador; los navegadores de los demás no encuentran a nadie ahí."
        ),
    })
}

/// The back end's own address.
fn behind(address: &Address, site: &Site<'_>) -> Option<Trouble> {
    let asked = &address.url.origin;
    let private = match asked.host.parse().ok()? {
        IpAddr::V4(address) => address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_unique_local(),
    };
    let written = address.written();
    let message = if site.is_back_end(asked) {
        say!(
            "{written} is the back end's own address, behind the proxy.",
            "{written} es la dirección propia del back end, detrás del proxy."
        )
    } else if private && address.has_port && site.is_back_end_port(asked.port) {
        say!(
            "{written} is a private address with the back end's port, behind the proxy.",
            "{written} es una dirección privada con el puerto del back end, detrás del proxy."
        )
    } else {
        return None;
    };
    Some(Trouble {
        message,
        effect: around(),
    })
}

fn tell(address: &Address, origin: &Origin, trouble: Trouble) -> Finding {
    let rest = rest(&address.setting.value);
    let scheme = match (address.is_websocket(), origin.scheme) {
        (false, scheme) => scheme,
        (true, "https") => "wss",
        (true, _) => "ws",
    };
    let right = format!("{scheme}://{}{rest}", origin.authority());
    let severity = match address.is_of_something_else() {
        true => Severity::Hint,
        false => Severity::Error,
    };
    let finding = Finding::new(
        RULE.id,
        severity,
        address.setting.place.clone(),
        trouble.message,
        trouble.effect,
    );
    match (&address.setting.name, address.setting.is_literal) {
        (Some(name), true) => finding.mend(
            say!(
                "Set {name} to {right}, and build the front end again.",
                "Ponga {name} a {right}, y vuelva a compilar el front end."
            ),
            true,
            vec![address.setting.replaced_by(&right)],
        ),
        (Some(name), false) => finding.advise(say!(
            "Let {name} come to {right}, and build the front end again.",
            "Haga que {name} resulte en {right}, y vuelva a compilar el front end."
        )),
        (None, _) => finding.advise(say!(
            "Build the front end again with {right} in its environment; correcting the built file lasts until the \
             next build.",
            "Vuelva a compilar el front end con {right} en su entorno; corregir el archivo compilado dura hasta la \
             próxima compilación."
        )),
    }
}

/// What follows the authority.
fn rest(value: &str) -> &str {
    let after = value.split_once("://").map_or(value, |(_, after)| after);
    after.find(['/', '?', '#']).map_or("", |at| &after[at..])
}

/// A path of the page's host, or of the sockets' own, that is not what its variable is for.
fn wrong_path(
    address: &Address,
    case: &Case<'_>,
    site: &Site<'_>,
    origin: &Origin,
) -> Option<Finding> {
    let setting = &address.setting;
    let path = address.url.path.trim_end_matches('/');
    let name = setting.name.as_ref().or(address.key.as_ref());
    // A client's own address has no name where it was put in.
    let name = name.or(Some(&setting.value).filter(|_| address.has_options))?;
    if path.is_empty() || &address.url.origin != origin {
        return None;
    }
    let (message, effect, right) = if address.is_socket() {
        let question = case.question;
        // What pages put the namespace behind is in front of it in a built file.
        let namespace = question.namespace.as_str();
        let before = path.strip_suffix(namespace).filter(|_| namespace.len() > 1);
        let before = before.unwrap_or(path);
        let of_proxy =
            before == question.path.trim_end_matches('/') || is_of_the_api(address, before, site);
        if !of_proxy || path == question.namespace || is_told_without(address, site) {
            return None;
        }
        (
            say!(
                "socket.io-client takes the path {path} of {name} for the name of a namespace.",
                "socket.io-client toma la ruta {path} de {name} por el nombre de un namespace."
            ),
            say!(
                "The server refuses it: connect_error, \"Invalid namespace\".",
                "El servidor lo rechaza: connect_error, \"Invalid namespace\"."
            ),
            origin.to_string(),
        )
    } else if setting.name.is_some() && setting.is_named("API") && ends_in_the_page(case, path) {
        let right = format!("{origin}/api");
        (
            say!(
                "No location proxies {path}, which {name} names: its requests end in the page's own files.",
                "Ninguna location lleva al back end la ruta {path} que nombra {name}: sus peticiones acaban en los \
                 archivos de la página."
            ),
            say!(
                "Requests get 404, or 200 with the page's HTML in place of JSON.",
                "Las peticiones reciben 404, o 200 con el HTML de la página en lugar de JSON."
            ),
            right,
        )
    } else {
        return None;
    };
    let place = setting.place.clone();
    let finding = Finding::new(RULE.id, Severity::Error, place, message, effect);
    Some(finding.advise(say!(
        "Probably {right} is meant; then build the front end again.",
        "Probablemente se quiso decir {right}; después vuelva a compilar el front end."
    )))
}

/// Whether what a built file puts a namespace behind may be the API's, whose lists have such names too: another address
/// is plainly the sockets', and has no path or the namespace alone.
fn is_told_without(address: &Address, site: &Site<'_>) -> bool {
    let is_called = |other: &Address| {
        let key = other.key.as_deref();
        other.setting.is_socket() || key.is_some_and(setting::is_of_sockets)
    };
    let is_right = |other: &Address| {
        let path = other.url.path.trim_end_matches('/');
        path == site.question.namespace && other.has_options || path.is_empty() && is_called(other)
    };
    let mut others = site.front_end.addresses.iter();
    !is_called(address) && others.any(is_right)
}

/// `/api`, or what a variable says of the API at the same host.
fn is_of_the_api(address: &Address, path: &str, site: &Site<'_>) -> bool {
    let mut others = site.front_end.addresses.iter();
    let says = |other: &Address| {
        let written = other.url.path.trim_end_matches('/');
        !other.is_socket()
            && other.is_plain()
            && other.setting.is_named("API")
            && other.url.origin == address.url.origin
            && written == path
    };
    path == "/api" || !path.is_empty() && others.any(says)
}

fn ends_in_the_page(case: &Case<'_>, path: &str) -> bool {
    let Some(walk) = case.walk_to(&format!("{path}/")) else {
        return false;
    };
    let fell_back = walk
        .steps
        .iter()
        .any(|step| matches!(step, Step::FellBack { .. }));
    let missing = matches!(walk.landing, Landing::Static { status: 404, .. });
    fell_back && walk.proxied().is_none() || missing
}
