//! How many words a directive has, and what they may be.

use super::{Around, Refusal};
use crate::nginx::{
    directives::{self, Kind},
    tree::{Directive, Word},
    units,
};

/// What a `server` of an `upstream` may say, those of the commercial version with it.
const OF_A_PEER: [&str; 10] = [
    "backup",
    "down",
    "drain",
    "fail_timeout",
    "max_conns",
    "max_fails",
    "resolve",
    "route",
    "service",
    "weight",
];

const OF_A_ZONE: [&str; 3] = ["rate", "sync", "zone"];
const OF_A_LIMIT: [&str; 4] = ["burst", "delay", "nodelay", "zone"];

/// What a `listen` may say.
const OF_A_LISTEN: [&str; 20] = [
    "accept_filter",
    "backlog",
    "bind",
    "default",
    "default_server",
    "deferred",
    "fastopen",
    "http2",
    "ipv6only",
    "multipath",
    "proxy_protocol",
    "quic",
    "rcvbuf",
    "reuseport",
    "setfib",
    "sndbuf",
    "so_keepalive",
    "spdy",
    "ssl",
    "udp",
];

pub(super) fn judge<'c>(
    directive: &'c Directive,
    around: &Around<'c>,
    refusals: &mut Vec<Refusal<'c>>,
) {
    count(directive, around, refusals);
    value(directive, around, refusals);
    match (directive.name.text.as_str(), around.name) {
        ("return", _) => code(directive, refusals),
        ("rewrite", _) => flag(directive, refusals),
        ("server", "upstream") => parameters(directive, 1, &OF_A_PEER, refusals),
        ("limit_req_zone", _) => parameters(directive, 1, &OF_A_ZONE, refusals),
        ("limit_req", _) => parameters(directive, 0, &OF_A_LIMIT, refusals),
        ("listen", _) => {
            no_address(directive, refusals);
            parameters(directive, 1, &OF_A_LISTEN, refusals);
        }
        ("proxy_pass", "location" | "location-if" | "limit_except") => {
            address(directive, around, refusals);
        }
        _ => {}
    }
}

fn count<'c>(directive: &'c Directive, around: &Around<'c>, refusals: &mut Vec<Refusal<'c>>) {
    let name = &directive.name.text;
    let known = directives::known(around.section, name);
    let Some(known) = known.filter(|known| !known.takes(directive.args.len())) else {
        return;
    };
    let next_line = |word: &&Word| word.pos.line > directive.name.pos.line;
    let why = match directive.args.iter().find(next_line) {
        Some(word) => say!(
            "\"{name}\" has too many arguments, because a `;` is missing before \"{next}\"",
            "\"{name}\" tiene demasiados argumentos, porque falta un `;` antes de \"{next}\"",
            next = word.text
        ),
        None => say!(
            "invalid number of arguments in \"{name}\", which takes {count}",
            "número de argumentos no válido en \"{name}\", que lleva {count}",
            count = known.counts()
        ),
    };
    refusals.push((&directive.name, why));
}

fn value<'c>(directive: &'c Directive, around: &Around<'c>, refusals: &mut Vec<Refusal<'c>>) {
    let known = directives::known(around.section, &directive.name.text);
    let (Some(known), [word]) = (known, &directive.args[..]) else {
        return;
    };
    let text = word.text.as_str();
    let (fits, wanted) = match known.kind {
        Kind::Any => return,
        Kind::Flag => (
            text.eq_ignore_ascii_case("on") || text.eq_ignore_ascii_case("off"),
            say!("on or off", "on u off"),
        ),
        Kind::Number => (
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()),
            say!("a number", "un número"),
        ),
        Kind::Size => (
            units::size(text).is_some(),
            say!(
                "a size such as 512, 8k or 1m",
                "un tamaño como 512, 8k o 1m"
            ),
        ),
        Kind::Time => (
            units::time(text).is_some(),
            say!(
                "a time such as 60, 60s or 1h",
                "un tiempo como 60, 60s o 1h"
            ),
        ),
    };
    if !fits {
        let name = &directive.name.text;
        let why = say!(
            "\"{text}\" is no value for \"{name}\", which takes {wanted}",
            "\"{text}\" no es un valor de \"{name}\", que lleva {wanted}";
            wanted = wanted
        );
        refusals.push((word, why));
    }
}

/// `return` takes a status of up to three digits, or an address alone.
fn code<'c>(directive: &'c Directive, refusals: &mut Vec<Refusal<'c>>) {
    let Some(word) = directive.args.first() else {
        return;
    };
    let is_address = |text: &str| {
        let starts = ["http://", "https://", "$scheme"];
        starts.iter().any(|start| text.starts_with(start))
    };
    let is_code = word.text.parse::<u16>().is_ok_and(|code| code < 1000);
    let is_alone = directive.args.len() == 1;
    if !(is_code || is_alone && is_address(&word.text)) {
        let why = say!(
            "\"{code}\" is no status for `return`",
            "«{code}» no es un código para `return`",
            code = word.text
        );
        refusals.push((word, why));
    }
}

fn flag<'c>(directive: &'c Directive, refusals: &mut Vec<Refusal<'c>>) {
    let Some(word) = directive.args.get(2) else {
        return;
    };
    let flags = ["last", "break", "redirect", "permanent"];
    if !flags.contains(&word.text.as_str()) {
        let why = say!(
            "\"{flag}\" is no flag of `rewrite`, which takes {flags}",
            "«{flag}» no es una opción de `rewrite`, que lleva {flags}",
            flag = word.text,
            flags = flags.join(", ")
        );
        refusals.push((word, why));
    }
}

/// A `listen` begins with its address or port.
fn no_address<'c>(directive: &'c Directive, refusals: &mut Vec<Refusal<'c>>) {
    if let Some(word) = directive.args.first()
        && OF_A_LISTEN.contains(&word.text.as_str())
    {
        let why = say!(
            "`listen` begins with a port or an address, and {word} is none",
            "`listen` empieza por un puerto o una dirección, y {word} no lo es",
            word = word.text
        );
        refusals.push((word, why));
    }
}

/// A parameter that is almost one of those which there are. What is quite different may be of a later version.
fn parameters<'c>(
    directive: &'c Directive,
    before: usize,
    known: &[&str],
    refusals: &mut Vec<Refusal<'c>>,
) {
    for word in directive.args.iter().skip(before) {
        let (name, _) = word.text.split_once('=').unwrap_or((&word.text, ""));
        if known.contains(&name) {
            continue;
        }
        let mut near = known.iter();
        let meant = near.find(|known| {
            let allowed = if known.len() > 4 { 2 } else { 1 };
            strsim::osa_distance(name, known) <= allowed
        });
        if let Some(meant) = meant {
            let why = say!(
                "there is no parameter {name}; {meant} is probably meant",
                "no existe el parámetro {name}; probablemente se quiso decir {meant}"
            );
            refusals.push((word, why));
        }
    }
}

fn address<'c>(directive: &'c Directive, around: &Around<'c>, refusals: &mut Vec<Refusal<'c>>) {
    let Some(address) = directive.args.first() else {
        return;
    };
    let start = address.text.to_ascii_lowercase();
    if !["http://", "https://", "$"]
        .iter()
        .any(|scheme| start.starts_with(scheme))
    {
        refusals.push((
            address,
            say!(
                "an address starts with http:// or https://",
                "una dirección empieza por http:// o https://"
            ),
        ));
        return;
    }
    if !is_by_pattern(around) {
        return;
    }
    let rest = address.text.split_once("://").map_or("", |(_, rest)| rest);
    if !rest.contains('$') && !rest.starts_with("unix:") && rest.contains('/') {
        let why = say!(
            "\"proxy_pass\" may not have a URI in a location by regular expression, a named one, an `if` or a \
             `limit_except`",
            "\"proxy_pass\" no puede llevar URI en una location por expresión regular, en una con nombre, en un \
             `if` ni en un `limit_except`"
        );
        refusals.push((address, why));
    }
}

/// Where `proxy_pass` may have no URI.
fn is_by_pattern(around: &Around<'_>) -> bool {
    let first = around.block.and_then(|block| block.arg(0));
    around.name != "location" || first.is_some_and(|first| first.starts_with(['~', '@']))
}
