//! Hosts where there is no Socket.IO: one that nginx serves, or one that it does not know.

use super::Trouble;
use crate::{
    case::{Case, redirect},
    front_end::Address,
    language::Text,
    nginx::request::Origin,
    rules::{Site, blame, client},
};

/// A host or port that nginx serves, and nothing there is Socket.IO's; with where it is, if another address says so.
pub(super) fn leads_nowhere(
    address: &Address,
    site: &Site<'_>,
) -> Option<(Option<Origin>, Trouble)> {
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
pub(super) fn misspelt(address: &Address, site: &Site<'_>) -> Option<(String, Trouble)> {
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
pub(super) fn stranger(address: &Address, site: &Site<'_>) -> Option<Trouble> {
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

/// The site with a location for Socket.IO to which another address of the front end's leads.
fn of_another(site: &Site<'_>, page: &Case<'_>, there: &Case<'_>) -> Option<Origin> {
    let others = site.front_end.addresses.iter();
    let mut others = others.filter_map(|other| client::asked_at(page, other));
    others
        .find(|other| other.origin != there.origin && client::plain(other).is_some())
        .map(|other| other.origin)
}
