//! What follows the host: a path that is taken for a namespace, or that nothing proxies, and a slash too many.

use super::RULE;
use crate::{
    case::Case,
    finding::{Finding, Severity},
    front_end::Address,
    nginx::{Landing, Step, request::Origin},
    rules::Site,
    setting::{self, Setting},
};

/// A path of the page's host, or of the sockets' own, that is not what its variable is for.
pub(super) fn wrong_path(
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

/// An address that ends in a slash, with the namespace behind it.
pub(super) fn with_a_slash_too_many(literal: &Setting, site: &Site<'_>) -> Finding {
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
