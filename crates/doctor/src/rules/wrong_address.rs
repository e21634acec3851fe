//! The Socket.IO requests go to another address than the back end's.

use std::net::IpAddr;

use super::{
    Check, Rule, Site, Title,
    address::authority,
    back_end::{Standing, standings},
    first_proxied, one,
};
use crate::{
    arrival::address_of,
    case::Case,
    edit,
    finding::{Finding, Severity},
    nginx::{Proxied, Target, Walk, tree::Directive, upstream::Authority, variables_in},
    process::Processes,
    url::Url,
};

pub(super) const RULE: Rule = Rule {
    id: "wrong-address",
    title: Title {
        english: "Another address than the back end's.",
        spanish: "Otra dirección que la del back end.",
    },
    checks: &[
        Check::Way(|case| first_proxied(case, judge)),
        Check::Way(|case| first_proxied(case, by_missed_name)),
        Check::Processes(|processes, site| one(other_family(processes, site))),
    ],
};

fn judge(case: &Case<'_>, walk: &Walk<'_>, proxied: &Proxied<'_>) -> Option<Finding> {
    let direct = case.question.direct.as_ref()?;
    let addresses = case.addresses(proxied);
    let (address, place) = addresses.first()?;
    let meant = back_end(direct);
    let elsewhere = is_elsewhere(case, &addresses, &meant);
    if elsewhere && missed(walk, proxied).is_some() {
        return None;
    }
    if !elsewhere && proxied.scheme == direct.origin.scheme {
        return None;
    }
    let path = &case.question.path;
    let message = if elsewhere {
        say!(
            "{path} is sent to {address}, and the back end is at {meant}.",
            "{path} se envía a {address}, y el back end está en {meant}."
        )
    } else {
        say!(
            "The back end at {meant} is asked with {asked}, and speaks {spoken}.",
            "Al back end de {meant} se le pregunta con {asked}, y habla {spoken}.",
            asked = proxied.scheme,
            spoken = direct.origin.scheme
        )
    };
    let entry = entry(walk, proxied);
    let upstream = elsewhere.then(|| meant_upstream(case, &meant)).flatten();
    let place = match (entry, upstream) {
        (Some(entry), _) if elsewhere => entry,
        (None, Some(_)) => proxied.pass,
        _ if elsewhere => place,
        _ => proxied.pass,
    };
    let effect = say!(
        "The client gets 502 if nobody listens there, 404 or a stranger's answer if somebody does.",
        "El cliente recibe 502 si nadie escucha ahí, 404 o la respuesta de un extraño si alguien lo hace."
    );
    let finding = case.finding(RULE.id, Severity::Error, place.pos, message, effect);
    let finding = match upstream {
        _ if entry.is_some() => {
            return Some(finding.advise(say!(
                "Let it lead to {origin}.",
                "Haga que lleve a {origin}.",
                origin = direct.origin
            )));
        }
        Some(name) => {
            let advice = say!(
                "The upstream {name} has it: proxy_pass {scheme}://{name};",
                "El upstream {name} la tiene: proxy_pass {scheme}://{name};",
                scheme = proxied.scheme
            );
            let word = place.args.first()?;
            let text = word.text.replacen(authority(&word.text), name, 1);
            let edits = vec![edit::replace(case.config, place, word, &text)];
            return Some(finding.mend(advice, !proxied.has_variables, edits));
        }
        None => finding,
    };
    let word = place.args.first()?;
    let text = match (&proxied.target, elsewhere) {
        (Target::Upstream(_), true) => meant.to_string(),
        (Target::Address(_), true) => {
            word.text
                .replacen(authority(&word.text), &meant.to_string(), 1)
        }
        _ => word.text.replacen(&proxied.scheme, direct.origin.scheme, 1),
    };
    let edits = vec![edit::replace(case.config, place, word, &text)];
    Some(finding.mend(
        say!(
            "Send it to {origin}.",
            "Envíelo a {origin}.",
            origin = direct.origin
        ),
        !proxied.has_variables,
        edits,
    ))
}

/// The entry of a `map` that gives a part of the address; of a default nobody may have thought.
fn entry<'c>(walk: &Walk<'c>, proxied: &Proxied<'c>) -> Option<&'c Directive> {
    let variables = variables_in(proxied.pass.arg(0)?);
    let mut entries = variables.iter().filter_map(|name| walk.map_entry(name));
    entries.find(|entry| !entry.is("default"))
}

/// The entry that was meant to give it, with the variable's name.
pub(super) fn missed<'c>(
    walk: &Walk<'c>,
    proxied: &Proxied<'c>,
) -> Option<(&'c str, &'c Directive)> {
    let variables = variables_in(proxied.pass.arg(0)?).into_iter();
    let mut missed = variables.filter_map(|name| Some((name, walk.missed_entry(name)?)));
    missed.next()
}

/// A map by host has a name such as `.example.com`, and takes it literally.
fn by_missed_name(case: &Case<'_>, walk: &Walk<'_>, proxied: &Proxied<'_>) -> Option<Finding> {
    let (variable, entry) = missed(walk, proxied)?;
    let addresses = case.addresses(proxied);
    let (address, _) = addresses.first()?;
    let is_empty = address.host.is_empty();
    let severity = match &case.question.direct {
        _ if is_empty => Severity::Error,
        Some(direct) if is_elsewhere(case, &addresses, &back_end(direct)) => Severity::Error,
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

/// nginx asks at one loopback address, and the back end is said to be at that of the other family.
fn other_family(processes: &Processes, site: &Site<'_>) -> Option<Finding> {
    let case = site.case?.innermost();
    let meant = back_end(site.question.direct.as_ref()?);
    let own = meant.host.parse::<IpAddr>().ok()?;
    let is_known = |(_, standing): &(_, Standing)| *standing == Standing::BackEnd;
    let is_other = |address: &Authority| {
        let asked = address.host.parse::<IpAddr>();
        let crosses = |asked: IpAddr| asked.is_loopback() && asked.is_ipv4() != own.is_ipv4();
        address.port == meant.port && asked.is_ok_and(crosses)
    };
    let lines = site.asked();
    let (address, line) = lines.first().filter(|_| own.is_loopback())?;
    // Where the program itself is known, it is judged by what it is told.
    if !lines.iter().all(|(address, _)| is_other(address))
        || standings(processes, site).iter().any(is_known)
    {
        return None;
    }
    let severity = match is_asked(case, &meant) {
        true => Severity::Warning,
        // A server that is told nothing listens at both.
        false => Severity::Hint,
    };
    let finding = case.finding(
        RULE.id,
        severity,
        line.pos,
        say!(
            "nginx asks at {address}, and the back end is at {meant}: that is another address of this machine.",
            "nginx pregunta en {address}, y el back end está en {meant}: es otra dirección de esta máquina."
        ),
        say!(
            "The client gets 502, unless the server listens at both.",
            "El cliente recibe 502, salvo que el servidor escuche en ambas."
        ),
    );
    Some(finding.advise(say!(
        "Use one address in both, such as {meant}.",
        "Use una sola dirección en ambos, como {meant}."
    )))
}

/// Whether some other request is sent to the very address.
fn is_asked(case: &Case<'_>, address: &Authority) -> bool {
    let mut blocks = case.http.block.all("upstream");
    let upstream = blocks.find(|block| {
        let upstream = block.arg(0).and_then(|name| case.http.upstream(name));
        upstream.is_some_and(|upstream| upstream.active().any(|peer| peer.address == *address))
    });
    upstream.is_some() || case.http.is_looked_up(address)
}

/// Whether none of these addresses is the back end's. A name may stand in the machine's own list.
fn is_elsewhere(case: &Case<'_>, addresses: &[(Authority, &Directive)], meant: &Authority) -> bool {
    addresses.iter().all(|(address, _)| {
        let listed = address_of(case.root, &address.host).filter(|_| !address.is_loopback());
        let found = listed.map_or_else(
            || address.clone(),
            |host| Authority {
                host,
                ..address.clone()
            },
        );
        differs(&found, meant)
    })
}

/// Another upstream that has the back end's address.
fn meant_upstream<'c>(case: &Case<'c>, meant: &Authority) -> Option<&'c str> {
    let mut blocks = case.http.block.all("upstream");
    blocks.find_map(|block| {
        let upstream = case.http.upstream(block.arg(0)?)?;
        let mut peers = upstream.active();
        let fits =
            peers.any(|peer| peer.address.port == meant.port && !differs(&peer.address, meant));
        fits.then_some(upstream.name)
    })
}

/// The address of a URL, with its port.
pub(super) fn back_end(direct: &Url) -> Authority {
    Authority {
        host: direct.origin.host.clone(),
        port: direct.origin.port,
    }
}

/// Whether they are surely not the same place. A name and an address, or a Unix socket, may be.
pub(super) fn differs(address: &Authority, meant: &Authority) -> bool {
    if address.host.starts_with("unix:") || address.same(meant) {
        return false;
    }
    let is_name = |place: &Authority| !place.is_literal() && !place.is_loopback();
    let may_be_same = is_name(address) != is_name(meant) && !address.is_loopback();
    address.port != meant.port || !may_be_same
}
