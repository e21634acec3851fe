//! The Socket.IO requests go to another address than the back end's.

use super::{
    Check, Rule, Title, address::authority, first_proxied, loopback_family, missed_name, one,
};
use crate::{
    arrival::address_of,
    case::Case,
    edit,
    finding::{Finding, Severity},
    nginx::{Proxied, Target, Walk, tree::Directive, upstream::Authority, variables_in},
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
        Check::Way(|case| first_proxied(case, missed_name::judge)),
        Check::Processes(|processes, site| one(loopback_family::judge(processes, site))),
    ],
};

fn judge(case: &Case<'_>, walk: &Walk<'_>, proxied: &Proxied<'_>) -> Option<Finding> {
    let direct = case.question.direct.as_ref()?;
    let addresses = case.addresses(proxied);
    let (address, place) = addresses.first()?;
    let meant = back_end(direct);
    let asked = addresses.iter().map(|(address, _)| address);
    let elsewhere = is_elsewhere(case, asked, &meant);
    if elsewhere && missed_name::missed(walk, proxied).is_some() {
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
    let upstream = elsewhere.then(|| meant_upstream(case, &meant)).flatten();
    let is_upstream = matches!(proxied.target, Target::Upstream(_));
    // An upstream that no other could stand for is wrong itself.
    let is_given = elsewhere && (upstream.is_some() || !is_upstream);
    let entry = entry(walk, proxied).filter(|_| is_given);
    let place = match (entry, upstream) {
        (Some(entry), _) => entry,
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
        _ if place.is("default") => {
            return Some(finding.advise(say!(
                "Let it lead to {origin}, or give this site an entry of its own.",
                "Haga que lleve a {origin}, o dé a este sitio una entrada propia.",
                origin = direct.origin
            )));
        }
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

/// The entry of a `map` that gives a part of the address.
fn entry<'c>(walk: &Walk<'c>, proxied: &Proxied<'c>) -> Option<&'c Directive> {
    let variables = variables_in(authority(proxied.pass.arg(0)?));
    variables.iter().find_map(|name| walk.map_entry(name))
}

/// Whether none of these addresses is the back end that was named, if one was.
pub(super) fn misses(case: &Case<'_>, addresses: &[Authority]) -> bool {
    let direct = case.question.direct.as_ref();
    direct.is_some_and(|direct| is_elsewhere(case, addresses, &back_end(direct)))
}

/// Whether none of these addresses is the back end's. A name may stand in the machine's own list.
pub(super) fn is_elsewhere<'a>(
    case: &Case<'_>,
    addresses: impl IntoIterator<Item = &'a Authority>,
    meant: &Authority,
) -> bool {
    addresses.into_iter().all(|address| {
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
