//! `proxy_pass`: which address is asked, with which URI and which headers (`ngx_http_proxy_create_request`).

use super::{
    request::with_query, tree::Directive, upstream::Authority, value::Value, variables::evaluate,
    walk::State,
};

/// The request that reaches the back end.
#[derive(Clone, Debug)]
pub struct Proxied<'c> {
    pub pass: &'c Directive,
    /// `http` or `https`.
    pub scheme: String,
    pub target: Target,
    /// Path and query, as in the request line.
    pub uri: Value,
    /// The address is put together from variables at run time.
    pub has_variables: bool,
    pub headers: Vec<Header<'c>>,
}

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An `upstream` block, by name.
    Upstream(String),
    Address(Authority),
    /// It depends on something that is not known here.
    Unknown(Value),
}

/// A header that nginx sets, whatever the client sent.
#[derive(Clone, Debug)]
pub struct Header<'c> {
    /// In lower case.
    pub name: String,
    /// Empty: the header is not sent.
    pub value: Value,
    /// `None` for what nginx does by itself.
    pub by: Option<&'c Directive>,
}

impl<'c> Proxied<'c> {
    pub(super) fn new(pass: &'c Directive, state: &State<'c>) -> Self {
        let written = pass.arg(0).unwrap_or_default();
        let has_variables = written.contains('$');
        let evaluated = evaluate(written, state);
        let (scheme, rest) = cut_scheme(&evaluated);
        let (authority, path) = cut_path(&rest);
        let uri = match path {
            Some(path) if has_variables => path,
            path => changed_uri(path.as_ref().and_then(Value::known), state),
        };
        Self {
            pass,
            target: target(authority, &scheme, state),
            scheme,
            uri,
            has_variables,
            headers: headers(state),
        }
    }

    /// What the back end gets for a header: from nginx, or else from the client.
    pub fn header(&self, name: &str) -> Option<&Header<'c>> {
        self.headers.iter().rev().find(|header| header.name == name)
    }

    /// The path of the URI, without the query, as far as it is known.
    pub fn path(&self) -> Option<&str> {
        let uri = self.uri.known()?;
        Some(uri.split('?').next().unwrap_or(uri))
    }
}

/// The address that a `proxy_pass` without variables names.
pub(super) fn written_address(pass: &Directive) -> Option<Authority> {
    let written = pass.arg(0).filter(|written| !written.contains('$'))?;
    let (scheme, rest) = cut_scheme(&Value::text(written));
    let (authority, _) = cut_path(&rest);
    let port = super::request::default_port(&scheme);
    Some(Authority::parse(authority.known()?, port))
}

fn cut_scheme(value: &Value) -> (String, Value) {
    let start = value.known_start();
    match start.split_once("://") {
        Some((scheme, _)) => (scheme.to_owned(), value.without_start(scheme.len() + 3)),
        None => ("http".to_owned(), value.clone()),
    }
}

/// The authority and what follows it: a path, or nothing.
fn cut_path(value: &Value) -> (Value, Option<Value>) {
    let rendered = value.known_start();
    if let Some(rest) = rendered.strip_prefix("unix:") {
        // unix:/path/of/socket:/uri
        return match rest.find(':') {
            Some(colon) => {
                // After the colon there may be nothing.
                let path = Some(value.without_start(colon + 6));
                let path = path.filter(|path| path.known() != Some(""));
                (Value::text(&rendered[..colon + 5]), path)
            }
            None => (value.clone(), None),
        };
    }
    match value.cut_at('/') {
        // It may be that of a scheme that is not known.
        Some((authority, path)) if !path.known_start().starts_with("//") => (authority, Some(path)),
        _ => (value.clone(), None),
    }
}

fn target(authority: Value, scheme: &str, state: &State<'_>) -> Target {
    let Some(text) = authority.known() else {
        return Target::Unknown(authority);
    };
    if state.http.upstream(text).is_some() {
        return Target::Upstream(text.to_owned());
    }
    Target::Address(Authority::parse(text, super::request::default_port(scheme)))
}

/// Without a path the URI goes on as the client sent it, or as rewrites left it; with one, it takes the place
/// of the location's prefix.
fn changed_uri(path: Option<&str>, state: &State<'_>) -> Value {
    let uri = match path {
        None if state.is_unparsed => return Value::text(state.request.target()),
        None => state.uri.clone(),
        Some(path) => match &state.prefix {
            Some(prefix) => format!(
                "{path}{}",
                state.uri.get(prefix.len()..).unwrap_or_default()
            ),
            None => state.uri.clone(),
        },
    };
    Value::text(with_query(&uri, &state.args))
}

/// What nginx sends by itself, and then what the configuration sets.
fn headers<'c>(state: &State<'c>) -> Vec<Header<'c>> {
    let own = [
        ("host", Value::unknown("proxy_host")),
        ("connection", Value::text("close")),
        ("upgrade", Value::default()),
        ("keep-alive", Value::default()),
        ("te", Value::default()),
        ("expect", Value::default()),
    ];
    let own = own.into_iter().map(|(name, value)| Header {
        name: name.to_owned(),
        value,
        by: None,
    });
    let set = state.scope.all("proxy_set_header").into_iter();
    let set = set.filter_map(|directive| {
        Some(Header {
            name: directive.arg(0)?.to_ascii_lowercase(),
            value: evaluate(directive.arg(1)?, state),
            by: Some(directive),
        })
    });
    own.chain(set).collect()
}
