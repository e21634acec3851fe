//! Mends as edits of the text: whole lines are inserted or taken away, in the layout of the place.

use crate::{
    finding::{Edit, Span},
    nginx::{
        Config,
        tree::{Body, Directive, Word},
    },
};

/// Puts lines after a directive that ends in `;`, with its indentation.
pub(crate) fn after(config: &Config, directive: &Directive, lines: &[&str]) -> Edit {
    let source = config.source(directive.pos.file);
    let indent = indentation(&source.text, directive.pos.span.start);
    let at = line_end(&source.text, directive.end);
    let text: String = lines
        .iter()
        .map(|line| format!("\n{indent}{line}"))
        .collect();
    edit(config, directive, Span { start: at, end: at }, text)
}

/// Puts lines before a directive, with its indentation.
pub(crate) fn before(config: &Config, directive: &Directive, lines: &[&str]) -> Edit {
    let source = config.source(directive.pos.file);
    let indent = indentation(&source.text, directive.pos.span.start);
    let at = directive.pos.span.start;
    let text: String = lines
        .iter()
        .map(|line| format!("{line}\n{indent}"))
        .collect();
    edit(config, directive, Span { start: at, end: at }, text)
}

/// Puts other words where an argument stands.
pub(crate) fn replace(config: &Config, directive: &Directive, word: &Word, text: &str) -> Edit {
    edit(config, directive, word.pos.span, text.to_owned())
}

/// Puts other words where all arguments stand; `None` if there are none.
pub(crate) fn replace_args(config: &Config, directive: &Directive, text: &str) -> Option<Edit> {
    let (first, last) = (directive.args.first()?, directive.args.last()?);
    let span = Span {
        start: first.pos.span.start,
        end: last.pos.span.end,
    };
    Some(edit(config, directive, span, text.to_owned()))
}

/// Gives a directive its value: where it is set, if it is, or on a line of its own after another directive.
pub(crate) fn give(
    config: &Config,
    set: Option<&Directive>,
    neighbour: &Directive,
    name: &str,
    value: &str,
) -> Edit {
    match set.and_then(|set| Some((set, set.args.first()?))) {
        Some((set, word)) => replace(config, set, word, value),
        None => after(config, neighbour, &[&format!("{name} {value};")]),
    }
}

/// Takes a directive away, with its line if nothing else stands there.
pub(crate) fn remove(config: &Config, directive: &Directive) -> Edit {
    let text = &config.source(directive.pos.file).text;
    // A block ends behind its brace.
    let brace = usize::from(matches!(directive.body, Body::Block(_)));
    let (start, end) = (directive.pos.span.start, directive.end + brace);
    edit(
        config,
        directive,
        with_its_line(text, start, end),
        String::new(),
    )
}

/// A piece of a text, with its line if nothing else stands there.
pub(crate) fn with_its_line(text: &str, start: usize, end: usize) -> Span {
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let rest = &text[end..line_end(text, end)];
    if text[line_start..start].trim().is_empty() && rest.trim().is_empty() {
        Span {
            start: line_start,
            end: (line_end(text, end) + 1).min(text.len()),
        }
    } else {
        Span { start, end }
    }
}

/// The text with the edits of this file carried out; `None` if they overlap or do not fit.
pub fn apply(text: &str, edits: &[&Edit]) -> Option<String> {
    let mut sorted = edits.to_vec();
    sorted.sort_by_key(|edit| edit.span);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in sorted {
        out.push_str(text.get(at..edit.span.start)?);
        out.push_str(&edit.text);
        at = edit.span.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

fn edit(config: &Config, directive: &Directive, span: Span, text: String) -> Edit {
    Edit {
        file: config.source(directive.pos.file).path.clone(),
        span,
        text,
    }
}

/// The blanks at the start of the line.
fn indentation(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    let line = &text[start..at];
    &line[..line.len() - line.trim_start().len()]
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |found| at + found)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn edit_at(start: usize, end: usize, text: &str) -> Edit {
        Edit {
            file: PathBuf::from("/x"),
            span: Span { start, end },
            text: text.to_owned(),
        }
    }

    #[test]
    fn edits_are_carried_out_in_the_order_of_the_text() {
        let edits = [edit_at(4, 5, "E"), edit_at(0, 1, "A"), edit_at(2, 2, "--")];
        let applied = apply("abcde", &edits.iter().collect::<Vec<_>>());
        assert_eq!(applied.as_deref(), Some("Ab--cdE"));
    }

    #[test]
    fn edits_that_overlap_are_refused() {
        let edits = [edit_at(0, 3, "x"), edit_at(2, 4, "y")];
        assert_eq!(apply("abcde", &edits.iter().collect::<Vec<_>>()), None);
        let outside = edit_at(4, 9, "z");
        assert_eq!(apply("abcde", &[&outside]), None);
    }
}
