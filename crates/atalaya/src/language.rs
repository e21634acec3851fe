//! The language of the few words that a person meets first: the block that `serve` prints, and the labels
//! of an error. Log lines, JSON and `--help` are in English everywhere.

use std::env;

/// What the terminal's user reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    English,
    Spanish,
}

impl Language {
    /// By the locale's own order: `LC_ALL`, then `LC_MESSAGES`, then `LANG`.
    pub fn of_environment() -> Self {
        let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let locale = set("LC_ALL")
            .or_else(|| set("LC_MESSAGES"))
            .or_else(|| set("LANG"));
        match locale.as_deref() {
            Some("es") => Self::Spanish,
            Some(locale) if locale.starts_with("es_") || locale.starts_with("es.") => Self::Spanish,
            _ => Self::English,
        }
    }

    /// One of two wordings of the same thing.
    pub fn pick(self, english: &'static str, spanish: &'static str) -> &'static str {
        match self {
            Self::English => english,
            Self::Spanish => spanish,
        }
    }
}
