//! The entry of a map of pages that was meant for a page, and does not take it.

use super::near::is_near_host;
use crate::{
    nginx::{
        Walk,
        pattern::Pattern,
        request::{Origin, default_port},
        tree::Directive,
        variables_in,
    },
    url::Url,
};

/// A map that leads to another map leads no further than this.
const MAX_DEPTH: usize = 4;

/// How much an entry is like a page's origin; the lowest is the nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    /// It is this page's but for a slip: a slash, the scheme, the port, a letter.
    Slip,
    /// Its domain, or one of its own sub-domains.
    Domain,
    /// A page beside it in the same domain.
    Neighbour,
}

/// Where a text with variables has its value from, if a `map` of `$http_origin` decided by its default: the entry that
/// was meant for the page, or else the map itself.
pub(super) fn blamed<'c>(walk: &Walk<'c>, text: &str, page: &Origin) -> Option<&'c Directive> {
    let map = by_default(walk, text, 0)?;
    Some(meant(map, page).map_or(map, |(entry, _)| entry))
}

/// Whether such a map has an entry for this page but for a slip.
pub(super) fn has_slip(walk: &Walk<'_>, text: &str, page: &Origin) -> bool {
    let map = by_default(walk, text, 0);
    let meant = map.and_then(|map| meant(map, page));
    meant.is_some_and(|(_, likeness)| likeness == Likeness::Slip)
}

fn by_default<'c>(walk: &Walk<'c>, text: &str, depth: usize) -> Option<&'c Directive> {
    let mut variables = variables_in(text).into_iter();
    variables.find_map(|variable| {
        let map = walk.map_of(variable).filter(|map| map.is("map"))?;
        let subject = map.arg(0)?;
        if !variables_in(subject).contains(&"http_origin") {
            let deeper = (depth < MAX_DEPTH).then(|| by_default(walk, subject, depth + 1));
            return deeper.flatten();
        }
        let taken = walk.map_entry(variable);
        taken.is_none_or(|entry| entry.is("default")).then_some(map)
    })
}

/// The nearest entry; none of several that are as near, unless each is this page's but for a slip.
fn meant<'c>(map: &'c Directive, page: &Origin) -> Option<(&'c Directive, Likeness)> {
    let default = map.children().iter().find(|entry| entry.is("default"));
    let default = default.and_then(|entry| entry.arg(0)).unwrap_or_default();
    let entries = map.children().iter();
    // An entry that gives what the default gives lets nobody in.
    let entries = entries.filter(|entry| entry.arg(0).is_some_and(|value| value != default));
    let liken = |entry: &'c Directive| Some((entry, likeness(&entry.name.text, page)?));
    let alike: Vec<_> = entries.filter_map(liken).collect();
    let nearest = alike.iter().map(|(_, likeness)| *likeness).min()?;
    let mut near = alike.iter().filter(|(_, likeness)| *likeness == nearest);
    let first = near.next()?;
    (nearest == Likeness::Slip || near.next().is_none()).then_some(*first)
}

fn likeness(key: &str, page: &Origin) -> Option<Likeness> {
    let pattern = key
        .strip_prefix('~')
        .map(|it| it.strip_prefix('*').unwrap_or(it));
    if pattern.is_some_and(|pattern| fits_loosely(pattern, page)) {
        return Some(Likeness::Slip);
    }
    let written = pattern.map_or_else(|| Some(key.to_owned()), example)?;
    let host = match written.parse::<Url>() {
        Ok(url) => url.origin.host,
        // Without a scheme, which every browser sends.
        Err(_) if pattern.is_none() && written.contains('.') => {
            format!("http://{written}").parse::<Url>().ok()?.origin.host
        }
        Err(_) => return None,
    };
    let page = page.host.as_str();
    let plain = |host: &str| host.trim_start_matches("www.").replace('-', "");
    let is_within = |host: &str, domain: &str| host.ends_with(&format!(".{domain}"));
    let beside = |host: &str| host.split_once('.').map(|(_, domain)| domain.to_owned());
    if plain(&host) == plain(page) || is_near_host(&host, page) {
        return Some(Likeness::Slip);
    }
    if is_within(page, &host) || is_within(&host, page) {
        return Some(Likeness::Domain);
    }
    let domain = beside(page).filter(|domain| domain.contains('.'));
    (domain.is_some() && domain == beside(&host)).then_some(Likeness::Neighbour)
}

/// Whether an expression would take the page if its classes had every letter, digit and hyphen, and with another scheme,
/// a slash or a port.
fn fits_loosely(pattern: &str, page: &Origin) -> bool {
    let loose = with_wide_classes(pattern)
        .replace("https?:", "https:")
        .replace("http:", "https:")
        .replace("https:", "https?:")
        .replace("/$", "$")
        .replace(":80$", "$")
        .replace(":443$", "$")
        .replace('$', "(:[0-9]+)?$");
    let without_port = Origin {
        port: default_port(page.scheme),
        ..page.clone()
    };
    let loose = Pattern::new(&loose, true);
    loose.captures(&without_port.to_string()).is_some()
}

fn with_wide_classes(pattern: &str) -> String {
    const WIDE: &str = "[a-z0-9-]";
    let mut wide = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(at) = rest.find(['[', '\\']) {
        wide.push_str(&rest[..at]);
        rest = &rest[at..];
        let class = match rest.strip_prefix('[') {
            Some(inner) => inner.find(']').map(|end| end + 2),
            None => (rest.starts_with("\\w") || rest.starts_with("\\d")).then_some(2),
        };
        let escaped = rest.chars().take(2).map(char::len_utf8).sum();
        let length = class.unwrap_or(if rest.starts_with('[') { 1 } else { escaped });
        wide.push_str(if class.is_some() {
            WIDE
        } else {
            &rest[..length]
        });
        rest = &rest[length..];
    }
    wide.push_str(rest);
    wide
}

/// An address that a simple expression takes.
fn example(pattern: &str) -> Option<String> {
    let mut text = with_wide_classes(pattern)
        .replace("[a-z0-9-]+", "x")
        .replace("[a-z0-9-]*", "x")
        .replace("[a-z0-9-]", "x")
        .replace("https?", "https")
        .replace("\\.", ".")
        .replace("\\/", "/")
        .replace(".+", "x")
        .replace(".*", "x")
        .replace(['^', '$'], "");
    while let Some(end) = text.find(')') {
        let start = text[..end].rfind('(')?;
        let is_optional = text[end + 1..].starts_with('?');
        let inner = text[start + 1..end].trim_start_matches("?:");
        let inner = inner.split('|').next().unwrap_or_default().to_owned();
        let kept = if is_optional { "" } else { inner.as_str() };
        let after = if is_optional { end + 2 } else { end + 1 };
        text = format!("{}{kept}{}", &text[..start], &text[after..]);
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ":/.-_".contains(c);
    text.chars().all(is_plain).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(key: &str) -> Option<Likeness> {
        let page: Url = "https://apps-2.example.com".parse().unwrap();
        likeness(key, &page.origin)
    }

    #[test]
    fn what_is_this_page_s_but_for_a_slip_is_the_nearest() {
        for key in [
            "https://apps-2.example.com/",
            "http://apps-2.example.com",
            "https://apps-2.example.com:8443",
            "https://apps-2.example.com/app",
            "https://apps2.example.com",
            "https://www.apps-2.example.com",
            "apps-2.example.com",
            "~^https://[a-z]+\\.example\\.com$",
            "~^https://\\w+\\.example\\.com$",
            "~^http://apps-2\\.example\\.com$",
            "~^https://APPS-2\\.example\\.com$",
            "~^https://apps-2\\.example\\.com/$",
        ] {
            assert_eq!(like(key), Some(Likeness::Slip), "{key}");
        }
    }

    #[test]
    fn a_page_of_the_same_domain_is_near() {
        for (key, likeness) in [
            ("https://example.com", Some(Likeness::Domain)),
            ("~^https://(www\\.)?example\\.com$", Some(Likeness::Domain)),
            ("https://status.example.com", Some(Likeness::Neighbour)),
            (
                "~^https://status\\.example\\.com$",
                Some(Likeness::Neighbour),
            ),
            ("https://example.org", None),
            ("~^https?://localhost(:[0-9]+)?$", None),
            ("http://localhost:5173", None),
            ("~(", None),
            ("~*é[\\é", None),
            ("", None),
        ] {
            assert_eq!(like(key), likeness, "{key}");
        }
    }
}
