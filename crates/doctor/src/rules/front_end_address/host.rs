//! Whose host and port an address has: what goes around the proxy, or only a developer's machine or the back end's
//! neighbours have.

use std::net::IpAddr;

use super::{Trouble, around};
use crate::{
    front_end::Address,
    nginx::{
        listen::is_loopback,
        request::{Origin, default_port},
    },
    rules::Site,
};

pub(super) fn is_mixed(address: &Address, origin: &Origin) -> bool {
    let asked = &address.url.origin;
    origin.scheme == "https" && asked.scheme == "http" && !is_loopback(&asked.host)
}

pub(super) fn mixed(address: &Address, origin: &Origin) -> Trouble {
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
pub(super) fn elsewhere(address: &Address, site: &Site<'_>, origin: &Origin) -> Option<Trouble> {
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

/// The machine of whoever opens the page. Libraries name `http://localhost` for no more than a base.
pub(super) fn developers(address: &Address) -> Option<Trouble> {
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
pub(super) fn behind(address: &Address, site: &Site<'_>) -> Option<Trouble> {
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
