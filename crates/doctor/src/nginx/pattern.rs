//! nginx's regular expressions (PCRE) and what they capture.

use std::sync::OnceLock;

use fancy_regex::{Regex, RegexBuilder};

/// Enough for any honest expression on a URI; a hostile one ends here instead of running on.
const MAX_BACKTRACKS: usize = 100_000;

#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    ignores_case: bool,
    /// Compiled when it is first asked: a machine with many sites has many that no request of ours meets.
    /// `None` if this program cannot compile what PCRE perhaps can; it then matches nothing.
    regex: OnceLock<Option<Regex>>,
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
        Self {
            source: source.to_owned(),
            ignores_case: ignore_case,
            regex: OnceLock::new(),
        }
    }

    fn regex(&self) -> Option<&Regex> {
        let compiled = self.regex.get_or_init(|| {
            let regex = RegexBuilder::new(&self.source)
                .case_insensitive(self.ignores_case)
                .backtrack_limit(MAX_BACKTRACKS)
                .build();
            regex.ok()
        });
        compiled.as_ref()
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it could be compiled.
    pub fn is_understood(&self) -> bool {
        self.regex().is_some()
    }

    /// The first match anywhere in the text.
    pub fn captures(&self, text: &str) -> Option<Captures> {
        let regex = self.regex()?;
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
