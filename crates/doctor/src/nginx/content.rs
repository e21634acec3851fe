//! The end of the way: `try_files`, then what answers: a back end, another handler, an index, or a file.

use super::{
    proxy::Proxied,
    tree::Directive,
    variables::evaluate,
    walk::{Landing, Next, State, Step},
};

/// Directives that answer a request by themselves.
const HANDLERS: [&str; 14] = [
    "fastcgi_pass",
    "uwsgi_pass",
    "scgi_pass",
    "grpc_pass",
    "memcached_pass",
    "content_by_lua",
    "content_by_lua_block",
    "content_by_lua_file",
    "js_content",
    "echo",
    "stub_status",
    "empty_gif",
    "passenger_enabled",
    "perl",
];

pub(super) fn content<'c>(state: &mut State<'c>) -> Next<'c> {
    let tried = state.own_location().map_or_else(
        || state.scope.one("try_files"),
        |location| location.first("try_files"),
    );
    // An `if` that holds has no `try_files` of its own, and inherits none.
    let in_if = state.scope.innermost().is_some_and(|block| block.is("if"));
    if let Some(directive) = tried.filter(|_| !in_if)
        && let Some(next) = try_files(directive, state)
    {
        return next;
    }
    match handler(state) {
        Some(pass) if pass.is("proxy_pass") => {
            Next::Land(Landing::Proxied(Box::new(Proxied::new(pass, state))))
        }
        Some(other) => Next::Land(Landing::Handler(other)),
        None => files(state),
    }
}

/// The directive that answers here. It is not inherited by a location inside, but by an `if` it is.
fn handler<'c>(state: &State<'c>) -> Option<&'c Directive> {
    let answers = |child: &&'c Directive| {
        child.is("proxy_pass") || HANDLERS.iter().any(|name| child.is(name))
    };
    for block in state.scope.blocks().iter().rev() {
        if let Some(found) = block.children().iter().find(answers) {
            return Some(found);
        }
        if !block.is("if") && !block.is("limit_except") {
            return None;
        }
    }
    None
}

/// `None`: a file is there, and whatever answers in this location serves it.
fn try_files<'c>(directive: &'c Directive, state: &mut State<'c>) -> Option<Next<'c>> {
    let (fallback, candidates) = directive.args.split_last()?;
    for candidate in candidates {
        let path = evaluate(&candidate.text, state).to_string();
        let file = state.file_name(&path);
        let found = match file.strip_suffix('/') {
            Some(dir) if candidate.text.ends_with('/') => state.is_dir(dir),
            _ => !file.ends_with('/') && state.is_file(&file),
        };
        if found {
            state.uri = path;
            state.is_unparsed = false;
            state.steps.push(Step::Tried {
                by: directive,
                file,
            });
            return None;
        }
    }
    let to = evaluate(&fallback.text, state).to_string();
    state.steps.push(Step::FellBack {
        by: directive,
        to: to.clone(),
    });
    Some(match to.strip_prefix('=').map(str::parse) {
        Some(Ok(status)) => Next::Land(Landing::Answer {
            status,
            text: None,
            by: directive,
        }),
        _ => internal(&to, state),
    })
}

/// To a named location or to another URI.
fn internal<'c>(to: &str, state: &State<'c>) -> Next<'c> {
    if let Some(name) = to.strip_prefix('@') {
        return Next::Named(name.to_owned());
    }
    match to.split_once('?') {
        Some((path, query)) => Next::Redirect(path.to_owned(), query.to_owned()),
        None => Next::Redirect(to.to_owned(), state.args.clone()),
    }
}

/// What an `error_page` does with a status.
pub(super) fn error_page<'c>(
    state: &mut State<'c>,
    status: u16,
    after: Option<&'c Directive>,
) -> Option<Next<'c>> {
    let pages = state.scope.all("error_page");
    let code = status.to_string();
    let page = pages.into_iter().find(|page| page.has_arg(&code))?;
    let to = evaluate(&page.args.last()?.text, state).to_string();
    state.steps.push(Step::ErrorPage {
        by: page,
        status,
        to: to.clone(),
        after,
    });
    if to.starts_with("http://") || to.starts_with("https://") {
        let text = Some(super::value::Value::text(to));
        return Some(Next::Land(Landing::Answer {
            status: 302,
            text,
            by: page,
        }));
    }
    if !to.starts_with('@') {
        state.request.method = "GET";
    }
    Some(internal(&to, state))
}

/// The index and static modules.
fn files<'c>(state: &mut State<'c>) -> Next<'c> {
    let file = state.file_name(&state.uri);
    let Some(dir) = file.strip_suffix('/') else {
        let status = match (state.is_file(&file), state.request.method) {
            (true, "POST") => 405,
            (true, _) => 200,
            (false, _) => 404,
        };
        return Next::Land(Landing::Static { status, file });
    };
    for name in index_names(state) {
        if name.starts_with('/') {
            return Next::Redirect(name, state.args.clone());
        }
        if state.is_file(&format!("{dir}/{name}")) {
            state.steps.push(Step::Index {
                file: format!("{dir}/{name}"),
            });
            return Next::Redirect(format!("{}{name}", state.uri), state.args.clone());
        }
    }
    let status = match (state.is_dir(dir), state.scope.arg("autoindex")) {
        (true, Some("on")) => 200,
        (true, _) => 403,
        (false, _) => 404,
    };
    Next::Land(Landing::Static { status, file })
}

fn index_names(state: &State<'_>) -> Vec<String> {
    let named = state.scope.all("index");
    let words = named.iter().flat_map(|index| &index.args);
    let names: Vec<String> = words
        .map(|word| evaluate(&word.text, state).to_string())
        .collect();
    if names.is_empty() {
        vec!["index.html".to_owned()]
    } else {
        names
    }
}
