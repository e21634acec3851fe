//! The pages ask an address that goes around the proxy, that only the developer's machine has, or that a browser
//! refuses. Addresses of others, and of other services, are no fault.

use std::net::IpAddr;

use super::{Check, Rule, Site};
use crate::{
    case::Case,
    finding::{Finding, Severity},
    front_end::{Address, FrontEnd},
    nginx::{
        Landing, Step,
        listen::is_loopback,
        request::{Origin, default_port},
    },
};

pub(super) const RULE: Rule = Rule {
    id: "front-end-address",
    check: Check::FrontEnd(check),
};

/// What is wrong with an address, and what the client sees of it.
struct Trouble {
    message: String,
    effect: &'static str,
}

const AROUND: &str = "From other machines the connection is refused or blocked, or, where the port is open, requests \
                      go around the proxy and its TLS.";

fn check(front_end: &FrontEnd, site: &Site<'_>) -> Vec<Finding> {
    let Some(origin) = &site.origin else {
        return Vec::new();
    };
    let addresses = front_end.addresses.iter();
    addresses
        .filter_map(|address| judge(address, site, origin))
        .collect()
}

fn judge(address: &Address, site: &Site<'_>, origin: &Origin) -> Option<Finding> {
    let host = &address.url.origin.host;
    let own = host == &origin.host || is_loopback(host) && is_loopback(&origin.host);
    let trouble = if own || site.is_served(host) {
        elsewhere(address, site, origin)
    } else if is_loopback(host) {
        developers(address)
    } else {
        behind(address, site)
    };
    match trouble {
        Some(trouble) => Some(tell(address, origin, trouble)),
        None if own => wrong_path(address, site, origin),
        None => None,
    }
}

/// The own host, with another port or scheme than the page's.
fn elsewhere(address: &Address, site: &Site<'_>, origin: &Origin) -> Option<Trouble> {
    let asked = &address.url.origin;
    if origin.scheme == "https" && asked.scheme == "http" && !is_loopback(&asked.host) {
        let message = format!("{asked} is not encrypted, and the page at {origin} is.");
        let effect = "The browser blocks it as mixed content before anything is sent.";
        return Some(Trouble { message, effect });
    }
    if asked.port == origin.port || site.listens(asked.port) {
        return None;
    }
    let usual = asked.port == default_port(asked.scheme) && !address.has_port;
    let message = match usual {
        true => format!("The page is at {origin}, and nothing serves {asked}."),
        false => format!(
            "Port {} goes around the proxy: people open {origin}.",
            asked.port
        ),
    };
    Some(Trouble {
        message,
        effect: AROUND,
    })
}

/// The machine of whoever opens the page. Libraries name `http://localhost` for no more than a base.
fn developers(address: &Address) -> Option<Trouble> {
    let baked = address.setting.name.is_none();
    if baked && !address.has_port {
        return None;
    }
    Some(Trouble {
        message: format!(
            "{} is the machine of whoever opens the page.",
            address.url.origin
        ),
        effect: "It works on the developer's machine only; everybody else's browser finds nobody there.",
    })
}

/// The back end's own address.
fn behind(address: &Address, site: &Site<'_>) -> Option<Trouble> {
    let asked = &address.url.origin;
    let private = match asked.host.parse().ok()? {
        IpAddr::V4(address) => address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_unique_local(),
    };
    let meant =
        address.has_port && site.is_back_end_port(asked.port) && private || site.is_back_end(asked);
    meant.then(|| Trouble {
        message: format!("{asked} is the back end's own address, behind the proxy."),
        effect: AROUND,
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
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        address.setting.place.clone(),
        trouble.message,
        trouble.effect,
    );
    match (&address.setting.name, address.setting.is_literal) {
        (Some(name), true) => finding.mend(
            format!("Set {name} to {right}, and build the front end again."),
            true,
            vec![address.setting.replaced_by(&right)],
        ),
        (Some(name), false) => finding.advise(format!(
            "Let {name} come to {right}, and build the front end again."
        )),
        (None, _) => finding.advise(format!(
            "Build the front end again with {right} in its environment; correcting the built file lasts until the next build."
        )),
    }
}

/// What follows the authority.
fn rest(value: &str) -> &str {
    let after = value.split_once("://").map_or(value, |(_, after)| after);
    after.find(['/', '?', '#']).map_or("", |at| &after[at..])
}

/// A path of the own host that is not what its variable is for.
fn wrong_path(address: &Address, site: &Site<'_>, origin: &Origin) -> Option<Finding> {
    let setting = &address.setting;
    let name = setting.name.as_ref()?;
    let path = address.url.path.trim_end_matches('/');
    let case = site.case?;
    if path.is_empty() || &address.url.origin != origin {
        return None;
    }
    let (message, effect, right) = if setting.is_socket() {
        let question = case.question;
        let of_proxy = path == question.path.trim_end_matches('/') || path == "/api";
        if !of_proxy || path == question.namespace {
            return None;
        }
        (
            format!(
                "socket.io-client takes the path {path} of {name} for the name of a namespace."
            ),
            "The server refuses it: connect_error, \"Invalid namespace\".",
            origin.to_string(),
        )
    } else if setting.is_named("API") && ends_in_the_page(case, path) {
        let right = format!("{origin}/api");
        (
            format!(
                "No location proxies {path}, which {name} names: its requests end in the page's own files."
            ),
            "Requests get 404, or 200 with the page's HTML in place of JSON.",
            right,
        )
    } else {
        return None;
    };
    let place = setting.place.clone();
    let finding = Finding::new(RULE.id, Severity::Error, place, message, effect);
    Some(finding.advise(format!(
        "Probably {right} is meant; then build the front end again."
    )))
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
