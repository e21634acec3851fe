//! Which `location` gets a URI, as `ngx_http_core_find_location` decides it: an exact one ends the search; the
//! longest prefix is remembered and searched inside; unless it is `^~`, regular expressions are tried in order.

use super::{
    pattern::{Captures, Pattern},
    tree::Directive,
};

/// A `location` block.
#[derive(Clone, Debug)]
pub struct Location<'c> {
    pub directive: &'c Directive,
    pub kind: Kind,
    pub children: Vec<Location<'c>>,
}

#[derive(Clone, Debug)]
pub enum Kind {
    /// `= /x`
    Exact(String),
    /// `/x`; `sealed` is `^~ /x`: no regular expression is tried after it.
    Prefix {
        path: String,
        sealed: bool,
    },
    Regex(Pattern),
    /// `@x`
    Named(String),
}

/// How a location was found.
#[derive(Clone, Debug)]
pub struct Found<'l, 'c> {
    /// From the server's own location down to the one that gets the request.
    pub path: Vec<&'l Location<'c>>,
    pub captures: Option<Captures>,
    /// The URI lacks the slash at the end of a proxied prefix: nginx answers with a redirect to it.
    pub adds_slash: bool,
}

impl<'c> Location<'c> {
    /// The locations that stand directly in a block.
    pub fn all_in(block: &'c Directive) -> Vec<Self> {
        block.all("location").filter_map(Self::new).collect()
    }

    fn new(directive: &'c Directive) -> Option<Self> {
        let words: Vec<&str> = directive
            .args
            .iter()
            .map(|word| word.text.as_str())
            .collect();
        let kind = match words[..] {
            ["=", path] => Kind::Exact(path.to_owned()),
            ["^~", path] => prefix(path, true),
            ["~", pattern] => Kind::Regex(Pattern::new(pattern, false)),
            ["~*", pattern] => Kind::Regex(Pattern::new(pattern, true)),
            [word] => joined(word),
            _ => return None,
        };
        Some(Self {
            directive,
            kind,
            children: Self::all_in(directive),
        })
    }

    /// The path that `proxy_pass` with a URI replaces.
    pub fn prefix(&self) -> Option<&str> {
        match &self.kind {
            Kind::Exact(path) | Kind::Prefix { path, .. } => Some(path),
            Kind::Regex(_) | Kind::Named(_) => None,
        }
    }

    fn redirects_to_slash(&self, uri: &str) -> bool {
        const HANDLERS: [&str; 6] = [
            "proxy_pass",
            "fastcgi_pass",
            "uwsgi_pass",
            "scgi_pass",
            "memcached_pass",
            "grpc_pass",
        ];
        let bare = self.prefix().and_then(|path| path.strip_suffix('/'));
        bare == Some(uri)
            && HANDLERS
                .iter()
                .any(|name| self.directive.first(name).is_some())
    }
}

/// A modifier may stand before the path without a blank.
fn joined(word: &str) -> Kind {
    if let Some(name) = word.strip_prefix('@') {
        Kind::Named(name.to_owned())
    } else if let Some(path) = word.strip_prefix('=') {
        Kind::Exact(path.to_owned())
    } else if let Some(path) = word.strip_prefix("^~") {
        prefix(path, true)
    } else if let Some(pattern) = word.strip_prefix("~*") {
        Kind::Regex(Pattern::new(pattern, true))
    } else if let Some(pattern) = word.strip_prefix('~') {
        Kind::Regex(Pattern::new(pattern, false))
    } else {
        prefix(word, false)
    }
}

fn prefix(path: &str, sealed: bool) -> Kind {
    Kind::Prefix {
        path: path.to_owned(),
        sealed,
    }
}

/// The location for a URI; an empty path means that the server block itself answers.
pub fn find<'l, 'c>(locations: &'l [Location<'c>], uri: &str) -> Found<'l, 'c> {
    let nothing = Found {
        path: Vec::new(),
        captures: None,
        adds_slash: false,
    };
    let exact = locations
        .iter()
        .find(|location| matches!(&location.kind, Kind::Exact(path) if path == uri));
    if let Some(location) = exact {
        return Found {
            path: vec![location],
            ..nothing
        };
    }
    let bare = locations
        .iter()
        .any(|location| location.prefix() == Some(uri));
    let slashed = locations
        .iter()
        .find(|location| location.redirects_to_slash(uri));
    if let Some(location) = slashed.filter(|_| !bare) {
        return Found {
            path: vec![location],
            adds_slash: true,
            ..nothing
        };
    }
    let longest = longest_prefix(locations, uri);
    let inner = longest.map(|location| below(location, uri));
    if let Some(found) = &inner
        && (found.ended() || longest.is_some_and(Location::is_sealed))
    {
        return inner.unwrap_or(nothing);
    }
    let regex = locations.iter().find_map(|location| match &location.kind {
        Kind::Regex(pattern) => Some((location, pattern.captures(uri)?)),
        _ => None,
    });
    match regex {
        Some((location, captures)) => {
            let mut found = below(location, uri);
            found.captures.get_or_insert(captures);
            found
        }
        None => inner.unwrap_or(nothing),
    }
}

impl Location<'_> {
    fn is_sealed(&self) -> bool {
        matches!(self.kind, Kind::Prefix { sealed: true, .. })
    }
}

impl Found<'_, '_> {
    /// Whether the search is over, whatever the outer level has: an exact one, a regular expression or a
    /// redirect was found inside.
    fn ended(&self) -> bool {
        let exact = self
            .path
            .last()
            .is_some_and(|location| matches!(location.kind, Kind::Exact(_)));
        exact || self.adds_slash || self.captures.is_some()
    }
}

fn longest_prefix<'l, 'c>(locations: &'l [Location<'c>], uri: &str) -> Option<&'l Location<'c>> {
    let fitting = locations
        .iter()
        .filter_map(|location| match &location.kind {
            Kind::Prefix { path, .. } if uri.starts_with(path.as_str()) => {
                Some((path.len(), location))
            }
            _ => None,
        });
    fitting
        .max_by_key(|(length, _)| *length)
        .map(|(_, found)| found)
}

fn below<'l, 'c>(location: &'l Location<'c>, uri: &str) -> Found<'l, 'c> {
    let mut found = find(&location.children, uri);
    found.path.insert(0, location);
    found
}
