//! Comments of scripts that people write, such as a `config.js`: what stands in them is not used.

/// A line that only a tool writes, without comments worth reading.
const LONG: usize = 2_000;

/// The text with blanks in the place of its comments, so that every place stays what it is.
pub(super) fn blanked(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut at = 0;
    let mut inside = None;
    for line in text.split_inclusive('\n') {
        if line.len() <= LONG {
            for (start, end) in comments(line, &mut inside) {
                let comment = &mut bytes[at + start..at + end];
                comment
                    .iter_mut()
                    .filter(|byte| **byte != b'\n')
                    .for_each(|byte| *byte = b' ');
            }
        }
        at += line.len();
    }
    // Whole characters were replaced, for comments start and end at ASCII ones.
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// Comments of several lines, of JavaScript and of HTML: how they start, and how they end.
const LONG_COMMENTS: [(&str, &str); 2] = [("/*", "*/"), ("<!--", "-->")];

/// Where comments stand in a line; `inside` is the end of one that goes on.
fn comments(line: &str, inside: &mut Option<&'static str>) -> Vec<(usize, usize)> {
    let bytes = line.as_bytes();
    let mut found = Vec::new();
    let mut quote = None;
    let mut at = 0;
    while at < bytes.len() {
        let rest = &line.as_bytes()[at..];
        let mut starts = LONG_COMMENTS.iter();
        if let Some(close) = *inside {
            let length = line[at..].find(close).map(|end| end + close.len());
            if length.is_some() {
                *inside = None;
            }
            let end = at + length.unwrap_or(rest.len());
            found.push((at, end));
            at = end;
        } else if let Some(open) = quote {
            let escaped = usize::from(rest[0] == b'\\');
            if rest[0] == open {
                quote = None;
            }
            at = next(line, at + escaped);
        } else if rest.starts_with(b"//") && !line[..at].ends_with(':') {
            found.push((at, line.len()));
            at = line.len();
        } else if let Some((_, close)) = starts.find(|(open, _)| rest.starts_with(open.as_bytes()))
        {
            *inside = Some(close);
        } else {
            quote = Some(rest[0]).filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
            at = next(line, at);
        }
    }
    found
}

/// The character after this one.
fn next(line: &str, at: usize) -> usize {
    let mut next = at + 1;
    while next < line.len() && !line.is_char_boundary(next) {
        next += 1;
    }
    next
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn comments_are_blank_and_the_rest_stands_where_it_was() {
        let text = "a = \"http://x\", // é \"y\"\n/* b\n c */ d = '/*' /* e */ + `\\`//`";
        let expected = "a = \"http://x\",          \n    \n      d = '/*'         + `\\`//`";
        assert_eq!(blanked(text), expected);
    }

    #[test]
    fn an_address_is_no_comment_and_html_has_its_own() {
        let text = "see http://a b=\"http://c\"<!-- \"http://d\"\n-->e";
        let expected = "see http://a b=\"http://c\"               \n   e";
        assert_eq!(blanked(text), expected);
    }

    proptest! {
        #[test]
        fn the_length_stays(text in "[/*\"'`é\\\\a\n ]{0,40}") {
            prop_assert_eq!(blanked(&text).len(), text.len());
        }
    }
}
