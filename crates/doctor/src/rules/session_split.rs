//! Requests of one session that the configuration leads to different back ends: by an `if`, by a variable, or by
//! another location. Which server of one upstream gets them is another matter.

use super::{path_swallowed, wrong_address};
use crate::{
    case::Case,
    language::Text,
    nginx::{Http, Step, Target, Walk, tree::Directive, upstream::Authority, variables_in},
};

/// Different in every request or connection of one client.
const VOLATILE: [&str; 10] = [
    "request_id",
    "msec",
    "connection",
    "connection_requests",
    "remote_port",
    "request_time",
    "request_length",
    "time_local",
    "time_iso8601",
    "pid",
];
/// A map that leads to itself ends here.
const MAX_DEPTH: usize = 16;

pub(super) struct Split<'c> {
    /// What makes the difference.
    pub(super) by: &'c Directive,
    pub(super) how: How,
}

pub(super) enum How {
    /// A kind of request goes elsewhere than the handshake.
    Kind {
        what: Text,
        here: String,
        there: String,
        /// Polling works until then.
        is_upgrade: bool,
    },
    /// Something that differs in every request decides.
    Chance { variable: String },
}

pub(super) fn find<'c>(case: &Case<'c>) -> Option<Split<'c>> {
    by_kind(case).or_else(|| by_chance(case))
}

fn by_kind<'c>(case: &Case<'c>) -> Option<Split<'c>> {
    let walks = case.walks.as_ref()?;
    let first = &walks.handshake;
    let here = case.back_ends(first);
    let others = [
        (&walks.poll, say!("long poll", "el long poll"), false),
        (
            &walks.post,
            say!("messages (POST)", "los mensajes (POST)"),
            false,
        ),
        (&walks.websocket, say!("websocket", "el websocket"), true),
    ];
    others.into_iter().find_map(|(walk, what, is_upgrade)| {
        let there = case.back_ends(walk);
        let unknown = here.is_empty() || there.is_empty();
        if unknown || same(&here, &there) || path_swallowed::is_stolen(case, walk) {
            return None;
        }
        // Where only one of them is the back end's, the other is wrong, and is told as that.
        if wrong_address::misses(case, &here) != wrong_address::misses(case, &there) {
            return None;
        }
        let how = How::Kind {
            what,
            here: listed(&here),
            there: listed(&there),
            is_upgrade,
        };
        let by = difference(first, walk)?;
        Some(Split { by, how })
    })
}

fn same(one: &[Authority], other: &[Authority]) -> bool {
    let within = |one: &[Authority], other: &[Authority]| {
        let mut all = one.iter();
        all.all(|address| other.iter().any(|other| may_be_same(other, address)))
    };
    within(one, other) && within(other, one)
}

/// A Unix socket and a port may be of one server; two sockets, or two ports, are not.
fn may_be_same(one: &Authority, other: &Authority) -> bool {
    let is_socket = |address: &Authority| address.host.starts_with("unix:");
    if is_socket(one) && is_socket(other) {
        return one.same(other);
    }
    !wrong_address::differs(one, other) || !wrong_address::differs(other, one)
}

fn listed(addresses: &[Authority]) -> String {
    let addresses: Vec<String> = addresses.iter().map(Authority::to_string).collect();
    addresses.join(", ")
}

/// The entry of a map if one variable is read by both, or else the first thing that happened to one alone.
fn difference<'c>(one: &Walk<'c>, other: &Walk<'c>) -> Option<&'c Directive> {
    let (here, there) = (one.proxied()?.pass, other.proxied()?.pass);
    let shared = std::ptr::eq(here, there);
    let entry = there.arg(0).filter(|_| shared);
    entry
        .and_then(|address| entry_apart(one, other, address, 0))
        .or_else(|| step_apart(one, other))
        .or(Some(there))
}

fn entry_apart<'c>(
    one: &Walk<'c>,
    other: &Walk<'c>,
    text: &str,
    depth: usize,
) -> Option<&'c Directive> {
    if depth > MAX_DEPTH {
        return None;
    }
    variables_in(text).iter().find_map(|name| {
        let (here, there) = (one.map_entry(name)?, other.map_entry(name)?);
        if std::ptr::eq(here, there) {
            return entry_apart(one, other, there.arg(0)?, depth + 1);
        }
        Some(if there.is("default") { here } else { there })
    })
}

fn step_apart<'c>(one: &Walk<'c>, other: &Walk<'c>) -> Option<&'c Directive> {
    let place = |step: &Step<'c>| step.by().map(|by| by.pos);
    let pairs = one.steps.iter().zip(&other.steps);
    let shared = pairs
        .take_while(|(here, there)| place(here) == place(there))
        .count();
    let apart = [other, one].map(|walk| walk.steps.get(shared));
    let apart = || apart.iter().flatten();
    let condition = apart().find(|step| matches!(step, Step::If(_)));
    condition.or(apart().next())?.by()
}

fn by_chance<'c>(case: &Case<'c>) -> Option<Split<'c>> {
    let judged = case.proxied().into_iter();
    let mut unknown = judged.filter_map(|(_, proxied)| match &proxied.target {
        Target::Unknown(value) => Some(value),
        _ => None,
    });
    unknown.find_map(|value| {
        value.unknowns().find_map(|name| {
            let (by, variable) = chance(case, name, 0)?;
            let how = How::Chance { variable };
            leads_apart(case.http, by).then_some(Split { by, how })
        })
    })
}

/// The block that gives a variable its value by chance, or that of one below it, and what is chance there.
fn chance<'c>(case: &Case<'c>, variable: &str, depth: usize) -> Option<(&'c Directive, String)> {
    let source = case.http.source(variable).filter(|_| depth < MAX_DEPTH)?;
    let deeper = |name: &&str| chance(case, name, depth + 1);
    // What is last is the variable that it makes.
    let (_, key) = source.args.split_last()?;
    let names = || key.iter().flat_map(|word| variables_in(&word.text));
    let own = names().find(|name| {
        let dealt = source.is("split_clients") && differs(case, name);
        dealt || VOLATILE.contains(name)
    });
    if let Some(name) = own {
        return Some((source, name.to_owned()));
    }
    let values = source.children().iter().filter_map(|entry| entry.arg(0));
    let mut below = names().chain(values.flat_map(variables_in));
    below.find_map(|name| deeper(&name))
}

/// Whether a variable that is known is not the same in all requests of a session.
fn differs(case: &Case<'_>, variable: &str) -> bool {
    let Some(walks) = &case.walks else {
        return false;
    };
    let values = walks
        .socket()
        .map(|walk| walk.evaluate(&format!("${{{variable}}}")));
    values.iter().any(|value| *value != values[0])
}

/// Whether a variable, or one below it, differs in every request.
pub(super) fn is_volatile(case: &Case<'_>, variable: &str) -> bool {
    VOLATILE.contains(&variable) || chance(case, variable, 0).is_some()
}

/// Whether the values that a variable may have are different servers.
fn leads_apart(http: &Http<'_>, source: &Directive) -> bool {
    let values = source.children().iter().filter_map(|entry| entry.arg(0));
    let mut servers: Vec<Authority> = Vec::new();
    for value in values {
        let named = http.upstream(value).into_iter();
        let mut peers: Vec<_> = named
            .flat_map(|upstream| upstream.active())
            .map(|peer| peer.address.clone())
            .collect();
        if peers.is_empty() {
            peers.push(Authority::parse(value, 80));
        }
        servers.extend(peers);
    }
    servers
        .iter()
        .any(|one| servers.iter().any(|other| !one.same(other)))
}
