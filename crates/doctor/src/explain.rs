//! A request's way in words: which server block and why, which location and why, and what answers.

use serde_json::{Value, json};

use crate::{
    case::{Case, Walks},
    language::{Language, Text},
    nginx::{Config, Landing, Proxied, Step, Target, Walk, server::Why, tree::Directive},
};

/// A request's way.
#[derive(Debug)]
pub struct Explanation {
    /// Method and address.
    pub request: String,
    pub steps: Vec<Line>,
}

/// A step, and the place that decides it.
#[derive(Debug)]
pub struct Line {
    pub what: Text,
    /// `file:line`, where there is one.
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
    let asked = case.question.url.as_ref().filter(|url| url.path != "/");
    let page: Option<Pick> = asked.map(|_| (|walks| &walks.page) as Pick);
    let picks: [Pick; 2] = [|walks| &walks.handshake, |walks| &walks.websocket];
    let picks = page.into_iter().chain(picks);
    picks.filter_map(|pick| of_request(case, pick)).collect()
}

/// One of a client's requests.
type Pick = for<'w, 'c> fn(&'w Walks<'c>) -> &'w Walk<'c>;

/// From the first server block to the last.
fn of_request(case: &Case<'_>, pick: Pick) -> Option<Explanation> {
    let mut explanation = of_walk(case, pick(case.walks.as_ref()?));
    // Where another request's way goes on inside, this one's may not.
    let inner = case.inner.as_ref().filter(|_| {
        let proxied = case.walks.as_ref().and_then(|walks| pick(walks).proxied());
        proxied.is_some_and(|proxied| case.addresses(proxied).is_empty())
    });
    if let Some(further) = inner.and_then(|inner| of_request(inner, pick)) {
        explanation.steps.push(bare(say!(
            "there nginx itself listens:",
            "ahí escucha el propio nginx:"
        )));
        explanation.steps.extend(further.steps);
    }
    Some(explanation)
}

/// The explanations for programs.
pub fn as_json(explanations: &[Explanation], language: Language) -> Value {
    let line = |line: &Line| match &line.at {
        Some(at) => json!({ "what": line.what.of(language), "at": at }),
        None => json!({ "what": line.what.of(language) }),
    };
    let explanations = explanations.iter().map(|explanation| {
        let steps: Vec<Value> = explanation.steps.iter().map(line).collect();
        json!({ "request": explanation.request, "steps": steps })
    });
    explanations.collect()
}

/// The explanation as text.
pub fn in_words(explanation: &Explanation, language: Language) -> String {
    let mut text = format!("{}\n", explanation.request);
    for line in &explanation.steps {
        text.push_str("  → ");
        text.push_str(line.what.of(language));
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

fn line(config: &Config, what: Text, by: &Directive) -> Line {
    Line {
        what,
        at: Some(config.at(by.pos)),
    }
}

fn bare(what: Text) -> Line {
    Line { what, at: None }
}

fn server(config: &Config, walk: &Walk<'_>) -> Line {
    let choice = &walk.choice;
    let listen = choice.listen.directive.map_or_else(
        || say!("no listen, so *:80", "sin listen, así que *:80"),
        |listen| Text::same(listen.head()),
    );
    let why = match choice.why {
        Why::Name(word) => say!(
            "server_name {name} fits",
            "encaja server_name {name}",
            name = word.text
        ),
        Why::Default { declared: true } => say!(
            "no server_name fits, and it is the default_server",
            "no encaja ningún server_name, y es el default_server"
        ),
        Why::Default { declared: false } => say!(
            "no server_name fits, and it is the first of its address",
            "no encaja ningún server_name, y es el primero de su dirección"
        ),
        Why::Only => say!("it is the only one there", "es el único que hay ahí"),
    };
    line(
        config,
        say!(
            "server block ({listen}) because {why}",
            "bloque server ({listen}) porque {why}";
            listen = listen,
            why = why
        ),
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
            say!(
                "{head} because {why}",
                "{head} porque {why}",
                head = config.written(block);
                why = why(block, uri)
            ),
            block,
        ),
        Step::Location { block: None, uri } => bare(say!(
            "no location fits {uri}",
            "ninguna location encaja con {uri}"
        )),
        Step::If(by) => line(
            config,
            say!(
                "{head} holds",
                "{head} se cumple",
                head = config.written(by)
            ),
            by,
        ),
        Step::Unknown(by) => line(
            config,
            say!(
                "{head} depends on the request; taken as not holding",
                "{head} depende de la petición; se toma por no cumplido",
                head = config.written(by)
            ),
            by,
        ),
        Step::Rewrite { by, from, to } => line(
            config,
            say!("{from} is rewritten to {to}", "{from} se reescribe a {to}"),
            by,
        ),
        Step::Tried { by, file } => line(
            config,
            say!("try_files finds {file}", "try_files encuentra {file}"),
            by,
        ),
        Step::FellBack { by, to } => line(
            config,
            say!(
                "try_files finds no file, and goes on with {to}",
                "try_files no encuentra archivo, y sigue con {to}"
            ),
            by,
        ),
        Step::ErrorPage { by, status, to, .. } => line(
            config,
            say!(
                "status {status} is handed to {to}",
                "el estado {status} pasa a {to}"
            ),
            by,
        ),
        Step::Index { file } => bare(say!(
            "the folder has an index: {file}",
            "la carpeta tiene un índice: {file}"
        )),
    }
}

fn why(location: &Directive, uri: &str) -> Text {
    match location.arg(0).unwrap_or_default() {
        "=" => say!("it is exactly {uri}", "es exactamente {uri}"),
        "^~" => say!(
            "it is the longest prefix of {uri}, and ^~ keeps regular expressions out",
            "es el prefijo más largo de {uri}, y ^~ excluye las expresiones regulares"
        ),
        word if word.starts_with('~') => say!(
            "it is the first regular expression that fits {uri}",
            "es la primera expresión regular que encaja con {uri}"
        ),
        word if word.starts_with('@') => say!("it was named", "se la nombró"),
        _ => say!(
            "it is the longest prefix of {uri}, and no regular expression fits",
            "es el prefijo más largo de {uri}, y ninguna expresión regular encaja"
        ),
    }
}

fn landing(case: &Case<'_>, walk: &Walk<'_>) -> Vec<Line> {
    match &walk.landing {
        Landing::Proxied(proxied) => back_end(case, walk, proxied),
        Landing::Handler(by) => vec![line(
            case.config,
            say!(
                "answered by {head}",
                "responde {head}",
                head = case.config.written(by)
            ),
            by,
        )],
        Landing::Static { status, file } => {
            vec![bare(say!(
                "answered {status}, as a file: {file}",
                "responde {status}, como archivo: {file}"
            ))]
        }
        Landing::Answer { status, text, by } => {
            let text = text
                .as_ref()
                .map_or_else(String::new, |text| format!(" {text}"));
            vec![line(
                case.config,
                say!("answered {status}{text}", "responde {status}{text}"),
                by,
            )]
        }
        Landing::Cycle => vec![bare(say!(
            "answered 500, after ten internal redirects",
            "responde 500, tras diez redirecciones internas"
        ))],
    }
}

fn back_end(case: &Case<'_>, walk: &Walk<'_>, proxied: &Proxied<'_>) -> Vec<Line> {
    let config = case.config;
    let mut lines = vec![line(
        config,
        say!(
            "{pass} to {target}",
            "{pass} hacia {target}",
            pass = config.written(proxied.pass);
            target = target(case, proxied)
        ),
        proxied.pass,
    )];
    let version = walk.scope().arg("proxy_http_version").unwrap_or("1.0");
    lines.push(bare(say!(
        "back end is asked: {method} {uri} HTTP/{version}",
        "al back end se le pide: {method} {uri} HTTP/{version}",
        method = walk.request().method,
        uri = proxied.uri
    )));
    for header in &proxied.headers {
        let Some(by) = header.by else { continue };
        let what = if header.value.is_empty() {
            say!(
                "header {name} is not sent",
                "la cabecera {name} no se envía",
                name = header.name
            )
        } else {
            say!(
                "header {name}: {value}",
                "cabecera {name}: {value}",
                name = header.name,
                value = header.value
            )
        };
        lines.push(line(config, what, by));
    }
    for name in LIMITS {
        for by in walk.scope().all(name) {
            lines.push(line(config, Text::same(config.written(by)), by));
        }
    }
    lines
}

fn target(case: &Case<'_>, proxied: &Proxied<'_>) -> Text {
    match &proxied.target {
        Target::Address(address) => Text::same(address.to_string()),
        Target::Unknown(value) => say!(
            "an address known only at run time ({value})",
            "una dirección que solo se sabe en ejecución ({value})"
        ),
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
            Text::same(format!(
                "upstream {name}: {} ({method})",
                addresses.join(", ")
            ))
        }
    }
}
