//! `$invalid_referer`: whether the Referer is one of `valid_referers`, as `ngx_http_referer_variable` decides it.

use super::{pattern::Pattern, tree::Directive, variables::wildcard_fits, walk::State};

/// No check without the directive; otherwise an absent Referer needs `none`, and one without a scheme `blocked`.
pub(super) fn is_invalid(state: &State<'_>) -> bool {
    let lists = state.scope.all("valid_referers");
    if lists.is_empty() {
        return false;
    }
    let words: Vec<&str> = lists
        .iter()
        .flat_map(|list| &list.args)
        .map(|word| word.text.as_str())
        .collect();
    let Some(referer) = state.request.header("referer") else {
        return !words.contains(&"none");
    };
    let scheme = ["http://", "https://"];
    let Some(rest) = scheme
        .iter()
        .find_map(|scheme| referer.strip_prefix(scheme))
    else {
        return !words.contains(&"blocked");
    };
    !words.iter().any(|word| match *word {
        "none" | "blocked" => false,
        "server_names" => names_of_server(state).any(|name| fits(name, rest)),
        word => fits(word, rest),
    })
}

fn names_of_server<'c>(state: &State<'c>) -> impl Iterator<Item = &'c str> {
    let server: Option<&'c Directive> = state
        .scope
        .blocks()
        .iter()
        .copied()
        .find(|block| block.is("server"));
    let names = server
        .into_iter()
        .flat_map(|server| server.all("server_name"));
    names
        .flat_map(|names| &names.args)
        .map(|word| word.text.as_str())
}

/// A regular expression sees all that follows the scheme; a name only the host, and its path is the beginning of
/// the Referer's.
fn fits(word: &str, rest: &str) -> bool {
    if let Some(pattern) = word.strip_prefix('~') {
        return Pattern::new(pattern, true).captures(rest).is_some();
    }
    let end = rest.find(['/', ':']).unwrap_or(rest.len());
    let (host, after) = rest.split_at(end);
    let path = after.find('/').map_or("", |slash| &after[slash..]);
    let (name, start) = word.split_at(word.find('/').unwrap_or(word.len()));
    (name.eq_ignore_ascii_case(host) || wildcard_fits(name, host)) && path.starts_with(start)
}
