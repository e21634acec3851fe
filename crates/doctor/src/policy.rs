//! Where a `Content-Security-Policy` lets a page connect (CSP Level 3, as browsers carry it out).

use crate::{
    finding::Span,
    nginx::request::{Origin, default_port},
};

/// The list of a policy that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Allowed<'t> {
    /// `connect-src`, or `default-src` for want of it, as it is written.
    pub(crate) directive: &'t str,
    pub(crate) sources: Vec<&'t str>,
    /// Where the list stands in the whole text.
    pub(crate) span: Span,
}

/// What a page connects to.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// `http`, `https`, `ws` or `wss`.
    pub(crate) scheme: &'static str,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) path: String,
}

impl Target {
    /// Polling at an origin.
    pub(crate) fn polling(origin: &Origin, path: &str) -> Self {
        Self {
            scheme: origin.scheme,
            host: origin.host.clone(),
            port: origin.port,
            path: path.to_owned(),
        }
    }

    /// The same by websocket.
    pub(crate) fn websocket(origin: &Origin, path: &str) -> Self {
        let scheme = match origin.scheme {
            "https" => "wss",
            _ => "ws",
        };
        Self {
            scheme,
            ..Self::polling(origin, path)
        }
    }

    fn is_secure(&self) -> bool {
        matches!(self.scheme, "https" | "wss")
    }

    fn default_port(&self) -> u16 {
        default_port(if self.is_secure() { "https" } else { "http" })
    }

    /// As a source of a list.
    pub(crate) fn source(&self) -> String {
        let origin = Origin {
            scheme: if self.is_secure() { "https" } else { "http" },
            host: self.host.clone(),
            port: self.port,
        };
        format!("{}://{}", self.scheme, origin.authority())
    }
}

/// The lists of a header, which may have several policies with commas between them; all of them must allow.
pub(crate) fn lists(text: &str) -> Vec<Allowed<'_>> {
    pieces(text, ',')
        .filter_map(|(start, policy)| list(start, policy))
        .collect()
}

fn list(start: usize, policy: &str) -> Option<Allowed<'_>> {
    let directives = pieces(policy, ';').filter_map(|(at, text)| {
        let mut words = text.split_ascii_whitespace();
        let blanks = text.len() - text.trim_ascii_start().len();
        Some(Allowed {
            directive: words.next()?,
            sources: words.collect(),
            span: Span {
                start: start + at + blanks,
                end: start + at + text.trim_ascii_end().len(),
            },
        })
    });
    let directives: Vec<_> = directives.collect();
    // The first one of a name counts.
    let named = |name: &str| {
        let mut named = directives.iter();
        named.find(|one| one.directive.eq_ignore_ascii_case(name))
    };
    let decides = named("connect-src").or_else(|| named("default-src"));
    decides.cloned()
}

/// What stands between separators, each with where it starts.
fn pieces(text: &str, separator: char) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    text.split(separator).map(move |piece| {
        let at = start;
        start += piece.len() + separator.len_utf8();
        (at, piece)
    })
}

impl Allowed<'_> {
    pub(crate) fn allows(&self, target: &Target, page: &Origin) -> bool {
        let mut sources = self.sources.iter();
        sources.any(|source| allows(source, target, page))
    }

    /// Whether it names hosts.
    pub(crate) fn names_hosts(&self) -> bool {
        let mut sources = self.sources.iter();
        sources.any(|source| !source.starts_with('\'') && !source.ends_with(':'))
    }

    /// The whole text with more sources in this list, or in one of its own where it is everything's.
    pub(crate) fn with(&self, text: &str, more: &str) -> String {
        let is_none = |source: &str| source.eq_ignore_ascii_case("'none'");
        let kept = self.sources.iter().filter(|source| !is_none(source));
        let sources: Vec<&str> = kept.copied().chain([more]).collect();
        let own = format!("connect-src {}", sources.join(" "));
        let (before, after) = (&text[..self.span.start], &text[self.span.end..]);
        match self.directive.eq_ignore_ascii_case("connect-src") {
            true => format!("{before}{own}{after}"),
            false => format!("{}; {own}{after}", &text[..self.span.end]),
        }
    }
}

fn allows(source: &str, target: &Target, page: &Origin) -> bool {
    if source.starts_with('\'') {
        return source.eq_ignore_ascii_case("'self'") && is_of_page(target, page);
    }
    if source == "*" {
        return true;
    }
    if let Some(scheme) = source.strip_suffix(':') {
        return is_scheme(scheme, target.scheme);
    }
    let (scheme, rest) = match source.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, source),
    };
    let slash = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(slash);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let fits_scheme = match scheme {
        Some(scheme) => is_scheme(scheme, target.scheme),
        None => page.scheme == "http" || target.is_secure(),
    };
    fits_scheme && is_host(host, &target.host) && is_port(port, target) && is_path(path, target)
}

/// The page's own origin, and what is safer there.
fn is_of_page(target: &Target, page: &Origin) -> bool {
    let are_usual = page.port == default_port(page.scheme) && target.port == target.default_port();
    target.host == page.host
        && (target.port == page.port || are_usual)
        && (page.scheme == "http" || target.is_secure())
}

/// A scheme allows itself and what is safer of its kind. By the letter of CSP `wss` allows `https`, too; browsers
/// do not.
fn is_scheme(written: &str, scheme: &str) -> bool {
    let is = |name: &str| written.eq_ignore_ascii_case(name);
    is(scheme) || scheme == "https" && is("http") || scheme == "wss" && is("ws")
}

fn is_host(written: &str, host: &str) -> bool {
    let written = written
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_ascii_lowercase();
    match written.strip_prefix('*') {
        Some("") => true,
        Some(domain) => host.ends_with(domain),
        None => written == host,
    }
}

fn is_port(written: Option<&str>, target: &Target) -> bool {
    match written {
        None => target.port == target.default_port(),
        Some("*") => true,
        Some("80") if target.is_secure() => matches!(target.port, 80 | 443),
        Some(port) => port.parse() == Ok(target.port),
    }
}

fn is_path(written: &str, target: &Target) -> bool {
    match written {
        "" => true,
        folder if folder.ends_with('/') => target.path.starts_with(folder),
        file => target.path == file,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Origin {
        url.parse::<crate::url::Url>().unwrap().origin
    }

    #[track_caller]
    fn assert_allows(page: &str, policy: &str, asked: &str, polling: bool, websocket: bool) {
        let (page, asked) = (origin(page), origin(asked));
        let path = "/socket.io/";
        let lists = lists(policy);
        let allows = |target: Target| lists.iter().all(|list| list.allows(&target, &page));
        let seen = (
            allows(Target::polling(&asked, path)),
            allows(Target::websocket(&asked, path)),
        );
        assert_eq!(seen, (polling, websocket), "{policy}");
    }

    #[test]
    fn a_list_allows_what_browsers_take_it_for() {
        let page = "https://app.example.com";
        let own = |policy, polling, websocket| {
            assert_allows(page, policy, page, polling, websocket);
        };
        own("", true, true);
        own("script-src 'self'", true, true);
        own("connect-src 'self'", true, true);
        own("default-src 'self'", true, true);
        own("connect-src", false, false);
        own("connect-src 'none'; default-src *", false, false);
        own("Connect-Src 'self'; connect-src 'none'", true, true);
        own("connect-src 'self', connect-src https:", true, false);
        let other = |policy, polling, websocket| {
            assert_allows(page, policy, "https://ws.example.com", polling, websocket);
        };
        other("default-src 'self'", false, false);
        other("default-src 'self'; connect-src *", true, true);
        other("connect-src https: wss:", true, true);
        other("connect-src http: ws:", true, true);
        other("connect-src https:", true, false);
        other("connect-src wss://ws.example.com", false, true);
        other("connect-src ws.example.com", true, true);
        other("connect-src *.example.com", true, true);
        other("connect-src *.ws.example.com", false, false);
        other(
            "connect-src https://*.example.com wss://*.example.com",
            true,
            true,
        );
        other(
            "connect-src HTTPS://WS.example.com:443 wss://ws.example.com:*",
            true,
            true,
        );
        other("connect-src https://ws.example.com:8443", false, false);
        other("connect-src https://ws.example.com/socket.io/", true, false);
        other("connect-src https://ws.example.com/socket.io", false, false);
        assert_allows(
            "http://app.example.com",
            "connect-src 'self' app.example.com:3001",
            "http://app.example.com:3001",
            true,
            true,
        );
        assert_allows(
            "https://app.example.com",
            "connect-src 'self'",
            "https://app.example.com:8443",
            false,
            false,
        );
    }

    #[test]
    fn sources_are_added_where_they_count() {
        let with = |text| lists(text)[0].with(text, "wss://b");
        assert_eq!(
            with("connect-src 'self' ; img-src *"),
            "connect-src 'self' wss://b ; img-src *"
        );
        assert_eq!(
            with("x y; connect-src 'none';"),
            "x y; connect-src wss://b;"
        );
        assert_eq!(
            with("default-src 'self'; img-src *"),
            "default-src 'self'; connect-src 'self' wss://b; img-src *"
        );
        assert_eq!(
            with("default-src 'none'"),
            "default-src 'none'; connect-src wss://b"
        );
    }
}
