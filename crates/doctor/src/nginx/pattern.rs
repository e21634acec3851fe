//! nginx's regular expressions (PCRE) and what they capture.

use fancy_regex::{Regex, RegexBuilder};

/// Enough for any honest expression on a URI; a hostile one ends here instead of running on.
const MAX_BACKTRACKS: usize = 100_000;

#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    /// `None` if this program cannot compile what PCRE perhaps can; it then matches nothing.
    regex: Option<Regex>,
}

/// What a match captured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captures {
    /// The whole match, then `$1`, `$2`, …
    pub groups: Vec<String>,
    pub named: Vec<(String, String)>,
}

impl Pattern {
    pub fn new(source: &str, ignore_case: bool) -> Self {
        let regex = RegexBuilder::new(source)
            .case_insensitive(ignore_case)
            .backtrack_limit(MAX_BACKTRACKS)
            .build();
        Self {
            source: source.to_owned(),
            regex: regex.ok(),
        }
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it could be compiled.
    pub fn is_understood(&self) -> bool {
        self.regex.is_some()
    }

    /// The first match anywhere in the text.
    pub fn captures(&self, text: &str) -> Option<Captures> {
        let regex = self.regex.as_ref()?;
        let found = regex.captures(text).ok()??;
        let group = |index| {
            found
                .get(index)
                .map_or_else(String::new, |group| group.as_str().to_owned())
        };
        let groups = (0..found.len()).map(group).collect();
        let named = regex
            .capture_names()
            .enumerate()
            .filter_map(|(index, name)| Some((name?.to_owned(), group(index))))
            .collect();
        Some(Captures { groups, named })
    }
}
