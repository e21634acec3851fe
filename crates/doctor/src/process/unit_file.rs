//! The syntax of systemd's unit files (systemd.syntax(7)): assignments, with their places.

use crate::finding::Span;

/// `Key=value` in a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) section: String,
    pub(super) key: String,
    /// A value that goes on in the next line is one, with a blank for the break.
    pub(super) value: String,
    /// Of the value; of its first line, if it has several.
    pub(super) span: Span,
    /// Whether the value stands there as it is.
    pub(super) is_literal: bool,
}

/// The assignments, in order. Lines that are none are passed over, as systemd does.
pub(super) fn parse(text: &str) -> Vec<Assignment> {
    let mut assignments: Vec<Assignment> = Vec::new();
    let mut section = String::new();
    let mut goes_on = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let trimmed = line.trim();
        if trimmed.starts_with(['#', ';']) || trimmed.is_empty() && !goes_on {
            continue;
        }
        let piece = trimmed.strip_suffix('\\').unwrap_or(trimmed);
        let goes_on_after = trimmed.ends_with('\\');
        if goes_on {
            if let Some(last) = assignments.last_mut() {
                last.value = format!("{} {}", last.value.trim_end(), piece.trim());
            }
        } else if let Some(name) = trimmed
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            section = name.to_owned();
        } else if let Some((key, value)) = piece.split_once('=') {
            let value_start = start + line.find('=').map_or(0, |equals| equals + 1);
            let blank = value.len() - value.trim_start().len();
            let value = value.trim();
            assignments.push(Assignment {
                section: section.clone(),
                key: key.trim().to_owned(),
                value: value.to_owned(),
                span: Span {
                    start: value_start + blank,
                    end: value_start + blank + value.len(),
                },
                is_literal: !goes_on_after,
            });
        }
        goes_on = goes_on_after;
    }
    assignments
}

/// A word of a value, without its quotes, and where it starts in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) start: usize,
}

/// The words of a list such as that of `Environment=`: quotes hold blanks together.
pub(super) fn words(value: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = value;
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else {
            return words;
        };
        let quote = Some(first).filter(|c| matches!(c, '"' | '\''));
        let inside = &rest[quote.map_or(0, char::len_utf8)..];
        let end = match quote {
            Some(quote) => inside.find(quote),
            None => inside.find(char::is_whitespace),
        };
        let (text, after) = inside.split_at(end.unwrap_or(inside.len()));
        words.push(Word {
            text: text.to_owned(),
            start: value.len() - inside.len(),
        });
        rest = &after[after.chars().next().map_or(0, char::len_utf8)..];
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn assignments_have_their_section_and_place() {
        let text = "# c\n[Unit]\nDescription = An app\n\n[Service]\n; c\nExecStart=/bin/a \\\n  # c\n  --b\nX=\n";
        let read = parse(text);
        let shown: Vec<_> = read
            .iter()
            .map(|one| (one.section.as_str(), one.key.as_str(), one.value.as_str()))
            .collect();
        let expected = [
            ("Unit", "Description", "An app"),
            ("Service", "ExecStart", "/bin/a --b"),
            ("Service", "X", ""),
        ];
        assert_eq!(shown, expected);
        let span = read[0].span;
        assert_eq!(&text[span.start..span.end], "An app");
    }

    #[test]
    fn quotes_hold_words_together() {
        let value = "\"A=one two\" B=3 'C='";
        let read = words(value);
        let texts: Vec<_> = read.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(texts, ["A=one two", "B=3", "C="]);
        assert_eq!(read[1].start, 12);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[A\\[\\]=\\\\\"'# é\n;]{0,60}") {
            for one in parse(&text) {
                prop_assert!(text.get(one.span.start..one.span.end).is_some());
                for word in words(&one.value) {
                    prop_assert!(one.value[word.start..].starts_with(&word.text));
                }
            }
        }
    }
}
