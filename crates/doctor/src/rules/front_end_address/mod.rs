//! The pages ask an address that goes around the proxy, that only the developer's machine has, or that a browser
//! refuses. Addresses of others, and of other services, are no fault.

mod build;
mod host;
mod nowhere;
mod path;

use std::net::IpAddr;

use super::{Check, Rule, Site, Title, client};
use crate::{
    finding::{Finding, Severity},
    front_end::{Address, FrontEnd},
    language::Text,
    nginx::{listen::is_loopback, request::Origin},
};

pub(in crate::rules) const RULE: Rule = Rule {
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
    let left_out = left_out.filter_map(|address| build::left_out_of_build(address, site, origin));
    let unknown = front_end.unknown.iter();
    let unknown = unknown.filter_map(|asked| build::of_no_environment(asked, site));
    let doubled = front_end.doubled.iter();
    let doubled = doubled.map(|literal| path::with_a_slash_too_many(literal, site));
    let undefined = front_end.undefined.iter();
    let undefined = undefined.map(|literal| build::of_nothing(literal, front_end));
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
        return Some(build::of_nothing(&address.setting, site.front_end));
    }
    let own = host == &origin.host || is_loopback(host) && is_loopback(&origin.host);
    let is_of_page = own || site.is_served(host);
    let is_known = || site.page.is_some_and(|page| client::names(page, host));
    let trouble = if is_of_page {
        host::elsewhere(address, site, origin)
    } else if (address.is_socket() || address.is_plain()) && is_known() {
        let trouble = host::elsewhere(address, site, origin);
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
        host::developers(address)
    } else if address.is_socket() && host::is_mixed(address, origin) {
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
        return Some(tell(address, &meant, host::mixed(address, origin)));
    } else {
        host::behind(address, site)
    };
    if trouble.is_none()
        && let Some((meant, trouble)) = nowhere::leads_nowhere(address, site)
    {
        return Some(tell(address, meant.as_ref().unwrap_or(origin), trouble));
    }
    let trouble = trouble.or_else(|| nowhere::stranger(address, site));
    if let Some((host, trouble)) = nowhere::misspelt(address, site) {
        let meant = Origin {
            host,
            ..origin.clone()
        };
        return Some(tell(address, &meant, trouble));
    }
    match trouble {
        Some(trouble) => Some(tell(address, origin, trouble)),
        None if own => path::wrong_path(address, site.page?, site, origin),
        None => {
            // A websocket of another kind may have any path.
            let is_certain = !address.is_websocket() || address.has_options;
            let of_sockets = site.case.filter(|_| address.is_socket() && is_certain);
            path::wrong_path(address, of_sockets?, site, &of_sockets?.origin)
        }
    }
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
