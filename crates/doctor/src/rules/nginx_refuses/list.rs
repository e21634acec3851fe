//! Blocks that are lists: the entries of a `map`, the servers of an `upstream`.

use std::collections::HashSet;

use super::Refusal;
use crate::nginx::tree::Directive;

pub(super) fn judge<'c>(directive: &'c Directive, refusals: &mut Vec<Refusal<'c>>) {
    match directive.name.text.as_str() {
        "map" => entries(directive, refusals),
        "upstream" => servers(directive, refusals),
        _ => {}
    }
}

fn entries<'c>(map: &'c Directive, refusals: &mut Vec<Refusal<'c>>) {
    let mut known = HashSet::new();
    for entry in map.children() {
        let key = &entry.name;
        let is_switch = !key.quoted && matches!(key.text.as_str(), "hostnames" | "volatile");
        if is_switch || entry.is("include") {
            continue;
        }
        if entry.args.len() != 1 {
            let why = say!(
                "an entry of a map is a key and one value",
                "una entrada de un map es una clave y un valor"
            );
            refusals.push((key, why));
        } else if !known.insert(key.text.to_ascii_lowercase()) {
            let why = say!(
                "the map has {key} twice",
                "el map tiene {key} dos veces",
                key = key.text
            );
            refusals.push((key, why));
        }
    }
}

fn servers<'c>(upstream: &'c Directive, refusals: &mut Vec<Refusal<'c>>) {
    // The commercial version keeps them in a file, and other modules make them.
    let others = ["server", "state", "include"];
    let is_one = |child: &Directive| {
        others.iter().any(|name| child.is(name)) || child.name.text.contains("_by_lua")
    };
    if !upstream.children().iter().any(is_one) {
        let why = say!(
            "no servers are in this upstream",
            "este upstream no tiene servidores"
        );
        refusals.push((&upstream.name, why));
    }
}
