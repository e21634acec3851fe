//! What a build did not put into the pages, and what they make of nothing.

use super::RULE;
use crate::{
    dotenv,
    finding::{Finding, Severity},
    front_end::{Address, FrontEnd, is_almost},
    language::Text,
    nginx::{listen::is_loopback, request::Origin},
    rules::{Site, client},
    setting::Setting,
};

/// A variable for sockets that a build leaves out, where the pages then ask their own site, which has none.
pub(super) fn left_out_of_build(
    address: &Address,
    site: &Site<'_>,
    origin: &Origin,
) -> Option<Finding> {
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
pub(super) fn of_no_environment(asked: &Setting, site: &Site<'_>) -> Option<Finding> {
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
pub(super) fn of_nothing(literal: &Setting, front_end: &FrontEnd) -> Finding {
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
