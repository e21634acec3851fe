//! The rewrite module: `set`, `if`, `rewrite`, `return` and `break`, carried out in the order of the file.

use super::{
    condition::{Verdict, judge},
    pattern::Pattern,
    tree::Directive,
    value::Value,
    variables::evaluate,
    walk::{Landing, State, Step},
};

/// How a block's instructions ended.
pub(super) enum Flow<'c> {
    /// To the next phase, or to another location if the URI changed.
    Go,
    /// `break` or `last`: the rest is passed over.
    Stop,
    Answer(Landing<'c>),
}

/// Carries out a block's instructions. In a location, an `if` that holds becomes the innermost block.
pub(super) fn run<'c>(block: &'c Directive, state: &mut State<'c>, in_location: bool) -> Flow<'c> {
    for directive in block.children() {
        let flow = match directive.name.text.as_str() {
            "set" => set(directive, state),
            "break" => Flow::Stop,
            "return" => Flow::Answer(answer(directive, state)),
            "rewrite" => rewrite(directive, state),
            "if" => branch(directive, state, in_location),
            _ => Flow::Go,
        };
        if !matches!(flow, Flow::Go) {
            return flow;
        }
    }
    Flow::Go
}

fn set<'c>(directive: &'c Directive, state: &mut State<'c>) -> Flow<'c> {
    if let [name, value] = &directive.args[..]
        && let Some(name) = name.text.strip_prefix('$')
    {
        let value = evaluate(&value.text, state);
        state.variables.insert(name.to_owned(), value);
    }
    Flow::Go
}

fn branch<'c>(directive: &'c Directive, state: &mut State<'c>, in_location: bool) -> Flow<'c> {
    match judge(directive, state) {
        Verdict::No => Flow::Go,
        Verdict::Unknown => {
            state.steps.push(Step::Unknown(directive));
            Flow::Go
        }
        Verdict::Yes(captures) => {
            state.steps.push(Step::If(directive));
            if let Some(captures) = captures {
                state.capture(captures);
            }
            if in_location {
                // Several that hold do not add up: each inherits from the location alone.
                state.scope = state.location.within(directive);
            }
            run(directive, state, in_location)
        }
    }
}

fn answer<'c>(directive: &'c Directive, state: &mut State<'c>) -> Landing<'c> {
    let first = directive.arg(0).unwrap_or_default();
    let (status, text) = match first.parse::<u16>() {
        Ok(status) => (status, directive.arg(1)),
        Err(_) => (302, Some(first)),
    };
    let text = text.map(|text| evaluate(text, state));
    Landing::Answer {
        status,
        text,
        by: directive,
    }
}

fn rewrite<'c>(directive: &'c Directive, state: &mut State<'c>) -> Flow<'c> {
    let (Some(pattern), Some(replacement)) = (directive.arg(0), directive.arg(1)) else {
        return Flow::Go;
    };
    let flag = directive.arg(2);
    let Some(captures) = Pattern::new(pattern, false).captures(&state.uri) else {
        return Flow::Go;
    };
    state.capture(captures);
    let target = evaluate(replacement, state);
    let elsewhere = ["http://", "https://", "$scheme"]
        .iter()
        .any(|start| replacement.starts_with(start));
    if elsewhere || matches!(flag, Some("redirect" | "permanent")) {
        return Flow::Answer(redirect(directive, flag, target, state));
    }
    let before = state.uri.clone();
    change_uri(&target.to_string(), state);
    state.steps.push(Step::Rewrite {
        by: directive,
        from: before,
        to: state.uri.clone(),
    });
    match flag {
        Some("break") => {
            state.break_here();
            Flow::Stop
        }
        Some("last") => Flow::Stop,
        _ => Flow::Go,
    }
}

fn redirect<'c>(
    directive: &'c Directive,
    flag: Option<&str>,
    target: Value,
    state: &State<'c>,
) -> Landing<'c> {
    let mut target = target;
    let rendered = target.to_string();
    if let Some(bare) = rendered.strip_suffix('?') {
        target = Value::text(bare);
    } else if !state.args.is_empty() {
        let joint = if rendered.contains('?') { "&" } else { "?" };
        target.push_str(joint);
        target.push_str(&state.args);
    }
    Landing::Answer {
        status: if flag == Some("permanent") { 301 } else { 302 },
        text: Some(target),
        by: directive,
    }
}

/// A replacement may bring a query of its own, before which the old one is put aside if it ends in `?`.
fn change_uri(replacement: &str, state: &mut State<'_>) {
    let (path, query) = match replacement.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (replacement, None),
    };
    let args = match query {
        None => state.args.clone(),
        Some("") => String::new(),
        Some(query) if query.ends_with('?') => query.trim_end_matches('?').to_owned(),
        Some(query) if state.args.is_empty() => query.to_owned(),
        Some(query) => format!("{query}&{}", state.args),
    };
    state.move_to(path, &args);
}
