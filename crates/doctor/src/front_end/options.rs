//! The options of a Socket.IO client in built files: `io(address, { path: "/live", transports: ["websocket"] })`.
//!
//! Names of variables are gone there, so the object is known by what else it has.

use crate::finding::Span;

/// What only the options of such a client have.
const OWN: [&str; 11] = [
    "transports",
    "reconnection",
    "reconnectionAttempts",
    "reconnectionDelay",
    "reconnectionDelayMax",
    "autoConnect",
    "forceNew",
    "extraHeaders",
    "rememberUpgrade",
    "tryAllTransports",
    "ackTimeout",
];

/// What requests of other kinds have too, but none that has a path.
const WITH_PATH: [&str; 3] = ["withCredentials", "multiplex", "rejectUnauthorized"];

/// What routes of a page may have too, but there it is seldom an object.
const OF_ARGUMENT: [&str; 2] = ["auth", "query"];

/// What routes of a page have beside their path, and cookies.
const OTHERS: [&str; 19] = [
    "component",
    "Component",
    "components",
    "element",
    "children",
    "redirect",
    "meta",
    "loader",
    "lazy",
    "index",
    "exact",
    "handle",
    "title",
    "label",
    "icon",
    "sameSite",
    "expires",
    "maxAge",
    "method",
];

/// The client's own default, one level below Socket.IO.
const ENGINE: &str = "/engine.io";

/// Longer than any such object.
const MAX: usize = 1_500;

/// The Socket.IO paths that clients are given, without their quotes.
pub(super) fn paths(text: &str, namespace: &str) -> Vec<Span> {
    let found = text.match_indices("path");
    found
        .filter_map(|(at, word)| value(text, at, at + word.len()))
        .filter(|(key, span)| is_client_s(text, *key, *span, namespace))
        .map(|(_, span)| span)
        .collect()
}

/// The text that the key `path` at this place has for its value, and where the key starts.
fn value(text: &str, start: usize, end: usize) -> Option<(usize, Span)> {
    let before = &text[..start];
    let before = before.strip_suffix(['"', '\'']).unwrap_or(before);
    let is_key = before.trim_end().ends_with(['{', ',']);
    let after = text[end..].trim_start_matches(['"', '\'']).trim_start();
    let after = after.strip_prefix(':').filter(|_| is_key)?.trim_start();
    let quote = after
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let length = after[1..].find(quote)?;
    let start = text.len() - after.len() + 1;
    let span = Span {
        start,
        end: start + length,
    };
    let value = &text[span.start..span.end];
    let fits = value.starts_with('/') && !value.contains(['$', ':', '*', ' ', '?']);
    (fits && value.len() > 1 && value != ENGINE).then_some((before.len(), span))
}

fn is_client_s(text: &str, key: usize, span: Span, namespace: &str) -> bool {
    let Some(object) = around(text, key) else {
        return false;
    };
    let keys = keys(&text[object.start..object.end]);
    if keys.iter().any(|key| OTHERS.contains(key)) {
        return false;
    }
    let before = &text[..object.start];
    // A library's own defaults, over which it puts what it is given.
    if before.trim_end().ends_with("Object.assign(") {
        return false;
    }
    let has = |known: &[&str]| keys.iter().any(|key| known.contains(key));
    text[span.start..span.end].contains("socket.io")
        || has(&OWN)
        || has(&WITH_PATH)
        || has_argument(&text[object.start..object.end]) && is_second_argument(before)
        || follows_namespace(before, namespace)
        || is_of_call(before)
}

/// Whether an object, with its braces, is such a client's options.
pub(super) fn is_options(object: &str) -> bool {
    let keys = keys(object);
    let has = |known: &[&str]| keys.iter().any(|key| known.contains(key));
    let is_client_s = has(&OWN) || has(&["path"]) && (has(&WITH_PATH) || has_argument(object));
    is_client_s && !has(&OTHERS)
}

fn has_argument(object: &str) -> bool {
    let is_object = |key: &&str| {
        object.match_indices(*key).any(|(at, key)| {
            let after = object[at + key.len()..].trim_start_matches(['"', '\'', ' ', ':']);
            after.starts_with(['{', '('])
        })
    };
    OF_ARGUMENT.iter().any(is_object)
}

/// `f(address, {`, and not one of a list of objects.
fn is_second_argument(before: &str) -> bool {
    let before = before.trim_end().strip_suffix(',').map(str::trim_end);
    before.is_some_and(|before| {
        let is_value =
            |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '"' | '\'' | '`' | ')');
        before.ends_with(is_value)
    })
}

/// `io({` or `io(address, {`, where no minifier has changed the name.
fn is_of_call(before: &str) -> bool {
    let Some((head, arguments)) = before.rsplit_once('(') else {
        return false;
    };
    let name = head.rsplit(|c: char| !c.is_alphanumeric() && c != '_');
    let is_io = name.into_iter().next() == Some("io");
    is_io && !arguments.contains([';', '{', '}'])
}

/// `f("/notifications", {`, or `f(origin + "/notifications", {`.
fn follows_namespace(before: &str, namespace: &str) -> bool {
    let before = before.trim_end().strip_suffix(',').map(str::trim_end);
    let before = before.and_then(|before| before.strip_suffix(['"', '\'', '`']));
    before.is_some_and(|before| namespace.len() > 1 && before.ends_with(namespace))
}

/// The address in front of the options that have this path: `io("https://…", { path })`.
pub(super) fn asked(text: &str, path: Span) -> Option<&str> {
    let object = around(text, path.start)?;
    let before = text[..object.start].trim_end().strip_suffix(',')?;
    let before = before.trim_end().strip_suffix(['"', '\'', '`'])?;
    before.rsplit(['"', '\'', '`']).next()
}

/// The object that follows an address: `io("https://…", {…})`.
pub(super) fn after(text: &str, end: usize) -> Option<&str> {
    let rest = text[end..].trim_start_matches(['"', '\'', '`']);
    let rest = rest.trim_start().strip_prefix(',')?.trim_start();
    let rest = rest.strip_prefix('{')?;
    let start = text.len() - rest.len() - 1;
    let object = around(text, start + 1)?;
    Some(&text[object.start..object.end])
}

/// Whether every client in the text is told to use a websocket alone.
pub(super) fn is_websocket_only(text: &str) -> Option<bool> {
    let told = text.match_indices("transports").filter_map(|(at, word)| {
        let after = text[at + word.len()..].trim_start_matches(['"', '\'', ' ']);
        let list = after.strip_prefix(':')?.trim_start().strip_prefix('[')?;
        let list = &list[..list.find(']')?];
        let names: Vec<&str> = list
            .split(',')
            .map(|name| name.trim().trim_matches(['"', '\'', '`']))
            .collect();
        let are_names = names
            .iter()
            .all(|name| matches!(*name, "websocket" | "polling" | "webtransport"));
        are_names.then(|| !names.contains(&"polling"))
    });
    told.reduce(|all, one| all && one)
}

/// Whether a client in the text is told to send cookies to another origin.
pub(super) fn sends_cookies(text: &str) -> bool {
    text.match_indices("withCredentials").any(|(at, word)| {
        let after = text[at + word.len()..].trim_start_matches(['"', '\'', ' ']);
        let told = after.strip_prefix(':').map(str::trim_start);
        let is_on = told.is_some_and(|told| told.starts_with("!0") || told.starts_with("true"));
        let object = around(text, at).filter(|_| is_on);
        object.is_some_and(|object| is_options(&text[object.start..object.end]))
    })
}

/// The innermost braces around a place.
fn around(text: &str, at: usize) -> Option<Span> {
    let bytes = text.as_bytes();
    let mut depth = 0;
    let mut start = at;
    loop {
        start = start.checked_sub(1).filter(|start| at - start < MAX)?;
        match bytes[start] {
            b'}' => depth += 1,
            b'{' if depth == 0 => break,
            b'{' => depth -= 1,
            _ => {}
        }
    }
    let mut depth = 0;
    for (end, byte) in bytes.iter().enumerate().skip(start).take(2 * MAX) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(Span {
                start,
                end: end + 1,
            });
        }
    }
    None
}

/// The keys of an object, without those of what stands inside it.
fn keys(object: &str) -> Vec<&str> {
    let mut keys = Vec::new();
    let mut depth = 0;
    let mut quote = None;
    let mut start = 0;
    for (at, c) in object.char_indices() {
        if let Some(open) = quote {
            if c == open {
                quote = None;
            }
            continue;
        }
        match c {
            '"' | '\'' | '`' => quote = Some(c),
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => depth -= 1,
            _ => {}
        }
        if depth == 1 && matches!(c, '{' | ',') {
            start = at + 1;
        } else if depth == 1 && matches!(c, ':') && start > 0 {
            let key = object[start..at].trim();
            keys.push(key.trim_matches(['"', '\'']));
            start = 0;
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let spans = paths(text, "/notifications").into_iter();
        spans.map(|span| &text[span.start..span.end]).collect()
    }

    #[test]
    fn the_path_of_a_client_is_known_by_its_neighbours() {
        for text in [
            "U(location.origin,{path:\"/live\",transports:[\"polling\"]})",
            "he={path:'/live',query:{v:1},reconnectionDelay:500}",
            "io({ auth: { token }, \"path\": \"/live\" })",
            "t(\"/notifications\",{path:\"/live\"})",
            "t(a+`/notifications`, {path:`/live`})",
            "const s = io({ path: '/live' })",
            "io(location.origin, { path: '/live' })",
        ] {
            assert_eq!(found(text), ["/live"], "{text}");
        }
        assert_eq!(found("x={path:\"/a/socket.io/\"}"), ["/a/socket.io/"]);
    }

    #[test]
    fn routes_cookies_and_the_library_itself_are_no_clients() {
        for text in [
            "[{path:\"/login\",component:a,auth:!1}]",
            "[{path:\"/admin\",auth:!0}]",
            "u(Private,{path:\"/admin\",auth:e})",
            "[{path:\"/\"},{path:\"/admin\",auth:{role:1}}]",
            "[{path:\"/live\",element:e,auth:{role:1}}]",
            "set(\"a\",1,{path:\"/\",secure:!0})",
            "Object.assign({path:\"/engine.io\",agent:!1,withCredentials:!1})",
            "Object.assign({path:\"/socket.io\",autoConnect:!0},t)",
            "x={path:\"/live\"}",
            "radio({path:\"/live\"})",
            "x={basepath:\"/socket.io\"}",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn requests_of_other_kinds_have_other_options() {
        assert!(is_options("{autoConnect:!1}") && is_options("{path:\"/x\",withCredentials:!0}"));
        assert!(!is_options("{withCredentials:!0}") && !is_options("{auth:{username:a}}"));
    }

    #[test]
    fn a_websocket_alone_is_told_from_both() {
        let told = is_websocket_only;
        assert_eq!(told("{transports:[\"websocket\"],upgrade:!1}"), Some(true));
        assert_eq!(told("{transports:['websocket','polling']}"), Some(false));
        assert_eq!(told("this.transports=[]; {transports: a}"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(path|auth|transports|[{}:,\"'é/ \\[\\]])*") {
            for span in paths(&text, "/n") {
                prop_assert!(text.get(span.start..span.end).is_some());
            }
            is_websocket_only(&text);
        }
    }
}
