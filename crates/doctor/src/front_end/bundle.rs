//! The addresses in built files: string literals of minified JavaScript that start with a scheme.

use std::path::{Path, PathBuf};

use crate::{finding::Span, root::Root};

const SCHEMES: [&str; 4] = ["http://", "https://", "ws://", "wss://"];
/// Deeper than any build's output.
const MAX_DEPTH: usize = 12;
/// How far back a condition on the page's own address is looked for.
const CONDITION: usize = 160;

/// The JavaScript files below a directory, or that file itself.
pub(super) fn files(root: &Root, path: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(root, path, 0, &mut found);
    found
}

fn collect(root: &Root, path: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    if root.is_dir(path) && depth < MAX_DEPTH {
        for name in root
            .list(path)
            .iter()
            .filter(|name| *name != "node_modules")
        {
            collect(root, &path.join(name), depth + 1, found);
        }
    } else if is_script(path) && root.is_file(path) {
        found.push(path.to_owned());
    }
}

fn is_script(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("js" | "mjs" | "cjs" | "html"))
}

/// The literals that are addresses and that a page of another host may use.
pub(super) fn addresses(text: &str) -> Vec<Span> {
    text.match_indices("://")
        .filter_map(|(at, _)| literal(text, at))
        .filter(|span| !is_spare(&text[..span.start - 1]))
        .collect()
}

/// The whole literal around a `://`, without its quotes; of a template, what stands before the first `${`.
fn literal(text: &str, colon: usize) -> Option<Span> {
    let end = colon + "://".len();
    let scheme = SCHEMES
        .iter()
        .find(|scheme| text[..end].ends_with(**scheme))?;
    let start = end - scheme.len();
    if !text[..start].ends_with(['"', '\'', '`']) {
        return None;
    }
    let ends =
        |c: char| matches!(c, '"' | '\'' | '`' | '$' | '\\' | '<' | '>') || c.is_whitespace();
    let length = text[end..].find(ends)?;
    Some(Span {
        start,
        end: end + length,
    })
}

/// Whether what stands before a literal keeps it from being used: another text that is preferred, or a condition
/// on where the page comes from.
fn is_spare(before: &str) -> bool {
    let code = before.trim_end();
    let preferred = ["||", "??"].iter().find_map(|or| code.strip_suffix(or));
    let preferred = preferred.map(str::trim_end);
    let is_text = |code: &str| code.ends_with(['"', '\'', '`']) && !is_empty_text(code);
    if preferred.is_some_and(is_text) {
        return true;
    }
    let mut start = before.len().saturating_sub(CONDITION);
    while !before.is_char_boundary(start) {
        start += 1;
    }
    let near = &before[start..];
    let statement = near.rsplit(';').next().unwrap_or(near);
    statement.contains("hostname") || statement.contains("location.host")
}

fn is_empty_text(code: &str) -> bool {
    ["\"\"", "''", "``"]
        .iter()
        .any(|empty| code.ends_with(empty))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let spans = addresses(text).into_iter();
        spans.map(|span| &text[span.start..span.end]).collect()
    }

    #[test]
    fn literals_of_minified_text_are_found() {
        let text = "const a=\"http://h:3001/api\",b='ws://h:3001',c=`https://x/${d}/e`;f(\"see http://no\")";
        assert_eq!(
            found(text),
            ["http://h:3001/api", "ws://h:3001", "https://x/"]
        );
    }

    #[test]
    fn what_is_not_used_is_passed_over() {
        assert!(found("a=\"http://apps\"||0").len() == 1);
        assert!(found("a=\"x\"||\"http://localhost:3001\"").is_empty());
        assert!(
            found("a=location.hostname===\"localhost\"?\"http://localhost:3001\":\"\"").is_empty()
        );
        assert_eq!(
            found("a=\"\"||\"http://localhost:3001\""),
            ["http://localhost:3001"]
        );
    }
}
