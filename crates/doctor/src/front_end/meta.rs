//! What a page says of itself in `<meta http-equiv="Content-Security-Policy" content="…">`.

use std::path::Path;

use crate::{document::Document, finding::Span, root::Root, setting::Setting};

/// The policies of a page's file; none if it cannot be read.
pub fn policies(root: &Root, page: &Path) -> Vec<Setting> {
    let Ok(document) = Document::read(root, page) else {
        return Vec::new();
    };
    let text = without_comments(&document.text);
    let lower = text.to_ascii_lowercase();
    let tags = lower.match_indices("<meta").filter_map(|(start, _)| {
        let end = start + lower[start..].find('>')?;
        let is_policy = attribute(&lower[start..end], "http-equiv")
            .is_some_and(|span| &lower[start..end][span.start..span.end] == POLICY);
        let content = attribute(&lower[start..end], "content").filter(|_| is_policy)?;
        Some(Span {
            start: start + content.start,
            end: start + content.end,
        })
    });
    tags.map(|span| Setting {
        name: None,
        value: text[span.start..span.end].replace("&#39;", "'"),
        place: document.place(span),
        is_literal: false,
        is_certain: true,
        is_default: false,
    })
    .collect()
}

const POLICY: &str = "content-security-policy";

/// The text with blanks where comments were.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("<!--") {
        let end = rest[start..]
            .find("-->")
            .map_or(rest.len(), |end| start + end + "-->".len());
        out.push_str(&rest[..start]);
        out.push_str(&" ".repeat(end - start));
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Where the value of a tag's attribute stands, without its quotes.
fn attribute(tag: &str, name: &str) -> Option<Span> {
    tag.match_indices(name).find_map(|(at, _)| {
        let is_word =
            tag[..at].ends_with(|c: char| c.is_ascii_whitespace() || c == '"' || c == '\'');
        let rest = tag[at + name.len()..].trim_ascii_start();
        let rest = rest
            .strip_prefix('=')
            .filter(|_| is_word)?
            .trim_ascii_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let rest = quote.map_or(rest, |_| &rest[1..]);
        let length = match quote {
            Some(quote) => rest.find(quote)?,
            None => rest
                .find(|c: char| c.is_ascii_whitespace())
                .unwrap_or(rest.len()),
        };
        let start = tag.len() - rest.len();
        Some(Span {
            start,
            end: start + length,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_s_own_policies_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let page = "<!doctype html><!-- <meta http-equiv=\"Content-Security-Policy\" content=\"a\"> -->\n\
                    <meta name=description content='content=\"x\"'>\n\
                    <META content=\"connect-src 'self'\" HTTP-EQUIV=Content-Security-Policy>\n\
                    <meta http-equiv='content-security-policy' content='default-src &#39;none&#39;'/>";
        std::fs::write(folder.path().join("index.html"), page).unwrap();
        let root = Root::new(folder.path()).unwrap();
        let found = policies(&root, Path::new("/index.html"));
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.place.line, &*one.value))
            .collect();
        assert_eq!(
            found,
            [(3, "connect-src 'self'"), (4, "default-src 'none'")]
        );
    }
}
