//! What `$name` stands for in a request, as far as it can be known without one.

use super::{
    pattern::{Captures, Pattern},
    referer,
    tree::Directive,
    value::Value,
    walk::State,
};

/// A map that leads to itself ends here.
const MAX_DEPTH: usize = 16;

/// Replaces the variables in a text, as they are before a back end is asked.
pub(super) fn evaluate(template: &str, state: &State<'_>) -> Value {
    Variables::of(state).text(template, &state.captures)
}

/// The same when the back end has answered.
pub(super) fn evaluate_answered(template: &str, state: &State<'_>) -> Value {
    let variables = Variables {
        is_answered: true,
        ..Variables::of(state)
    };
    variables.text(template, &state.captures)
}

/// The entry of a `map` that gives a variable its value in this request.
pub(super) fn map_entry<'c>(variable: &str, state: &State<'c>) -> Option<&'c Directive> {
    let variables = Variables::of(state);
    variables
        .entry(state.http.source(variable)?)
        .map(|(entry, _)| entry)
}

/// The entry of a `map` by host that would give a variable its value if the map said `hostnames`.
pub(super) fn missed_entry<'c>(variable: &str, state: &State<'c>) -> Option<&'c Directive> {
    let map = state.http.source(variable)?;
    let by_host = matches!(
        map.arg(0)?.trim_matches(['$', '{', '}']),
        "host" | "http_host" | "server_name"
    );
    if !by_host || !map.is("map") || map.first("hostnames").is_some() {
        return None;
    }
    let variables = Variables::of(state);
    let taken = variables.entry(map).map(|(entry, _)| entry);
    let subject = variables.subject(map)?;
    let mut fitting = map.children().iter();
    let fitting = fitting.find(|entry| is_key(entry) && wildcard_fits(key(entry), &subject))?;
    taken
        .is_none_or(|taken| taken.is("default") && taken.arg(0) != fitting.arg(0))
        .then_some(fitting)
}

/// The names of the variables in a text, in order.
pub(super) fn names(template: &str) -> Vec<&str> {
    let mut names = Vec::new();
    scan(template, |piece| {
        if let Piece::Variable(name) = piece {
            names.push(name);
        }
    });
    names
}

enum Piece<'t> {
    Text(&'t str),
    Variable(&'t str),
}

/// Cuts a text into what stands there and the variables between.
fn scan<'t>(template: &'t str, mut take: impl FnMut(Piece<'t>)) {
    let mut rest = template;
    while let Some(dollar) = rest.find('$') {
        let after = &rest[dollar + 1..];
        let (name, length) = match after.strip_prefix('{') {
            Some(braced) => {
                let end = braced.find('}').unwrap_or(braced.len());
                (&braced[..end], (end + 2).min(after.len()))
            }
            None => {
                let end = name_length(after);
                (&after[..end], end)
            }
        };
        if name.is_empty() {
            take(Piece::Text(&rest[..=dollar]));
        } else {
            take(Piece::Text(&rest[..dollar]));
            take(Piece::Variable(name));
        }
        rest = &after[length..];
    }
    take(Piece::Text(rest));
}

/// `$1` is one digit; any other name goes on while it is a word.
fn name_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 1;
    }
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.find(|c| !part(c)).unwrap_or(text.len())
}

struct Variables<'s, 'c> {
    state: &'s State<'c>,
    /// The back end's answer is there.
    is_answered: bool,
    depth: usize,
}

impl<'s, 'c> Variables<'s, 'c> {
    fn of(state: &'s State<'c>) -> Self {
        Self {
            state,
            is_answered: false,
            depth: 0,
        }
    }

    /// For what a `map` reads.
    fn deeper(&self) -> Self {
        Self {
            depth: self.depth + 1,
            ..*self
        }
    }

    fn text(&self, template: &str, captures: &Captures) -> Value {
        let mut value = Value::default();
        scan(template, |piece| match piece {
            Piece::Text(text) => value.push_str(text),
            Piece::Variable(name) => value.push(self.variable(name, captures)),
        });
        value
    }

    fn variable(&self, name: &str, captures: &Captures) -> Value {
        if let Ok(group) = name.parse::<usize>() {
            return Value::text(captures.groups.get(group).cloned().unwrap_or_default());
        }
        if let Some((_, text)) = captures.named.iter().rev().find(|(named, _)| named == name) {
            return Value::text(text);
        }
        if let Some(value) = self.state.variables.get(name) {
            return value.clone();
        }
        if let Some(source) = self.state.http.source(name) {
            return self.mapped(name, source);
        }
        if !self.is_answered && is_of_answer(name) {
            return Value::default();
        }
        builtin(name, self.state).unwrap_or_else(|| Value::unknown(name))
    }

    fn mapped(&self, name: &str, source: &'c Directive) -> Value {
        if !source.is("map") || self.depth >= MAX_DEPTH {
            return Value::unknown(name);
        }
        let known = self.subject(source);
        if known.is_none() {
            return Value::unknown(name);
        }
        let found = self.entry(source);
        // A pattern that could not be read may be the one that fits.
        let is_read = found
            .as_ref()
            .is_some_and(|(entry, _)| !entry.is("default"));
        if !is_read && has_unread_pattern(source) {
            return Value::unknown(name);
        }
        let Some((entry, captures)) = found else {
            return Value::default();
        };
        self.deeper()
            .text(entry.arg(0).unwrap_or_default(), &captures)
    }

    fn subject(&self, map: &Directive) -> Option<String> {
        let subject = self.deeper().text(map.arg(0)?, &self.state.captures);
        subject.known().map(str::to_owned)
    }

    /// Exact entries first, then wildcards, regular expressions in order, and the default.
    fn entry(&self, map: &'c Directive) -> Option<(&'c Directive, Captures)> {
        if self.depth >= MAX_DEPTH || !map.is("map") {
            return None;
        }
        let subject = self.subject(map)?;
        let entries = || map.children().iter().filter(|entry| !entry.args.is_empty());
        let hostnames = map.first("hostnames").is_some();
        let exact = entries().find(|entry| is_key(entry) && same(key(entry), &subject));
        if let Some(entry) = exact {
            return Some((entry, Captures::default()));
        }
        let wildcard = entries().find(|entry| hostnames && wildcard_fits(key(entry), &subject));
        if let Some(entry) = wildcard {
            return Some((entry, Captures::default()));
        }
        let regex = entries().find_map(|entry| {
            let pattern = pattern_of(key(entry))?;
            Some((entry, pattern.captures(&subject)?))
        });
        if regex.is_some() {
            return regex;
        }
        let default = map.children().iter().find(|entry| entry.is("default"))?;
        Some((default, Captures::default()))
    }
}

fn key(entry: &Directive) -> &str {
    &entry.name.text
}

fn is_key(entry: &Directive) -> bool {
    let special = !entry.name.quoted && matches!(key(entry), "default" | "hostnames" | "volatile");
    !special && !key(entry).starts_with('~')
}

fn same(key: &str, subject: &str) -> bool {
    key.strip_prefix('\\')
        .unwrap_or(key)
        .eq_ignore_ascii_case(subject)
}

pub(super) fn wildcard_fits(key: &str, subject: &str) -> bool {
    let subject = subject.to_ascii_lowercase();
    if let Some(rest) = key.strip_prefix("*.") {
        return subject.ends_with(&format!(".{rest}"));
    }
    if let Some(rest) = key.strip_prefix('.') {
        return subject == rest || subject.ends_with(key);
    }
    key.strip_suffix(".*")
        .is_some_and(|start| subject.starts_with(&format!("{start}.")))
}

fn has_unread_pattern(map: &Directive) -> bool {
    let mut patterns = map
        .children()
        .iter()
        .filter_map(|entry| pattern_of(key(entry)));
    patterns.any(|pattern| !pattern.is_understood())
}

fn pattern_of(key: &str) -> Option<Pattern> {
    let pattern = key.strip_prefix('~')?;
    Some(match pattern.strip_prefix('*') {
        Some(pattern) => Pattern::new(pattern, true),
        None => Pattern::new(pattern, false),
    })
}

/// Whether it is empty until the back end has answered.
fn is_of_answer(name: &str) -> bool {
    ["upstream_", "sent_http_"]
        .iter()
        .any(|of_answer| name.starts_with(of_answer))
}

fn builtin(name: &str, state: &State<'_>) -> Option<Value> {
    let request = &state.request;
    let text = match name {
        "uri" | "document_uri" => state.uri.clone(),
        "request_uri" => request.target(),
        "args" | "query_string" => state.args.clone(),
        "is_args" => if state.args.is_empty() { "" } else { "?" }.to_owned(),
        "host" => request.host.clone(),
        "scheme" => request.scheme.to_owned(),
        "https" => if request.scheme == "https" { "on" } else { "" }.to_owned(),
        "server_port" => request.port.to_string(),
        "server_name" => state.server_name.clone(),
        "server_protocol" => "HTTP/1.1".to_owned(),
        "request_method" => request.method.to_owned(),
        "request" => format!("{} {} HTTP/1.1", request.method, request.target()),
        "document_root" => state.document_root(),
        "request_filename" => state.file_name(&state.uri),
        "content_type" => request
            .header("content-type")
            .unwrap_or_default()
            .to_owned(),
        "content_length" => request
            .header("content-length")
            .unwrap_or_default()
            .to_owned(),
        "invalid_referer" => if referer::is_invalid(state) { "1" } else { "" }.to_owned(),
        _ => return by_prefix(name, state),
    };
    Some(Value::text(text))
}

fn by_prefix(name: &str, state: &State<'_>) -> Option<Value> {
    if let Some(argument) = name.strip_prefix("arg_") {
        return Some(Value::text(argument_of(&state.args, argument)));
    }
    let header = name.strip_prefix("http_")?.replace('_', "-");
    let sent = state.request.header(&header);
    // What a proxy in front of nginx would add; the browser's own cookies are unknown as well.
    let is_added = header.starts_with("x-") || header.starts_with("cf-");
    let is_unknown = header == "cookie" || is_added && !state.request.is_whole;
    if sent.is_none() && is_unknown {
        return None;
    }
    Some(Value::text(sent.unwrap_or_default()))
}

fn argument_of(query: &str, name: &str) -> String {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter(|(key, _)| key.eq_ignore_ascii_case(name));
    values
        .next()
        .map(|(_, value)| value.to_owned())
        .unwrap_or_default()
}
