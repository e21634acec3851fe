//! Comments of scripts that people write, such as a `config.js`: what stands in them is not used.

/// A line that only a tool writes, without comments worth reading.
const LONG: usize = 2_000;

/// The text with blanks in the place of its comments, so that every place stays what it is.
pub(super) fn blanked(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut at = 0;
    let mut is_inside = false;
    for line in text.split_inclusive('\n') {
        if line.len() <= LONG {
            for (start, end) in comments(line, &mut is_inside) {
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

/// Where comments stand in a line; `is_inside` says whether one of several lines goes on.
fn comments(line: &str, is_inside: &mut bool) -> Vec<(usize, usize)> {
    let bytes = line.as_bytes();
    let mut found = Vec::new();
    let mut quote = None;
    let mut at = 0;
    while at < bytes.len() {
        let rest = &line.as_bytes()[at..];
        if *is_inside {
            let length = line[at..].find("*/").map(|end| end + 2);
            *is_inside = length.is_none();
            let end = at + length.unwrap_or(rest.len());
            found.push((at, end));
            at = end;
        } else if let Some(open) = quote {
            let escaped = usize::from(rest[0] == b'\\');
            if rest[0] == open {
                quote = None;
            }
            at = next(line, at + escaped);
        } else if rest.starts_with(b"//") {
            found.push((at, line.len()));
            at = line.len();
        } else if rest.starts_with(b"/*") {
            *is_inside = true;
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

    proptest! {
        #[test]
        fn the_length_stays(text in "[/*\"'`é\\\\a\n ]{0,40}") {
            prop_assert_eq!(blanked(&text).len(), text.len());
        }
    }
}
