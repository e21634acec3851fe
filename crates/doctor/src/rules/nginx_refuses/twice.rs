//! What may be there only once.

use std::collections::HashSet;

use super::{Around, Refusal, names::made};
use crate::nginx::{
    directives,
    listen::{Address, Listen},
    tree::Directive,
};

pub(super) fn judge<'c>(
    before: &[Directive],
    directive: &'c Directive,
    around: &Around<'c>,
    refusals: &mut Vec<Refusal<'c>>,
) {
    let name = &directive.name.text;
    let known = directives::known(around.section, name);
    if known.is_some_and(|known| known.is_once) && before.iter().any(|other| other.is(name)) {
        refusals.push((
            &directive.name,
            say!(
                "\"{name}\" is set twice in one block",
                "\"{name}\" está dos veces en un bloque"
            ),
        ));
    }
    let reached = |directive: &Directive| {
        let listen = Listen::parse(directive)?;
        Some((listen.address, listen.port))
    };
    let is_listen = directive.is("listen") && around.name == "server";
    let mut listens = before.iter().filter(|other| other.is("listen"));
    if is_listen && listens.any(|other| reached(other) == reached(directive)) {
        let why = say!(
            "this block listens at {address} twice",
            "este bloque escucha dos veces en {address}",
            address = directive.arg(0).unwrap_or_default()
        );
        refusals.push((&directive.name, why));
    }
    let words = |location: &Directive| {
        location
            .args
            .iter()
            .map(|word| word.text.clone())
            .collect::<Vec<_>>()
    };
    let is_regex = directive.arg(0).is_some_and(|word| word.starts_with('~'));
    let is_plain = directive.is("location") && !is_regex;
    let mut locations = before.iter().filter(|other| other.is("location"));
    if is_plain && locations.any(|other| words(other) == words(directive)) {
        refusals.push((
            &directive.name,
            say!(
                "there are two of \"{head}\"",
                "hay dos de \"{head}\"",
                head = directive.head()
            ),
        ));
    }
}

pub(super) fn in_http<'c>(http: &'c Directive, refusals: &mut Vec<Refusal<'c>>) {
    names(http, refusals);
    defaults(http, refusals);
}

fn names<'c>(http: &'c Directive, refusals: &mut Vec<Refusal<'c>>) {
    let mut known = HashSet::new();
    for directive in http.children() {
        let Some((kind, word, name)) = made(directive) else {
            continue;
        };
        if !known.insert((kind, name)) {
            refusals.push((
                word,
                say!(
                    "there is another {kind} of the name {name}; a file that is enabled twice brings all of it twice",
                    "hay otro {kind} con el nombre {name}; un archivo activado dos veces lo trae todo dos veces"
                ),
            ));
        }
    }
}

fn defaults<'c>(http: &'c Directive, refusals: &mut Vec<Refusal<'c>>) {
    let mut known: HashSet<(Address, u16)> = HashSet::new();
    for listen in http.all("server").flat_map(|server| server.all("listen")) {
        let Some(parsed) = Listen::parse(listen).filter(|listen| listen.is_default) else {
            continue;
        };
        if !known.insert((parsed.address, parsed.port)) {
            refusals.push((
                &listen.name,
                say!(
                    "there is another default_server for {address}",
                    "hay otro default_server para {address}",
                    address = listen.arg(0).unwrap_or_default()
                ),
            ));
        }
    }
}
