//! A request's way through nginx: the server block, its rewrites, the location, its rewrites, what stands in
//! the way there, and what answers. The order is that of nginx's phases; internal redirects start it anew.

use std::{collections::HashMap, path::Path};

use crate::root::Root;

use super::{
    content,
    http::Http,
    location::{self, Found, Location},
    pattern::Captures,
    proxy::Proxied,
    request::Request,
    rewrite::{self, Flow},
    scope::Scope,
    server::{Choice, Server},
    tree::Directive,
    value::Value,
    variables,
};

/// nginx gives up after ten rewrites or internal redirects, and answers 500.
const MAX_CYCLES: usize = 10;
/// Debian's, Red Hat's and the official packages' own folder of a site that names none.
const DEFAULT_ROOT: &str = "/usr/share/nginx/html";

/// The way, and where it ends.
#[derive(Debug)]
pub struct Walk<'c> {
    pub choice: Choice<'c>,
    pub steps: Vec<Step<'c>>,
    pub landing: Landing<'c>,
    state: State<'c>,
}

/// Something that happened on the way, for whoever explains it.
#[derive(Clone, Debug)]
pub enum Step<'c> {
    /// The location that the URI belongs to; `None` if no location fits it.
    Location {
        block: Option<&'c Directive>,
        uri: String,
    },
    /// An `if` that holds.
    If(&'c Directive),
    /// An `if` that only a real request can decide; taken as not holding.
    Unknown(&'c Directive),
    Rewrite {
        by: &'c Directive,
        from: String,
        to: String,
    },
    /// `try_files` found a file.
    Tried {
        by: &'c Directive,
        file: String,
    },
    /// Nothing that `try_files` names is there; it goes on with its last argument.
    FellBack {
        by: &'c Directive,
        to: String,
    },
    ErrorPage {
        by: &'c Directive,
        status: u16,
        to: String,
        /// What answered with the status, if a directive did.
        after: Option<&'c Directive>,
    },
    Index {
        file: String,
    },
}

impl<'c> Step<'c> {
    /// The directive that made it; `None` where the request itself did.
    pub fn by(&self) -> Option<&'c Directive> {
        match self {
            Self::Location { block, .. } => *block,
            Self::If(by) | Self::Unknown(by) => Some(by),
            Self::Rewrite { by, .. } | Self::Tried { by, .. } => Some(by),
            Self::FellBack { by, .. } | Self::ErrorPage { by, .. } => Some(by),
            Self::Index { .. } => None,
        }
    }
}

/// What answers in the end.
#[derive(Clone, Debug)]
pub enum Landing<'c> {
    Proxied(Box<Proxied<'c>>),
    /// Another handler, such as `fastcgi_pass` or Lua, whose answer is its own.
    Handler(&'c Directive),
    /// A file, or its absence.
    Static {
        status: u16,
        file: String,
    },
    /// `return`, a redirect, or a status that `try_files` names. A text is a redirect's target or the body.
    Answer {
        status: u16,
        text: Option<Value>,
        by: &'c Directive,
    },
    /// It goes in circles: 500.
    Cycle,
}

/// Where a request is at the moment.
#[derive(Clone, Debug)]
pub(super) struct State<'c> {
    pub(super) http: &'c Http<'c>,
    pub(super) root: &'c Root,
    pub(super) request: Request,
    pub(super) server_name: String,
    pub(super) uri: String,
    pub(super) args: String,
    pub(super) variables: HashMap<String, Value>,
    pub(super) captures: Captures,
    pub(super) steps: Vec<Step<'c>>,
    /// The innermost block that holds.
    pub(super) scope: Scope<'c>,
    /// The location's own scope, without an `if` inside it.
    pub(super) location: Scope<'c>,
    /// The prefix that `proxy_pass` with a URI replaces, while it may do so.
    pub(super) prefix: Option<String>,
    /// The request line is still what the client sent.
    pub(super) is_unparsed: bool,
    uri_changed: bool,
    /// It is no longer, or never was, what a client asked for.
    is_internal: bool,
    after_error: bool,
}

/// What the content phase leads to.
pub(super) enum Next<'c> {
    Land(Landing<'c>),
    /// An internal redirect to this path and query.
    Redirect(String, String),
    /// To the location of this name.
    Named(String),
}

/// Follows a request from the server block that gets it.
pub fn walk<'c>(
    http: &'c Http<'c>,
    root: &'c Root,
    choice: Choice<'c>,
    request: Request,
) -> Walk<'c> {
    start(http, root, choice, request, false)
}

fn start<'c>(
    http: &'c Http<'c>,
    root: &'c Root,
    choice: Choice<'c>,
    request: Request,
    is_internal: bool,
) -> Walk<'c> {
    let server = &http.servers[choice.server];
    let scope = Scope::new([http.block, server.directive]);
    let mut state = State {
        http,
        root,
        server_name: server
            .names
            .first()
            .map_or("", |name| &name.word.text)
            .to_owned(),
        uri: request.uri(),
        args: request.query.clone(),
        request,
        variables: HashMap::new(),
        captures: choice.captures.clone(),
        steps: Vec::new(),
        location: scope.clone(),
        scope,
        prefix: None,
        is_unparsed: true,
        uri_changed: false,
        is_internal,
        after_error: false,
    };
    let landing = state.follow(server);
    Walk {
        choice,
        steps: std::mem::take(&mut state.steps),
        landing,
        state,
    }
}

impl<'c> Walk<'c> {
    /// What holds where it landed.
    pub fn scope(&self) -> &Scope<'c> {
        &self.state.scope
    }

    pub fn request(&self) -> &Request {
        &self.state.request
    }

    pub fn server(&self) -> &'c Server<'c> {
        &self.state.http.servers[self.choice.server]
    }

    /// The text with its variables replaced as they are at the end of the way, before a back end is asked.
    pub fn evaluate(&self, template: &str) -> Value {
        variables::evaluate(template, &self.state)
    }

    /// The same when the back end has answered.
    pub fn evaluate_answered(&self, template: &str) -> Value {
        variables::evaluate_answered(template, &self.state)
    }

    /// The entry of a `map` that gives this variable its value.
    pub fn map_entry(&self, variable: &str) -> Option<&'c Directive> {
        variables::map_entry(variable, &self.state)
    }

    /// The `map`, or what else makes this variable.
    pub fn map_of(&self, variable: &str) -> Option<&'c Directive> {
        self.state.http.source(variable)
    }

    /// The entry that would do so if its `map` took names such as `.example.com` for what they mean.
    pub fn missed_entry(&self, variable: &str) -> Option<&'c Directive> {
        variables::missed_entry(variable, &self.state)
    }

    /// The file that a path of the site stands for where it landed.
    pub fn file_of(&self, path: &str) -> String {
        self.state.file_name(path)
    }

    /// The back end, if one is asked.
    pub fn proxied(&self) -> Option<&Proxied<'c>> {
        match &self.landing {
            Landing::Proxied(proxied) => Some(proxied),
            _ => None,
        }
    }

    /// The location where it landed.
    pub fn location(&self) -> Option<&'c Directive> {
        let mut outwards = self.state.scope.blocks().iter().rev();
        outwards.find(|block| block.is("location")).copied()
    }

    /// Where a subrequest to this path of the same server ends.
    pub fn subrequest(&self, path: &str) -> Walk<'c> {
        let mut request = self.state.request.clone();
        path.clone_into(&mut request.path);
        request.method = "GET";
        start(
            self.state.http,
            self.state.root,
            self.choice.clone(),
            request,
            true,
        )
    }
}

impl<'c> State<'c> {
    fn follow(&mut self, server: &'c Server<'c>) -> Landing<'c> {
        let mut named: Option<String> = None;
        for _ in 0..MAX_CYCLES {
            let next = match named.take() {
                Some(name) => self.enter_named(server, &name),
                None => self.enter(server),
            };
            let next = self.after_errors(next);
            match next {
                Next::Land(landing) => return landing,
                Next::Redirect(path, query) => self.redirect(&path, &query),
                Next::Named(name) => named = Some(name),
            }
        }
        Landing::Cycle
    }

    /// From the server's rewrites to what answers.
    fn enter(&mut self, server: &'c Server<'c>) -> Next<'c> {
        self.scope = Scope::new([self.http.block, server.directive]);
        self.location = self.scope.clone();
        if let Flow::Answer(landing) = rewrite::run(server.directive, self, false) {
            return Next::Land(landing);
        }
        for _ in 0..MAX_CYCLES {
            self.uri_changed = false;
            let found = location::find(&server.locations, &self.uri);
            if found.adds_slash {
                return Next::Land(self.add_slash(&found));
            }
            self.stand_in(server, &found);
            let Some(block) = self.own_location() else {
                return self.content();
            };
            if let Some(internal) = block.first("internal").filter(|_| !self.is_internal) {
                return Next::Land(Landing::Answer {
                    status: 404,
                    text: None,
                    by: internal,
                });
            }
            if let Flow::Answer(landing) = rewrite::run(block, self, true) {
                return Next::Land(landing);
            }
            if !self.uri_changed {
                return self.content();
            }
        }
        Next::Land(Landing::Cycle)
    }

    fn enter_named(&mut self, server: &'c Server<'c>, name: &str) -> Next<'c> {
        self.is_internal = true;
        let named = |location: &&Location<'c>| matches!(&location.kind, location::Kind::Named(n) if n == name);
        let Some(location) = server.locations.iter().find(named) else {
            return Next::Land(Landing::Cycle);
        };
        let found = Found {
            path: vec![location],
            captures: None,
            adds_slash: false,
        };
        self.uri_changed = false;
        self.stand_in(server, &found);
        match rewrite::run(location.directive, self, true) {
            Flow::Answer(landing) => Next::Land(landing),
            _ if self.uri_changed => Next::Redirect(self.uri.clone(), self.args.clone()),
            _ => self.content(),
        }
    }

    fn stand_in(&mut self, server: &'c Server<'c>, found: &Found<'_, 'c>) {
        let blocks = found.path.iter().map(|location| location.directive);
        let outer = [self.http.block, server.directive];
        self.location = Scope::new(outer.into_iter().chain(blocks));
        self.scope = self.location.clone();
        let last = found.path.last();
        self.prefix = last.and_then(|location| location.prefix().map(str::to_owned));
        if let Some(captures) = found.captures.clone() {
            self.capture(captures);
        }
        self.steps.push(Step::Location {
            block: last.map(|location| location.directive),
            uri: self.uri.clone(),
        });
    }

    /// The innermost location, if the request is in one.
    pub(super) fn own_location(&self) -> Option<&'c Directive> {
        self.location
            .innermost()
            .filter(|block| block.is("location"))
    }

    fn content(&mut self) -> Next<'c> {
        self.limit_except();
        content::content(self)
    }

    /// A method that `limit_except` does not name is answered by the rules inside it.
    fn limit_except(&mut self) {
        let Some(limit) = self
            .own_location()
            .and_then(|block| block.first("limit_except"))
        else {
            return;
        };
        let method = self.request.method;
        if !limit.args.iter().any(|word| word.text == method) {
            self.scope = self.scope.within(limit);
        }
    }

    fn add_slash(&mut self, found: &Found<'_, 'c>) -> Landing<'c> {
        let Some(location) = found.path.last() else {
            return Landing::Cycle;
        };
        Landing::Answer {
            status: 301,
            text: Some(Value::text(format!("{}/", self.uri))),
            by: location.directive,
        }
    }

    /// `error_page` takes over from a status that nginx itself would answer.
    fn after_errors(&mut self, next: Next<'c>) -> Next<'c> {
        let (status, after) = match &next {
            Next::Land(Landing::Answer {
                status,
                text: None,
                by,
            }) => (*status, Some(*by)),
            Next::Land(Landing::Static { status, .. }) => (*status, None),
            _ => return next,
        };
        let recursive = self.scope.arg("recursive_error_pages") == Some("on");
        if status < 300 || status == 444 || (self.after_error && !recursive) {
            return next;
        }
        match content::error_page(self, status, after) {
            Some(taken) => {
                self.after_error = true;
                taken
            }
            None => next,
        }
    }

    fn redirect(&mut self, path: &str, query: &str) {
        path.clone_into(&mut self.uri);
        query.clone_into(&mut self.args);
        self.is_unparsed = false;
        self.is_internal = true;
    }

    pub(super) fn capture(&mut self, captures: Captures) {
        for (name, text) in &captures.named {
            self.variables.insert(name.clone(), Value::text(text));
        }
        self.captures = captures;
    }

    /// A rewrite took place.
    pub(super) fn move_to(&mut self, path: &str, args: &str) {
        path.clone_into(&mut self.uri);
        args.clone_into(&mut self.args);
        self.is_unparsed = false;
        self.is_internal = true;
        self.uri_changed = true;
    }

    /// `rewrite … break`: the URI stays as it is now, and the location's prefix is no longer replaced.
    pub(super) fn break_here(&mut self) {
        self.uri_changed = false;
        self.prefix = None;
    }

    pub(super) fn document_root(&self) -> String {
        match self.scope.arg("root") {
            Some(root) => variables::evaluate(root, self).to_string(),
            None => DEFAULT_ROOT.to_owned(),
        }
    }

    /// The file that a path of the site stands for.
    pub(super) fn file_name(&self, uri: &str) -> String {
        let aliased = self.own_location().and_then(|block| block.first("alias"));
        let Some(alias) = aliased.and_then(|alias| alias.arg(0)) else {
            return format!("{}{uri}", self.document_root());
        };
        let alias = variables::evaluate(alias, self).to_string();
        match &self.prefix {
            Some(prefix) => format!(
                "{alias}{}",
                uri.strip_prefix(prefix.as_str()).unwrap_or(uri)
            ),
            None => alias,
        }
    }

    pub(super) fn is_file(&self, path: &str) -> bool {
        self.root.is_file(Path::new(path))
    }

    pub(super) fn is_dir(&self, path: &str) -> bool {
        self.root.is_dir(Path::new(path))
    }
}
