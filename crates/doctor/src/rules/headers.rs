//! What the headers that nginx sets come to, for the rules about them.

use crate::{
    language::Text,
    nginx::{Header, Proxied, Walk, tree::Directive, variables_in},
};

/// Whether a header's value has this word, commas between words; `None` if that is not known.
pub(super) fn has_word(header: Option<&Header<'_>>, word: &str) -> Option<bool> {
    let Some(header) = header else {
        return Some(false);
    };
    let value = header.value.known()?;
    Some(
        value
            .split(',')
            .any(|part| part.trim().eq_ignore_ascii_case(word)),
    )
}

/// What a websocket needs and the back end does not get: the names, as people write them.
pub(super) fn lost(proxied: &Proxied<'_>) -> Vec<&'static str> {
    let wanted = [
        ("upgrade", "websocket", "Upgrade"),
        ("connection", "upgrade", "Connection"),
    ];
    let gone = |&&(name, word, _): &&(&str, &str, &str)| {
        has_word(proxied.header(name), word) == Some(false)
    };
    wanted
        .iter()
        .filter(gone)
        .map(|(_, _, written)| *written)
        .collect()
}

/// Names in a sentence.
pub(super) fn listed(names: &[&str]) -> Text {
    Text::new(names.join(" and "), names.join(" y "))
}

/// The line that gives a header its value: the `map` entry if there is one, or the directive itself.
pub(super) fn source<'c>(walk: &Walk<'c>, header: &Header<'c>) -> Option<&'c Directive> {
    let by = header.by?;
    let variables = variables_in(by.arg(1)?);
    let entry = variables.iter().find_map(|name| walk.map_entry(name));
    Some(entry.unwrap_or(by))
}
