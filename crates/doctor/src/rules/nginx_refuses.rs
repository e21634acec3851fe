//! Configurations that can be read but that nginx refuses, as far as they concern a request's way: a missing
//! semicolon that swallows the next directive, a URI where `proxy_pass` may have none, what may stand only once, or
//! only in certain blocks.

use std::collections::HashSet;

use super::{Check, Rule, Title};
use crate::{
    finding::{Finding, Severity},
    language::Text,
    nginx::{
        Config,
        listen::{Address, Listen},
        tree::{Directive, Word},
    },
    root::Root,
};

pub(super) const RULE: Rule = Rule {
    id: "nginx-refuses",
    title: Title {
        english: "nginx refuses a directive.",
        spanish: "nginx rechaza una directiva.",
    },
    checks: &[Check::Loading(check)],
};

/// Directives with exactly so many arguments.
const ARGUMENTS: [(&str, usize); 22] = [
    ("proxy_pass", 1),
    ("proxy_http_version", 1),
    ("proxy_set_header", 2),
    ("proxy_read_timeout", 1),
    ("proxy_send_timeout", 1),
    ("proxy_connect_timeout", 1),
    ("proxy_buffering", 1),
    ("proxy_cache", 1),
    ("proxy_hide_header", 1),
    ("client_max_body_size", 1),
    ("root", 1),
    ("alias", 1),
    ("auth_basic", 1),
    ("auth_basic_user_file", 1),
    ("auth_request", 1),
    ("satisfy", 1),
    ("allow", 1),
    ("deny", 1),
    ("set", 2),
    ("default_type", 1),
    ("ssl_certificate", 1),
    ("ssl_certificate_key", 1),
];

/// Directives of a way to a back end, and the names by which nginx knows none of its own for a slip of them.
const OF_A_WAY: [&str; 27] = [
    "access_log",
    "add_header",
    "auth_basic",
    "client_max_body_size",
    "error_log",
    "error_page",
    "include",
    "ip_hash",
    "keepalive",
    "listen",
    "location",
    "proxy_buffering",
    "proxy_cache_bypass",
    "proxy_connect_timeout",
    "proxy_hide_header",
    "proxy_http_version",
    "proxy_pass",
    "proxy_read_timeout",
    "proxy_send_timeout",
    "proxy_set_header",
    "return",
    "rewrite",
    "server_name",
    "ssl_certificate",
    "ssl_certificate_key",
    "try_files",
    "upstream",
];

/// Directives that may stand once in a block.
const ONCE: [&str; 12] = [
    "proxy_pass",
    "proxy_http_version",
    "proxy_read_timeout",
    "proxy_send_timeout",
    "proxy_connect_timeout",
    "proxy_buffering",
    "proxy_cache",
    "client_max_body_size",
    "root",
    "try_files",
    "auth_basic",
    "satisfy",
];

/// Directives of the `http` block whose names there can be only one of: by their first argument, or by their zone.
const NAMED: [(&str, &str); 6] = [
    ("upstream", ""),
    ("log_format", ""),
    ("limit_req_zone", "zone="),
    ("limit_conn_zone", "zone="),
    ("proxy_cache_path", "keys_zone="),
    ("fastcgi_cache_path", "keys_zone="),
];

/// Where nginx takes the directives that people put elsewhere.
const CONTEXTS: [(&[&str], &[&str]); 13] = [
    (
        &[
            "map",
            "geo",
            "split_clients",
            "upstream",
            "limit_req_zone",
            "limit_conn_zone",
            "proxy_cache_path",
            "log_format",
            "map_hash_bucket_size",
            "server_names_hash_bucket_size",
        ],
        &["http"],
    ),
    (&["listen", "server_name"], &["server"]),
    (
        &["ssl_certificate", "ssl_certificate_key"],
        &["http", "server"],
    ),
    (&["location", "if", "try_files"], &["server", "location"]),
    (&["return", "rewrite", "set"], &["server", "location", "if"]),
    (&["alias", "internal", "limit_except"], &["location"]),
    (&["proxy_pass"], &["location", "if", "limit_except"]),
    (
        &[
            "proxy_set_header",
            "proxy_hide_header",
            "proxy_http_version",
            "proxy_read_timeout",
            "proxy_send_timeout",
            "proxy_connect_timeout",
            "proxy_buffering",
            "proxy_request_buffering",
            "proxy_redirect",
            "proxy_cache",
            "proxy_cache_bypass",
            "client_max_body_size",
            "auth_request",
            "limit_req",
            "limit_conn",
        ],
        &["http", "server", "location"],
    ),
    (
        &["add_header", "root"],
        &["http", "server", "location", "if"],
    ),
    (
        &["allow", "deny", "auth_basic"],
        &["http", "server", "location", "limit_except"],
    ),
    (&["ip_hash", "least_conn", "hash"], &["upstream"]),
    (&["worker_connections"], &["events"]),
    (
        &["worker_processes", "worker_rlimit_nofile", "user"],
        &[MAIN],
    ),
];
/// What stands in no block at all.
const MAIN: &str = "main";

fn check(config: &Config, _: &Root) -> Vec<Finding> {
    let mut refusals = Vec::new();
    if config.directives.iter().any(|block| block.is("http")) {
        let outside = config.directives.iter();
        outside.for_each(|directive| elsewhere(MAIN, directive, &mut refusals));
    }
    for block in config.directives.iter().filter(|block| block.is("http")) {
        examine(block, &mut refusals);
        names_twice(block, &mut refusals);
        default_twice(block, &mut refusals);
    }
    let findings = refusals.into_iter().map(|(word, why)| {
        Finding::new(
            RULE.id,
            Severity::Error,
            config.place(word.pos),
            say!("nginx refuses this: {why}.", "nginx rechaza esto: {why}."; why = why),
            say!(
                "nginx does not start with this configuration, or goes on with the old one after a reload.",
                "nginx no arranca con esta configuración, o sigue con la antigua tras recargar."
            ),
        )
        .advise(say!(
            "Correct the line; `nginx -t` tells whether nginx takes it.",
            "Corrija la línea; `nginx -t` dice si nginx la acepta."
        ))
    });
    findings.collect()
}

/// The directive that a name is a slip of. Modules have names of their own, which are not so near.
fn misspelt(name: &str) -> Option<&'static str> {
    let is_slip = |known: &&&str| {
        let slips = strsim::osa_distance(name, known);
        slips == 1 || slips == 2 && known.len() > 9
    };
    let is_known = OF_A_WAY.contains(&name) || name.ends_with("_by_lua_block");
    let mut known = OF_A_WAY.iter().filter(|_| !is_known);
    known.find(is_slip).copied()
}

fn examine<'c>(block: &'c Directive, refusals: &mut Vec<(&'c Word, Text)>) {
    if matches!(
        block.name.text.as_str(),
        "map" | "geo" | "types" | "split_clients"
    ) {
        return;
    }
    for (index, directive) in block.children().iter().enumerate() {
        if let Some(meant) = misspelt(&directive.name.text) {
            let name = &directive.name.text;
            let why = say!(
                "there is no directive {name}; {meant} is probably meant",
                "no existe la directiva {name}; probablemente se quiso decir {meant}"
            );
            refusals.push((&directive.name, why));
            continue;
        }
        arguments(directive, refusals);
        twice(&block.children()[..index], directive, refusals);
        wrong_address(block, directive, refusals);
        elsewhere(&block.name.text, directive, refusals);
        outside(block, directive, refusals);
        examine(directive, refusals);
    }
}

fn arguments<'c>(directive: &'c Directive, refusals: &mut Vec<(&'c Word, Text)>) {
    let wanted = ARGUMENTS.iter().find(|(name, _)| directive.is(name));
    let Some(&(name, count)) = wanted.filter(|(_, count)| *count != directive.args.len()) else {
        return;
    };
    let swallowed = directive
        .args
        .get(count)
        .filter(|word| word.pos.line > directive.name.pos.line);
    let why = match swallowed {
        Some(word) => say!(
            "\"{name}\" has too many arguments, because a `;` is missing before \"{next}\"",
            "\"{name}\" tiene demasiados argumentos, porque falta un `;` antes de \"{next}\"",
            next = word.text
        ),
        None => say!(
            "invalid number of arguments in \"{name}\", which takes {count}",
            "número de argumentos no válido en \"{name}\", que lleva {count}"
        ),
    };
    refusals.push((&directive.name, why));
}

fn twice<'c>(before: &[Directive], directive: &'c Directive, refusals: &mut Vec<(&'c Word, Text)>) {
    let same = |other: &&Directive| other.is(&directive.name.text);
    if ONCE.iter().any(|name| directive.is(name)) && before.iter().any(|other| same(&other)) {
        refusals.push((
            &directive.name,
            say!(
                "\"{name}\" is set twice in one block",
                "\"{name}\" está dos veces en un bloque",
                name = directive.name.text
            ),
        ));
    }
    let words = |location: &Directive| {
        location
            .args
            .iter()
            .map(|word| word.text.clone())
            .collect::<Vec<_>>()
    };
    let is_regex = directive.arg(0).is_some_and(|word| word.starts_with('~'));
    let twin = before
        .iter()
        .any(|other| other.is("location") && words(other) == words(directive));
    if directive.is("location") && !is_regex && twin {
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

fn names_twice<'c>(http: &'c Directive, refusals: &mut Vec<(&'c Word, Text)>) {
    let mut known = HashSet::new();
    for directive in http.children() {
        let Some((kind, mark)) = NAMED.iter().find(|(kind, _)| directive.is(kind)) else {
            continue;
        };
        let named = directive.args.iter().find_map(|word| {
            let rest = word.text.strip_prefix(mark)?;
            Some((word, rest.split(':').next().unwrap_or(rest)))
        });
        let Some((word, name)) = named else { continue };
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

fn default_twice<'c>(http: &'c Directive, refusals: &mut Vec<(&'c Word, Text)>) {
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

fn wrong_address<'c>(
    block: &Directive,
    directive: &'c Directive,
    refusals: &mut Vec<(&'c Word, Text)>,
) {
    if !directive.is("proxy_pass") {
        return;
    }
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
    if !by_pattern(block) {
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
fn by_pattern(block: &Directive) -> bool {
    let first = block.arg(0).unwrap_or_default();
    block.is("if")
        || block.is("limit_except")
        || block.is("location") && first.starts_with(['~', '@'])
}

/// A directive in a block that does not take it. What is in a block of another kind, such as Lua's, is not judged.
fn elsewhere<'c>(block: &str, directive: &'c Directive, refusals: &mut Vec<(&'c Word, Text)>) {
    // A brace that is missing puts the next server inside this one.
    if directive.is("server") && !directive.children().is_empty() && block != "http" {
        let why = say!(
            "\"server\" is not allowed here; is a `}}` missing before it?",
            "\"server\" no se permite aquí; ¿falta un `}}` antes?"
        );
        refusals.push((&directive.name, why));
        return;
    }
    let is_block = CONTEXTS.iter().any(|(_, blocks)| blocks.contains(&block));
    let known = CONTEXTS
        .iter()
        .find(|(names, _)| names.iter().any(|name| directive.is(name)));
    let Some((_, blocks)) = known.filter(|(_, blocks)| is_block && !blocks.contains(&block)) else {
        return;
    };
    let why = say!(
        "\"{name}\" is not allowed in {block}, only in {listed}",
        "\"{name}\" no se permite en {block}, solo en {listed}",
        name = directive.name.text,
        listed = blocks.join(", ")
    );
    refusals.push((&directive.name, why));
}

/// A brace that is missing puts the next location inside this one.
fn outside<'c>(block: &Directive, directive: &'c Directive, refusals: &mut Vec<(&'c Word, Text)>) {
    let (Some(outer), Some(inner)) = (plain_prefix(block), plain_prefix(directive)) else {
        return;
    };
    if !inner.starts_with(outer) {
        let why = say!(
            "location \"{inner}\" is outside location \"{outer}\"; is a `}}` missing before it?",
            "la location \"{inner}\" está fuera de la location \"{outer}\"; ¿falta un `}}` antes?"
        );
        refusals.push((&directive.name, why));
    }
}

fn plain_prefix(block: &Directive) -> Option<&str> {
    let prefix = block
        .args
        .last()
        .filter(|_| block.is("location") && block.args.len() == 1)?;
    prefix.text.starts_with('/').then_some(&prefix.text)
}
