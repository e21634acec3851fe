//! A directive without its `;` takes the next one for words of its own, and nginx has nothing against it.

use super::{Check, Rule, Title};
use crate::{
    finding::{Edit, Finding, Severity, Span},
    lines::Lines,
    nginx::{
        Config,
        tree::{Directive, Word},
    },
    root::Root,
};

pub(super) const RULE: Rule = Rule {
    id: "semicolon-missing",
    title: Title {
        english: "A directive takes the next one for words of its own.",
        spanish: "Una directiva toma la siguiente por palabras suyas.",
    },
    checks: &[Check::Loading(|config, _: &Root| {
        check(config, &config.directives)
    })],
};

/// What stands at the start of a line as a directive, and hardly ever as a value.
const DIRECTIVES: [&str; 28] = [
    "access_log",
    "add_header",
    "alias",
    "auth_basic",
    "charset",
    "client_max_body_size",
    "error_log",
    "error_page",
    "expires",
    "gzip",
    "include",
    "index",
    "listen",
    "location",
    "proxy_buffering",
    "proxy_http_version",
    "proxy_pass",
    "proxy_read_timeout",
    "proxy_set_header",
    "return",
    "rewrite",
    "root",
    "server_name",
    "server_tokens",
    "ssl_certificate",
    "ssl_certificate_key",
    "ssl_protocols",
    "try_files",
];

fn check(config: &Config, directives: &[Directive]) -> Vec<Finding> {
    let found = directives.iter().flat_map(|directive| {
        let inside = check(config, directive.children());
        judge(config, directive).into_iter().chain(inside)
    });
    found.collect()
}

fn judge(config: &Config, directive: &Directive) -> Option<Finding> {
    let words = std::iter::once(&directive.name).chain(&directive.args);
    let mut pairs = words.zip(&directive.args);
    let (before, taken) = pairs.find(|(before, word)| starts_a_line(config, before, word))?;
    let name = &directive.name.text;
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        config.place(directive.pos),
        say!(
            "The `;` is missing, so that {name} takes `{taken} …` of a later line for words of its own.",
            "Falta el `;`, así que {name} toma `{taken} …` de una línea posterior por palabras suyas.",
            taken = taken.text
        ),
        say!(
            "nginx loads it, and what the line says is not there: no header, no file, no address.",
            "nginx lo carga, y lo que dice la línea no existe: ni cabecera, ni archivo, ni dirección."
        ),
    );
    let end = before.pos.span.end;
    let edit = Edit {
        file: config.source(directive.pos.file).path.clone(),
        span: Span { start: end, end },
        text: ";".to_owned(),
    };
    Some(finding.mend(
        say!("End the line with a `;`.", "Termine la línea con un `;`."),
        true,
        vec![edit],
    ))
}

/// Whether the word is a directive's name, and the first of a later line.
fn starts_a_line(config: &Config, before: &Word, word: &Word) -> bool {
    if word.quoted || !DIRECTIVES.contains(&word.text.as_str()) || word.pos.file != before.pos.file
    {
        return false;
    }
    let text = &config.source(word.pos.file).text;
    let start = word.pos.span.start;
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let lines = Lines::new(text);
    text[line..start].trim().is_empty() && lines.at(start).0 > lines.at(before.pos.span.start).0
}
