//! The condition of an `if`.

use std::path::Path;

use super::{
    pattern::{Captures, Pattern},
    tree::Directive,
    value::Value,
    variables::evaluate,
    walk::State,
};

/// What came of a condition.
pub(super) enum Verdict {
    Yes(Option<Captures>),
    No,
    /// It depends on something that only a real request has.
    Unknown,
}

impl From<bool> for Verdict {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes(None) } else { Self::No }
    }
}

pub(super) fn judge(directive: &Directive, state: &State<'_>) -> Verdict {
    let words = words(directive);
    match &words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [test, path] if test.trim_start_matches('!').starts_with('-') => {
            file_test(test, path, state)
        }
        [subject] => match evaluate(subject, state).known() {
            Some(text) => (!text.is_empty() && text != "0").into(),
            None => Verdict::Unknown,
        },
        [subject, operator, object] => compare(&evaluate(subject, state), operator, object, state),
        _ => Verdict::Unknown,
    }
}

/// The words without the parentheses around them.
pub fn words(directive: &Directive) -> Vec<String> {
    let mut words: Vec<String> = directive
        .args
        .iter()
        .map(|word| word.text.clone())
        .collect();
    if let Some(first) = words.first_mut()
        && let Some(rest) = first.strip_prefix('(')
    {
        *first = rest.to_owned();
    }
    if let Some(last) = words.last_mut()
        && let Some(rest) = last.strip_suffix(')')
    {
        *last = rest.to_owned();
    }
    let quoted_empty = |index: usize| directive.args.get(index).is_some_and(|word| word.quoted);
    let kept = words.into_iter().enumerate();
    kept.filter(|(index, word)| !word.is_empty() || quoted_empty(*index))
        .map(|(_, word)| word)
        .collect()
}

fn compare(subject: &Value, operator: &str, object: &str, state: &State<'_>) -> Verdict {
    let Some(subject) = subject.known() else {
        return Verdict::Unknown;
    };
    match operator {
        "=" | "!=" => match evaluate(object, state).known() {
            Some(object) => ((subject == object) == (operator == "=")).into(),
            None => Verdict::Unknown,
        },
        "~" | "~*" | "!~" | "!~*" => {
            let pattern = Pattern::new(object, operator.ends_with('*'));
            if !pattern.is_understood() {
                return Verdict::Unknown;
            }
            match (pattern.captures(subject), operator.starts_with('!')) {
                (Some(captures), false) => Verdict::Yes(Some(captures)),
                (found, negated) => (found.is_some() != negated).into(),
            }
        }
        _ => Verdict::Unknown,
    }
}

fn file_test(test: &str, path: &str, state: &State<'_>) -> Verdict {
    let path = evaluate(path, state);
    let Some(path) = path.known() else {
        return Verdict::Unknown;
    };
    let path = Path::new(path);
    let (negated, test) = match test.strip_prefix('!') {
        Some(test) => (true, test),
        None => (false, test),
    };
    let root = state.root;
    let holds = match test {
        "-f" => root.is_file(path),
        "-d" => root.is_dir(path),
        "-e" | "-x" => root.is_file(path) || root.is_dir(path),
        _ => return Verdict::Unknown,
    };
    (holds != negated).into()
}
