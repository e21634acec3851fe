//! What the headers that nginx sets come to, for the rules about them.

use super::near::is_near;
use crate::{
    case::Case,
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
            || name == "upgrade" && is_doubled(proxied)
    };
    wanted
        .iter()
        .filter(gone)
        .map(|(_, _, written)| *written)
        .collect()
}

/// Whether the upgrade is handed on twice, which servers take for another protocol.
fn is_doubled(proxied: &Proxied<'_>) -> bool {
    let sent = proxied.headers.iter().filter(|header| {
        let is_set = header.by.is_some() && header.value.known() != Some("");
        header.name == "upgrade" && is_set
    });
    sent.count() > 1
}

/// Names in a sentence.
pub(super) fn listed(names: &[&str]) -> Text {
    Text::new(names.join(" and "), names.join(" y "))
}

/// The line that gives a header its value: the `map` entry if there is one, or the directive itself.
pub(super) fn source<'c>(walk: &Walk<'c>, header: &Header<'c>) -> Option<&'c Directive> {
    Some(source_of(walk, header.by?))
}

/// The same for any line that sets one.
pub(super) fn source_of<'c>(walk: &Walk<'c>, by: &'c Directive) -> &'c Directive {
    let variables = variables_in(by.arg(1).unwrap_or_default());
    let misled = variables.iter().find_map(|name| walk.map_of(name));
    let misled = misled.filter(|map| slip(map.arg(0).unwrap_or_default()).is_some());
    let entry = || variables.iter().find_map(|name| walk.map_entry(name));
    let maps = || variables.iter().filter_map(|name| walk.map_of(name));
    let no_entry = || maps().find(|map| map.is("map")).map(without_default);
    misled.or_else(entry).or_else(no_entry).unwrap_or(by)
}

/// What is wrong in a map that has no entry for a request: the one that was to be its default, or the whole of it.
fn without_default(map: &Directive) -> &Directive {
    let mut entries = map.children().iter();
    let misspelt = entries.find(|entry| is_near(&entry.name.text, "default"));
    misspelt.unwrap_or(map)
}

/// The variable that is `$http_upgrade` but for a slip, or the same of the back end's answer.
pub(super) fn slip(text: &str) -> Option<&str> {
    let of_answer = ["upstream_http_upgrade", "sent_http_upgrade"];
    let mut variables = variables_in(text).into_iter();
    variables.find(|variable| is_near(variable, "http_upgrade") || of_answer.contains(variable))
}

/// The outer lines about headers that the inner block does not have in its own words.
pub(super) fn not_repeated(own: &[&Directive], outer: &[&Directive]) -> Vec<String> {
    let name = |set: &Directive| set.arg(0).unwrap_or_default().to_ascii_lowercase();
    let is_lost = |outer: &&&Directive| !own.iter().any(|own| name(own) == name(outer));
    let lost = outer.iter().filter(is_lost);
    lost.map(|outer| format!("{};", outer.head())).collect()
}

/// Where a line stands in a file that others share: the `include` that brought it to where it holds.
pub(super) fn brought_by<'c>(
    case: &Case<'c>,
    walk: &Walk<'c>,
    line: &Directive,
) -> Option<&'c Directive> {
    let holds = |block: &&&Directive| {
        block
            .children()
            .iter()
            .any(|child| std::ptr::eq(child, line))
    };
    let holder = walk.scope().blocks().iter().find(holds);
    // What stands in a block of its own file was brought with all of the block.
    if holder.is_some_and(|block| block.pos.file == line.pos.file) {
        return None;
    }
    let inwards = walk.scope().blocks().iter().rev();
    // A whole site is included in `http`, which is how sites are.
    let mut blocks = inwards.filter(|block| !block.is("http"));
    let include = blocks.find_map(|block| case.config.brought_by(line, block))?;
    Some(&include.directive)
}

/// The same for a sentence.
pub(super) fn included(case: &Case<'_>, walk: &Walk<'_>, line: &Directive) -> Text {
    match brought_by(case, walk, line) {
        Some(include) => say!(
            " (included at {at})",
            " (incluido en {at})",
            at = case.at(include)
        ),
        None => Text::default(),
    }
}
