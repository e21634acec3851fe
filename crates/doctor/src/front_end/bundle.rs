//! The addresses in built files: string literals of minified JavaScript, or of a configuration that is read when the
//! page is, that start with a scheme.

use std::path::{Path, PathBuf};

use crate::{dotenv, finding::Span, root::Root, setting};

const SCHEMES: [&str; 4] = ["http://", "https://", "ws://", "wss://"];
/// Deeper than any build's output.
const MAX_DEPTH: usize = 12;
/// What pages do not read for their addresses.
const OF_TOOLS: [&str; 8] = [
    "swagger.json",
    "openapi.json",
    "ngsw.json",
    "stats.json",
    "package.json",
    "package-lock.json",
    "manifest.json",
    "asset-manifest.json",
];
/// How far back a condition on the page's own address is looked for.
const CONDITION: usize = 160;
/// How far back the variable is set that holds one.
const VARIABLE: usize = 64 << 10;

/// The JavaScript files below a directory, or that file itself.
pub(super) fn files(root: &Root, path: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(root, path, 0, &mut found);
    found
}

fn collect(root: &Root, path: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    if root.is_dir(path) && depth < MAX_DEPTH {
        for name in root
            .list(path)
            .iter()
            .filter(|name| *name != "node_modules")
        {
            collect(root, &path.join(name), depth + 1, found);
        }
    } else if is_script(path) && root.is_file(path) {
        found.push(path.to_owned());
    }
}

fn is_script(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let is_of_tools = path
        .file_name()
        .is_some_and(|name| OF_TOOLS.iter().any(|tool| name == *tool));
    matches!(
        extension,
        Some("js" | "mjs" | "cjs" | "json" | "json5" | "html")
    ) && !is_of_tools
}

/// The literals that are addresses and that a page of another host may use.
pub(super) fn addresses(text: &str) -> Vec<Span> {
    text.match_indices("://")
        .filter_map(|(at, _)| literal(text, at))
        .filter(|span| !is_spare(&text[..span.start - 1]))
        .collect()
}

/// The literals that end in a namespace with a second slash in front of it, as an address with a slash at its end makes
/// it: `https://apps.example.com//notifications`, or `//notifications` alone, which is another host.
pub(super) fn doubled(text: &str, namespace: &str) -> Vec<Span> {
    let doubled = format!("/{namespace}");
    if namespace.len() < 2 {
        return Vec::new();
    }
    let ends = text.match_indices(&doubled).filter_map(|(at, _)| {
        let end = at + doubled.len();
        let quote = text[end..].chars().next()?;
        let start = text[..at].rfind(quote)? + 1;
        let head = &text[start..at];
        let is_literal = matches!(quote, '"' | '\'' | '`') && !head.contains(char::is_whitespace);
        let is_address = head.is_empty() || SCHEMES.iter().any(|scheme| head.starts_with(scheme));
        (is_literal && is_address).then_some(Span { start, end })
    });
    ends.collect()
}

/// The variables for sockets that the code asks for and the build did not know, for it puts the value of every other one
/// in their place: `({BASE_URL:"/"}).VITE_SOCKET_URL`.
pub(super) fn unknown(text: &str) -> Vec<Span> {
    let prefixes = dotenv::PREFIXES.iter();
    let found = prefixes.flat_map(|prefix| text.match_indices(prefix));
    let names = found.filter_map(|(start, _)| {
        let object = text[..start].strip_suffix('.')?;
        let is_built = object.strip_suffix(')').unwrap_or(object).ends_with('}');
        let rest = &text[start..];
        let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let name = &text[start..start + length];
        let is_known =
            || text.contains(&format!("{name}:")) || text.contains(&format!("{name}\":"));
        (is_built && setting::is_of_sockets(name) && !is_known()).then_some(Span {
            start,
            end: start + length,
        })
    });
    names.collect()
}

/// Whether the namespace is put behind such a variable, where nothing stands in for it.
pub(super) fn is_joined(text: &str, variable: Span, namespace: &str) -> bool {
    let rest = text[variable.end..].trim_start();
    let rest = rest
        .strip_prefix('}')
        .or_else(|| rest.strip_prefix("+\""))
        .or_else(|| rest.strip_prefix("+'"));
    namespace.len() > 1 && rest.is_some_and(|rest| rest.starts_with(namespace))
}

/// Whether the page's own address stands in for such a variable, and nothing else does.
pub(super) fn falls_to_the_page(text: &str, variable: Span) -> bool {
    const OWN: [&str; 6] = [
        "\"\"",
        "''",
        "void 0",
        "location.origin",
        "window.location.origin",
        "\"/\"",
    ];
    let rest = text[variable.end..].trim_start();
    let other = rest.strip_prefix("||").or_else(|| rest.strip_prefix("??"));
    other.map_or_else(
        || rest.starts_with(",{"),
        |other| {
            let other = other.trim_start();
            OWN.iter().any(|own| other.starts_with(own))
        },
    )
}

/// Where a client's namespace has nothing in front of it but the name of a value that the build did not know:
/// `io("undefined/notifications")`, ``io(`${void 0}/notifications`)``, `io(void 0+"/notifications")`, or
/// `io("".concat(void 0,"/notifications"))`.
pub(super) fn undefined(text: &str, namespace: &str) -> Vec<Span> {
    const HEADS: [&str; 10] = [
        "(\"undefined",
        "('undefined",
        "(`undefined",
        "(`${undefined}",
        "(`${void 0}",
        "(void 0+\"",
        "(void 0+'",
        "(undefined+\"",
        "(\"\".concat(void 0,\"",
        "(\"\".concat(undefined,\"",
    ];
    if namespace.len() < 2 {
        return Vec::new();
    }
    let found = text.match_indices(namespace).filter_map(|(at, _)| {
        let end = at + namespace.len();
        let before = &text[..at];
        let head = HEADS.iter().find(|head| before.ends_with(*head))?;
        let start = at - head.len() + 1;
        let ends = text[end..].starts_with(['"', '\'', '`']);
        (ends && is_argument_of_client(&text[..start])).then_some(Span { start, end })
    });
    found.collect()
}

/// The whole literal around a `://`, without its quotes; of a template, what stands before the first `${`.
fn literal(text: &str, colon: usize) -> Option<Span> {
    let end = colon + "://".len();
    let scheme = SCHEMES
        .iter()
        .find(|scheme| text[..end].ends_with(**scheme))?;
    let start = end - scheme.len();
    if !text[..start].ends_with(['"', '\'', '`']) {
        return None;
    }
    let ends =
        |c: char| matches!(c, '"' | '\'' | '`' | '$' | '\\' | '<' | '>') || c.is_whitespace();
    let length = text[end..].find(ends)?;
    Some(Span {
        start,
        end: end + length,
    })
}

/// Whether what stands before a literal keeps it from being used: another text that is preferred, or a condition
/// on where the page comes from.
fn is_spare(before: &str) -> bool {
    let code = before.trim_end();
    let preferred = ["||", "??"].iter().find_map(|or| code.strip_suffix(or));
    let preferred = preferred.map(str::trim_end);
    let is_text = |code: &str| code.ends_with(['"', '\'', '`']) && !is_empty_text(code);
    if preferred.is_some_and(is_text) {
        return true;
    }
    let near = last(before, CONDITION);
    let statement = near.rsplit(';').next().unwrap_or(near);
    asks_where_it_is(statement)
        || condition(statement).is_some_and(|name| is_set_by_the_page(before, name))
}

/// The last bytes of a text, of which no character is cut.
fn last(text: &str, length: usize) -> &str {
    let mut start = text.len().saturating_sub(length);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

fn asks_where_it_is(code: &str) -> bool {
    const SIGNS: [&str; 5] = [
        "hostname",
        "location.host",
        "location.port",
        "import.meta.env.DEV",
        "NODE_ENV",
    ];
    // The key of an object asks nothing.
    let is_key = |rest: &str| rest.trim_start_matches(['"', '\'']).starts_with(':');
    let asks = |sign: &&str| {
        let mut found = code.match_indices(*sign);
        found.any(|(at, _)| !is_key(&code[at + sign.len()..]))
    };
    SIGNS.iter().any(asks)
}

/// The variable that decides in a statement: `local ? …`, or `local && …`.
fn condition(statement: &str) -> Option<&str> {
    let marks = statement.rmatch_indices(['?', '&']);
    let mut marks = marks.filter(|(at, mark)| match *mark {
        "?" => !statement[at + 1..].starts_with(['?', '.']) && !statement[..*at].ends_with('?'),
        _ => statement[..*at].ends_with('&'),
    });
    let (at, mark) = marks.next()?;
    if has_comma(&statement[at..]) {
        return None;
    }
    let code = statement[..at].trim_end_matches(mark).trim_end();
    let name = code.rsplit(|c| !is_name(c)).next()?;
    (!name.is_empty()).then_some(name)
}

/// Whether a comma ends what is being said, and none between brackets.
fn has_comma(code: &str) -> bool {
    let mut depth = 0;
    code.chars().any(|c| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    })
}

/// Whether the variable's own value, as it was set last, asks where the page is.
fn is_set_by_the_page(before: &str, name: &str) -> bool {
    let before = last(before, VARIABLE);
    let mut set = before.rmatch_indices(name).filter_map(|(at, _)| {
        let is_whole = !before[..at].ends_with(is_name);
        let rest = before[at + name.len()..].trim_start().strip_prefix('=')?;
        (is_whole && !rest.starts_with(['=', '>'])).then_some(rest)
    });
    let value = |rest: &str| {
        let mut end = rest.len().min(CONDITION);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let value = &rest[..end];
        asks_where_it_is(value.split([';', '\n']).next().unwrap_or(value))
    };
    set.next().is_some_and(value)
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

/// The key or the variable that holds a literal: `socketUrl: "…"`, `"socketUrl": "…"`, `SOCKET_URL = "…"`.
pub(super) fn key(text: &str, literal: Span) -> Option<&str> {
    let before = text[..literal.start - 1].trim_end();
    let before = before.strip_suffix([':', '='])?.trim_end();
    let before = before.strip_suffix(['"', '\'', ']']).unwrap_or(before);
    let before = before.strip_suffix(['"', '\'']).unwrap_or(before);
    let key = before.rsplit(|c: char| !is_name(c) && c != '-').next()?;
    (!key.is_empty()).then_some(key)
}

/// Whether a client is given what this key or variable holds, with the namespace behind it: `f(a.key + "/news"`, or
/// ``f(`${key}/news` ``. A request for the API's list of the same name is none.
pub(super) fn joins(text: &str, key: &str, namespace: &str) -> bool {
    let ends = |rest: &str| {
        let quoted = |rest: &str| rest.starts_with(['"', '\'', '`']);
        rest.strip_prefix(namespace).is_some_and(quoted)
    };
    let added = |rest: &str| {
        let rest = rest.trim_start().strip_prefix('+').map(str::trim_start);
        rest.and_then(|rest| rest.strip_prefix(['"', '\'', '`']))
            .is_some_and(ends)
    };
    let put_in = |rest: &str| rest.strip_prefix('}').is_some_and(ends);
    let mut uses = text.match_indices(key).filter(|(at, _)| {
        let rest = &text[at + key.len()..];
        !rest.starts_with(is_name) && (added(rest) || put_in(rest))
    });
    namespace.len() > 1 && uses.any(|(at, _)| is_argument_of_client(&text[..at]))
}

/// Whether what follows is the first argument of a call that is not one for the API.
fn is_argument_of_client(before: &str) -> bool {
    const OF_API: [&str; 7] = ["fetch", "get", "post", "put", "delete", "request", "axios"];
    let whole = before.trim_end_matches(|c| is_name(c) || c == '.');
    let whole = whole.strip_suffix("${").unwrap_or(whole);
    let call = whole.trim_end_matches(['`', ' ']).strip_suffix('(');
    let name = call.and_then(|call| call.rsplit(|c| !is_name(c)).next());
    name.is_some_and(|name| !name.is_empty() && !OF_API.contains(&name))
}

/// The paths whose key says that they are for sockets: `socketPath: "/live"`.
pub(super) fn socket_paths(text: &str) -> Vec<Span> {
    let marks = text.match_indices([':', '=']);
    let literals = marks.filter_map(|(at, _)| {
        let rest = text[at + 1..].trim_start_matches([' ', '\n']);
        let quote = rest
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\'' | '`'))?;
        let start = text.len() - rest.len() + 1;
        let length = rest[1..]
            .starts_with('/')
            .then(|| rest[1..].find(quote))??;
        let end = start + length;
        (length > 1 && !text[start..end].contains(['$', ' ', '?'])).then_some(Span { start, end })
    });
    let is_for_sockets = |span: &Span| {
        key(text, *span).is_some_and(|key| {
            setting::is_of_socket_io(key) && key.to_ascii_lowercase().contains("path")
        })
    };
    literals.filter(is_for_sockets).collect()
}

/// Everything in a text that may be the name of a value.
pub(super) fn keys(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices([':', '=']).filter_map(|(at, _)| {
        let before = text[..at].trim_end();
        let before = before.strip_suffix(['"', '\'']).unwrap_or(before);
        let key = before.rsplit(|c| !is_name(c)).next()?;
        (key.len() > 3).then_some(key)
    })
}

fn is_empty_text(code: &str) -> bool {
    ["\"\"", "''", "``"]
        .iter()
        .any(|empty| code.ends_with(empty))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let spans = addresses(text).into_iter();
        spans.map(|span| &text[span.start..span.end]).collect()
    }

    #[test]
    fn literals_of_minified_text_are_found() {
        let text = "const a=\"http://h:3001/api\",b='ws://h:3001',c=`https://x/${d}/e`;f(\"see http://no\")";
        assert_eq!(
            found(text),
            ["http://h:3001/api", "ws://h:3001", "https://x/"]
        );
    }

    #[test]
    fn a_slash_too_many_is_found_in_front_of_the_namespace() {
        let found = |text| {
            let spans = doubled(text, "/news").into_iter();
            spans
                .map(|span| text[span.start..span.end].to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(found("i(\"https://h//news\",{a:1})"), ["https://h//news"]);
        assert_eq!(found("i('//news')"), ["//news"]);
        assert!(
            found("i('/news')").is_empty() && found("\"see //news\" + b//newsletter").is_empty()
        );
    }

    #[test]
    fn what_the_build_did_not_know_is_found_in_front_of_the_namespace() {
        for text in [
            "i(\"undefined/news\",{})",
            "i(`${void 0}/news`)",
            "io(void 0+'/news')",
            "io(\"\".concat(void 0,\"/news\"))",
        ] {
            assert_eq!(undefined(text, "/news").len(), 1, "{text}");
        }
        for text in [
            "fetch(\"undefined/news\")",
            "i(\"/news\")",
            "i(\"undefined/newsletter\")",
            "a=\"undefined/news\"",
        ] {
            assert!(undefined(text, "/news").is_empty(), "{text}");
        }
    }

    #[test]
    fn what_the_code_asks_for_and_the_build_did_not_know_is_found() {
        let found = |text| {
            let spans = unknown(text).into_iter();
            spans
                .map(|span| text[span.start..span.end].to_owned())
                .collect::<Vec<_>>()
        };
        let text = "({BASE_URL:\"/\"}).VITE_SOCKET_URL||\"\",{}.REACT_APP_WS_URL";
        let mut names = found(text);
        names.sort();
        assert_eq!(names, ["REACT_APP_WS_URL", "VITE_SOCKET_URL"]);
        for text in [
            "window._env_.VITE_SOCKET_URL",
            "({VITE_SOCKET_URL:\"x\"}).VITE_SOCKET_URL",
            "({}).VITE_TITLE;",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
        let joined = "i({}.VITE_WS_URL+\"/news\",{})";
        assert!(is_joined(joined, unknown(joined)[0], "/news"));
        let text = "i(({}.VITE_WS_URL||\"\")+\"/news\",{})";
        assert!(!is_joined(text, unknown(text)[0], "/news"));
        assert!(falls_to_the_page(text, unknown(text)[0]));
        let text = "i(({}.VITE_WS_URL||api)+\"/news\",{})";
        assert!(!falls_to_the_page(text, unknown(text)[0]));
    }

    #[test]
    fn what_is_not_used_is_passed_over() {
        assert!(found("a=\"http://apps\"||0").len() == 1);
        assert!(found("a=\"x\"||\"http://localhost:3001\"").is_empty());
        assert!(
            found("a=location.hostname===\"localhost\"?\"http://localhost:3001\":\"\"").is_empty()
        );
        assert_eq!(
            found("o={NODE_ENV:\"production\",WS_URL:\"http://h:3001\"}"),
            ["http://h:3001"]
        );
        assert!(found("a=\"production\"!==e.NODE_ENV?\"http://h:3001\":\"\"").is_empty());
        assert_eq!(
            found("a=\"\"||\"http://localhost:3001\""),
            ["http://localhost:3001"]
        );
    }

    #[test]
    fn a_condition_may_stand_in_a_variable() {
        let local = "const l=[\"localhost\"].includes(location.hostname);";
        for used in [
            "b=l?\"http://localhost:1\":location.origin",
            "b=!l ? location.origin : \"http://localhost:1\"",
            "b=l&&\"http://localhost:1\"||\"\"",
        ] {
            assert!(found(&format!("{local}{used}")).is_empty(), "{used}");
            assert_eq!(found(&format!("const l=a;{used}")).len(), 1, "{used}");
        }
        let other = format!("{local}x={{a:l?f(1,2):3,b:\"http://localhost:1\"}}");
        assert_eq!(found(&other).len(), 1);
    }

    #[test]
    fn a_path_is_known_by_its_key() {
        let text = "{\"socketPath\": \"/live\",SOCKET_PATH:'/rt',x.ioPath=\"/$\",path:\"/a\",wsPath:\"/w\"}";
        let paths = socket_paths(text).into_iter();
        let paths: Vec<_> = paths.map(|span| &text[span.start..span.end]).collect();
        assert_eq!(paths, ["/live", "/rt"]);
    }

    #[test]
    fn a_client_is_known_by_the_namespace_that_is_put_behind() {
        for text in [
            "he(on+\"/news\",{})",
            "io(`${E.on}/news`)",
            "const s = io(e.on + '/news')",
        ] {
            assert!(joins(text, "on", "/news"), "{text}");
        }
        for text in [
            "fetch(on+\"/news\")",
            "a.get(`${on}/news`)",
            "he(on+\"/newsletter\")",
            "he(one+\"/news\")",
            "a=on+\"/news\"",
        ] {
            assert!(!joins(text, "on", "/news"), "{text}");
        }
    }

    #[test]
    fn a_literal_s_key_is_known() {
        for text in [
            "{a:1,b_c:\"http://h\"}",
            "x.b_c = \"http://h\"",
            "{\"b_c\": \"http://h\"}",
        ] {
            assert_eq!(key(text, addresses(text)[0]), Some("b_c"), "{text}");
        }
        assert_eq!(key("f(\"http://h\")", Span { start: 3, end: 11 }), None);
    }
}
