//! Zones and formats that are named, and that nothing makes.

use std::collections::HashSet;

use super::Refusal;
use crate::nginx::tree::{Directive, Word};

/// Directives of the `http` block that make something with a name, and before which mark the name stands.
const MAKERS: [(&str, &str); 6] = [
    ("upstream", ""),
    ("log_format", ""),
    ("limit_req_zone", "zone="),
    ("limit_conn_zone", "zone="),
    ("proxy_cache_path", "keys_zone="),
    ("fastcgi_cache_path", "keys_zone="),
];

/// nginx's own format of logs.
const OWN_FORMAT: &str = "combined";

pub(super) fn in_http<'c>(http: &'c Directive, refusals: &mut Vec<Refusal<'c>>) {
    let made = http.children().iter().filter_map(made);
    let made = made.map(|(maker, _, name)| (maker, name));
    search(http, &made.collect(), refusals);
}

/// What a directive makes: its kind, and the name with the word that has it.
pub(super) fn made(directive: &Directive) -> Option<(&'static str, &Word, &str)> {
    let (maker, mark) = MAKERS.iter().find(|(maker, _)| directive.is(maker))?;
    let mut words = directive.args.iter();
    let (word, named) = words.find_map(|word| Some((word, word.text.strip_prefix(mark)?)))?;
    Some((maker, word, named.split(':').next().unwrap_or(named)))
}

fn search<'c>(block: &'c Directive, made: &HashSet<(&str, &str)>, refusals: &mut Vec<Refusal<'c>>) {
    for directive in block.children() {
        if let Some((maker, word, name)) = named(directive)
            && !name.contains('$')
            && !made.contains(&(maker, name))
        {
            let why = say!(
                "no {maker} makes \"{name}\"",
                "ningún {maker} crea \"{name}\""
            );
            refusals.push((word, why));
        }
        search(directive, made, refusals);
    }
}

/// What a directive names, and who has to make it.
fn named(directive: &Directive) -> Option<(&'static str, &Word, &str)> {
    let first = directive.args.first()?;
    let is_on = first.text != "off";
    match directive.name.text.as_str() {
        "limit_req" => {
            let zone = |word: &'_ Word| word.text.starts_with("zone=");
            let word = directive.args.iter().find(|word| zone(word))?;
            Some(("limit_req_zone", word, word.text.strip_prefix("zone=")?))
        }
        "limit_conn" => Some(("limit_conn_zone", first, &first.text)),
        "proxy_cache" if is_on => Some(("proxy_cache_path", first, &first.text)),
        "access_log" if is_on => {
            let word = directive.args.get(1)?;
            let is_option = word.text == "gzip" || word.text.contains('=');
            (!is_option && word.text != OWN_FORMAT).then_some(("log_format", word, &*word.text))
        }
        _ => None,
    }
}
