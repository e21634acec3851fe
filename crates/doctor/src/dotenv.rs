//! `.env` files as front-end tools read them: `NAME=value`, quotes, comments, and names inside values.

use crate::finding::Span;

/// What the tools put in front of a variable that goes into the pages: Vite, Next, Create React App, Vue CLI,
/// Nuxt, SvelteKit and Astro, Expo, Gatsby, Angular.
pub(crate) const PREFIXES: [&str; 9] = [
    "VITE_",
    "NEXT_PUBLIC_",
    "REACT_APP_",
    "VUE_APP_",
    "NUXT_PUBLIC_",
    "PUBLIC_",
    "EXPO_PUBLIC_",
    "GATSBY_",
    "NG_APP_",
];

/// How often a value may lead to another.
const MAX_DEPTH: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: String,
    /// Of the value as written, without quotes.
    pub(crate) span: Span,
}

impl Variable {
    /// Whether the tools put it into the pages.
    pub(crate) fn is_public(&self) -> bool {
        is_public(&self.name)
    }
}

/// Whether the tools put a variable of this name into the pages.
pub(crate) fn is_public(name: &str) -> bool {
    prefix(name).is_some()
}

/// The prefix for which one of the tools does so.
pub(crate) fn prefix(name: &str) -> Option<&'static str> {
    let mut prefixes = PREFIXES.iter();
    prefixes.find(|prefix| name.starts_with(**prefix)).copied()
}

/// The variables of a file; of several with one name the last counts.
pub(crate) fn parse(text: &str) -> Vec<Variable> {
    let mut variables = written(text);
    let names = variables.clone();
    for variable in &mut variables {
        variable.value = expand(&variable.value, &names);
    }
    variables
}

/// The same, with the names in the values as they are written.
pub(crate) fn written(text: &str) -> Vec<Variable> {
    let mut variables: Vec<Variable> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let end = line_end(text, at);
        let Some((name, start)) = head(text, at, end) else {
            at = end + 1;
            continue;
        };
        let span = value(text, start, end);
        variables.retain(|other| other.name != name);
        variables.push(Variable {
            name: name.to_owned(),
            value: text[span.start..span.end].to_owned(),
            span,
        });
        at = line_end(text, span.end) + 1;
    }
    variables
}

/// Puts the values in for `$NAME` and `${NAME}`; names of none of the variables stay as they are.
pub(crate) fn expand(value: &str, variables: &[Variable]) -> String {
    expand_to(value, variables, 0)
}

/// The name before the `=`, and where the value may start.
fn head(text: &str, start: usize, end: usize) -> Option<(&str, usize)> {
    let line = &text[start..end];
    let (head, _) = line.split_once('=')?;
    let name = head.trim();
    let name = name.strip_prefix("export ").map_or(name, str::trim);
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.' || c == '-';
    let fits = !name.is_empty() && name.chars().all(is_name);
    fits.then_some((name, start + head.len() + 1))
}

/// A quoted value may go over several lines; another one ends at a comment or at the end of its line.
fn value(text: &str, start: usize, end: usize) -> Span {
    let line = &text[start..end];
    let start = start + line.len() - line.trim_start().len();
    let rest = &text[start..];
    if let Some(quote) = rest
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\'' | '`'))
        && let Some(length) = rest[1..].find(quote)
    {
        return Span {
            start: start + 1,
            end: start + 1 + length,
        };
    }
    let line = &text[start.min(end)..end];
    let comment = line.find(" #").or(line.starts_with('#').then_some(0));
    let value = line[..comment.unwrap_or(line.len())].trim_end();
    Span {
        start,
        end: start + value.len(),
    }
}

fn expand_to(value: &str, variables: &[Variable], depth: usize) -> String {
    let Some((before, after)) = value.split_once('$').filter(|_| depth < MAX_DEPTH) else {
        return value.to_owned();
    };
    let (name, rest) = match after
        .strip_prefix('{')
        .and_then(|text| text.split_once('}'))
    {
        Some(braced) => braced,
        None => {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = after.find(|c| !is_name(c)).unwrap_or(after.len());
            after.split_at(end)
        }
    };
    let found = variables.iter().find(|variable| variable.name == name);
    let inner = match found {
        Some(variable) => expand_to(&variable.value, variables, depth + 1),
        None => value[before.len()..value.len() - rest.len()].to_owned(),
    };
    format!("{before}{inner}{}", expand_to(rest, variables, depth + 1))
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |found| at + found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(text: &str) -> Vec<(String, String)> {
        let pairs = parse(text).into_iter();
        pairs
            .map(|variable| (variable.name, variable.value))
            .collect()
    }

    #[test]
    fn values_are_read_without_quotes_and_comments() {
        let text = "# x\nexport A=1 # one\nB = \"two words\" # 2\nC='#3'\r\nD=\nE=a#b\nnothing\n";
        let expected = [
            ("A", "1"),
            ("B", "two words"),
            ("C", "#3"),
            ("D", ""),
            ("E", "a#b"),
        ];
        assert_eq!(
            values(text),
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn names_in_values_are_replaced_and_the_last_definition_counts() {
        let text = "HOST=old\nHOST=apps\nURL=http://${HOST}:$PORT/$HOST\nLOOP=$LOOP\n";
        let url = parse(text)
            .into_iter()
            .find(|variable| variable.name == "URL");
        assert_eq!(url.unwrap().value, "http://apps:$PORT/apps");
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[A-Z=$#\"'{}é\n ]{0,60}") {
            for variable in parse(&text) {
                prop_assert!(text.get(variable.span.start..variable.span.end).is_some());
            }
        }
    }
}
