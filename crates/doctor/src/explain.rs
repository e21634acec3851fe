//! A request's way in words: which server block and why, which location and why, and what answers.

use serde::Serialize;

use crate::{
    case::Case,
    nginx::{Config, Landing, Proxied, Step, Target, Walk, server::Why, tree::Directive},
};

/// A request's way.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// Method and address.
    pub request: String,
    pub steps: Vec<Line>,
}

/// A step, and the place that decides it.
#[derive(Debug, Serialize)]
pub struct Line {
    pub what: String,
    /// `file:line`, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// What holds for a proxied request, besides where it goes.
const LIMITS: [&str; 12] = [
    "proxy_http_version",
    "proxy_read_timeout",
    "proxy_send_timeout",
    "proxy_buffering",
    "proxy_cache",
    "client_max_body_size",
    "limit_req",
    "limit_conn",
    "auth_basic",
    "auth_request",
    "satisfy",
    "proxy_hide_header",
];

/// The ways of the page, the handshake and the websocket.
pub fn explain(case: &Case<'_>) -> Vec<Explanation> {
    let Some(walks) = &case.walks else {
        return Vec::new();
    };
    let asked = case.question.url.as_ref().filter(|url| url.path != "/");
    let page = asked.map(|_| &walks.page);
    let walks = page.into_iter().chain([&walks.handshake, &walks.websocket]);
    walks.map(|walk| of_walk(case, walk)).collect()
}

/// The explanation as text.
pub fn in_words(explanation: &Explanation) -> String {
    let mut text = format!("{}\n", explanation.request);
    for line in &explanation.steps {
        text.push_str("  → ");
        text.push_str(&line.what);
        if let Some(at) = &line.at {
            text.push_str(&format!("  [{at}]"));
        }
        text.push('\n');
    }
    text
}

fn of_walk(case: &Case<'_>, walk: &Walk<'_>) -> Explanation {
    let request = walk.request();
    let kind = if request.header("upgrade").is_some() {
        " (websocket)"
    } else {
        ""
    };
    let mut steps = vec![server(case.config, walk)];
    steps.extend(walk.steps.iter().map(|step| step_line(case.config, step)));
    steps.extend(landing(case, walk));
    Explanation {
        request: format!(
            "{} {}{}{kind}",
            request.method,
            case.origin,
            request.target()
        ),
        steps,
    }
}

fn line(config: &Config, what: impl Into<String>, by: &Directive) -> Line {
    Line {
        what: what.into(),
        at: Some(config.at(by.pos)),
    }
}

fn bare(what: impl Into<String>) -> Line {
    Line {
        what: what.into(),
        at: None,
    }
}

fn server(config: &Config, walk: &Walk<'_>) -> Line {
    let choice = &walk.choice;
    let listen = choice
        .listen
        .directive
        .map_or_else(|| "no listen, so *:80".to_owned(), Directive::head);
    let why = match choice.why {
        Why::Name(word) => format!("server_name {} fits", word.text),
        Why::Default { declared: true } => {
            "no server_name fits, and it is the default_server".to_owned()
        }
        Why::Default { declared: false } => {
            "no server_name fits, and it is the first of its address".to_owned()
        }
        Why::Only => "it is the only one there".to_owned(),
    };
    line(
        config,
        format!("server block ({listen}) because {why}"),
        walk.server().directive,
    )
}

fn step_line(config: &Config, step: &Step<'_>) -> Line {
    match step {
        Step::Location {
            block: Some(block),
            uri,
        } => line(
            config,
            format!("{} because {}", config.written(block), why(block, uri)),
            block,
        ),
        Step::Location { block: None, uri } => bare(format!("no location fits {uri}")),
        Step::If(by) => line(config, format!("{} holds", config.written(by)), by),
        Step::Unknown(by) => line(
            config,
            format!(
                "{} depends on the request; taken as not holding",
                config.written(by)
            ),
            by,
        ),
        Step::Rewrite { by, from, to } => line(config, format!("{from} is rewritten to {to}"), by),
        Step::Tried { by, file } => line(config, format!("try_files finds {file}"), by),
        Step::FellBack { by, to } => line(
            config,
            format!("try_files finds no file, and goes on with {to}"),
            by,
        ),
        Step::ErrorPage { by, status, to } => {
            line(config, format!("status {status} is handed to {to}"), by)
        }
        Step::Index { file } => bare(format!("the folder has an index: {file}")),
    }
}

fn why(location: &Directive, uri: &str) -> String {
    match location.arg(0).unwrap_or_default() {
        "=" => format!("it is exactly {uri}"),
        "^~" => format!("it is the longest prefix of {uri}, and ^~ keeps regular expressions out"),
        word if word.starts_with('~') => {
            format!("it is the first regular expression that fits {uri}")
        }
        word if word.starts_with('@') => "it was named".to_owned(),
        _ => format!("it is the longest prefix of {uri}, and no regular expression fits"),
    }
}

fn landing(case: &Case<'_>, walk: &Walk<'_>) -> Vec<Line> {
    match &walk.landing {
        Landing::Proxied(proxied) => back_end(case, walk, proxied),
        Landing::Handler(by) => vec![line(
            case.config,
            format!("answered by {}", case.config.written(by)),
            by,
        )],
        Landing::Static { status, file } => {
            vec![bare(format!("answered {status}, as a file: {file}"))]
        }
        Landing::Answer { status, text, by } => {
            let text = text
                .as_ref()
                .map_or_else(String::new, |text| format!(" {text}"));
            vec![line(case.config, format!("answered {status}{text}"), by)]
        }
        Landing::Cycle => vec![bare("answered 500, after ten internal redirects")],
    }
}

fn back_end(case: &Case<'_>, walk: &Walk<'_>, proxied: &Proxied<'_>) -> Vec<Line> {
    let config = case.config;
    let mut lines = vec![line(
        config,
        format!(
            "{} to {}",
            config.written(proxied.pass),
            target(case, proxied)
        ),
        proxied.pass,
    )];
    let version = walk.scope().arg("proxy_http_version").unwrap_or("1.0");
    lines.push(bare(format!(
        "back end is asked: {} {} HTTP/{version}",
        walk.request().method,
        proxied.uri
    )));
    for header in &proxied.headers {
        let Some(by) = header.by else { continue };
        let what = if header.value.is_empty() {
            format!("header {} is not sent", header.name)
        } else {
            format!("header {}: {}", header.name, header.value)
        };
        lines.push(line(config, what, by));
    }
    for name in LIMITS {
        for by in walk.scope().all(name) {
            lines.push(line(config, config.written(by), by));
        }
    }
    lines
}

fn target(case: &Case<'_>, proxied: &Proxied<'_>) -> String {
    match &proxied.target {
        Target::Address(address) => address.to_string(),
        Target::Unknown(value) => format!("an address known only at run time ({value})"),
        Target::Upstream(name) => {
            let addresses = case.addresses(proxied);
            let addresses: Vec<String> = addresses
                .iter()
                .map(|(address, _)| address.to_string())
                .collect();
            let method = case
                .http
                .upstream(name)
                .and_then(|upstream| upstream.method());
            let method = method.map_or_else(|| "round robin".to_owned(), Directive::head);
            format!("upstream {name}: {} ({method})", addresses.join(", "))
        }
    }
}
