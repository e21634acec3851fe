//! What the doctor says: a finding, the place it points at, and the mend.
//!
//! The shape of the JSON, which `report` makes of it, is a contract with scripts: fields are added, none changes
//! its meaning.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Serialize;

use crate::language::{Language, Text};

/// How bad it is. An error or a warning is a fault; a hint leaves the verdict healthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Clients cannot connect, or do not stay connected.
    Error,
    /// Some clients, or some messages, fail.
    Warning,
    /// Breaks nothing by itself.
    Hint,
}

impl Severity {
    /// Whether it makes the deployment faulty.
    pub fn is_fault(self) -> bool {
        self != Self::Hint
    }

    /// The word that reports use.
    pub fn word(self, language: Language) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => language.pick("warning", "aviso"),
            Self::Hint => language.pick("hint", "sugerencia"),
        }
    }
}

/// A piece of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The path as the configuration names it, as it would be under `/`.
    pub file: PathBuf,
    /// The path with symbolic links resolved, under `/` too.
    pub real_file: PathBuf,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    /// Where it stands, in bytes from the start of the file.
    pub span: Span,
}

impl Place {
    /// `file:line`.
    pub fn at(&self) -> String {
        format!("{}:{}", self.file.display(), self.line)
    }
}

/// Bytes from `start` up to, not including, `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

/// Something that is, or may be, wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's stable name; it is also the name of its section in `docs/checks.md`.
    pub rule: &'static str,
    pub severity: Severity,
    /// `None` where no file is to blame.
    pub place: Option<Place>,
    /// What is wrong there, in a sentence.
    pub message: Text,
    /// What a user or a client sees because of it.
    pub effect: Text,
    /// Where the rule is explained.
    pub help: String,
    pub fix: Fix,
    /// Whether it is a fault only beside another one, which it may be a part of.
    pub is_harmless_alone: bool,
    /// What would end it, and is no mend, for only a person knows what it is for; what it hides is looked at so.
    pub(crate) supposing: Vec<Edit>,
}

/// The mend, in words and, where it can be said so, as edits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fix {
    /// Whether the edits may be applied without a person having thought about them.
    pub safe: bool,
    /// What to do, in a sentence.
    pub description: Text,
    /// Changes to files; they do not overlap.
    pub edits: Vec<Edit>,
}

/// Replaces a piece of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// The path as the configuration names it.
    pub file: PathBuf,
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

impl Fix {
    /// The edits of each file.
    pub fn by_file(&self) -> BTreeMap<&Path, Vec<&Edit>> {
        by_file(&self.edits)
    }
}

pub(crate) fn by_file(edits: &[Edit]) -> BTreeMap<&Path, Vec<&Edit>> {
    let mut by_file: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for edit in edits {
        by_file.entry(edit.file.as_path()).or_default().push(edit);
    }
    by_file
}

/// Where a rule's section is.
pub fn help_page(rule: &str) -> String {
    format!("docs/checks.md#{rule}")
}

impl Finding {
    /// Whether clients cannot connect, or do not stay connected.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// A finding with no mend yet.
    pub fn new(
        rule: &'static str,
        severity: Severity,
        place: impl Into<Option<Place>>,
        message: Text,
        effect: Text,
    ) -> Self {
        Self {
            rule,
            severity,
            place: place.into(),
            message,
            effect,
            help: help_page(rule),
            fix: Fix::default(),
            is_harmless_alone: false,
            supposing: Vec::new(),
        }
    }

    /// Whether the other tells the same of the same file, wherever its line is.
    pub(crate) fn is_told_as(&self, other: &Self) -> bool {
        let file = |finding: &Self| finding.place.as_ref().map(|place| place.real_file.clone());
        self.rule == other.rule && self.message == other.message && file(self) == file(other)
    }

    /// A warning that is a hint where there is no other fault.
    pub fn harmless_alone(mut self) -> Self {
        self.is_harmless_alone = true;
        self
    }

    /// Adds a mend in words that a person has to carry out.
    pub fn advise(mut self, description: Text) -> Self {
        self.fix.description = description;
        self
    }

    /// Adds what would end it in thought.
    pub(crate) fn supposing(mut self, edits: Vec<Edit>) -> Self {
        self.supposing = edits;
        self
    }

    /// Adds a mend as edits.
    pub fn mend(mut self, description: Text, safe: bool, edits: Vec<Edit>) -> Self {
        self.fix = Fix {
            safe,
            description,
            edits,
        };
        self
    }
}
