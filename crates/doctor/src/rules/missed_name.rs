//! A map by host that gives the address has a name such as `.example.com`, and takes it literally.

use super::{
    address::authority,
    wrong_address::{RULE, back_end, is_elsewhere},
};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    nginx::{Proxied, Walk, tree::Directive, variables_in},
};

/// The entry that was meant to give it, with the variable's name.
pub(super) fn missed<'c>(
    walk: &Walk<'c>,
    proxied: &Proxied<'c>,
) -> Option<(&'c str, &'c Directive)> {
    let variables = variables_in(authority(proxied.pass.arg(0)?)).into_iter();
    let mut missed = variables.filter_map(|name| Some((name, walk.missed_entry(name)?)));
    missed.next()
}

pub(super) fn judge(case: &Case<'_>, walk: &Walk<'_>, proxied: &Proxied<'_>) -> Option<Finding> {
    let (variable, entry) = missed(walk, proxied)?;
    let addresses = case.addresses(proxied);
    let (address, _) = addresses.first()?;
    let asked = addresses.iter().map(|(address, _)| address);
    let is_empty = address.host.is_empty();
    let severity = match &case.question.direct {
        _ if is_empty => Severity::Error,
        Some(direct) if is_elsewhere(case, asked, &back_end(direct)) => Severity::Error,
        Some(_) => return None,
        // What the default leads to may be right as well.
        None => Severity::Warning,
    };
    let name = &entry.name.text;
    let host = &case.arriving.host;
    let path = &case.question.path;
    let message = match is_empty {
        true => say!(
            "Without `hostnames;` in its map, {name} takes in no host, so ${variable} is empty for {host}.",
            "Sin `hostnames;` en su map, {name} no incluye ningún host, así que ${variable} queda vacía para {host}."
        ),
        false => say!(
            "Without `hostnames;` in its map, {name} takes in no host, so by the default {path} is sent to {address} \
             for {host}.",
            "Sin `hostnames;` en su map, {name} no incluye ningún host, así que por el valor por defecto {path} se \
             envía a {address} para {host}."
        ),
    };
    let effect = say!(
        "The client gets 500 where nobody is named, 502 where nobody listens, 404 or a stranger's answer otherwise.",
        "El cliente recibe 500 si no se nombra a nadie, 502 si nadie escucha, y si no 404 o la respuesta de un \
         extraño."
    );
    let finding = case.finding(RULE.id, severity, entry.pos, message, effect);
    let first = case.http.source(variable)?.children().first()?;
    let edits = vec![edit::before(case.config, first, &["hostnames;"])];
    Some(finding.mend(
        say!("Add `hostnames;` to the map.", "Añada `hostnames;` al map."),
        false,
        edits,
    ))
}
