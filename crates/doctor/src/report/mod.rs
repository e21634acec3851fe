//! Findings for people and for programs.

mod json;
mod markdown;
mod sarif;
mod text;

use crate::{Diagnosis, Verdict};

pub use self::{
    json::{json, mended_json},
    markdown::{markdown, mended_markdown},
    sarif::sarif,
    text::{mended, mends, text},
};

/// The verdict, and how much was found.
fn summary(diagnosis: &Diagnosis) -> String {
    let count = |fault: bool| {
        diagnosis
            .findings
            .iter()
            .filter(|finding| finding.severity.is_fault() == fault)
            .count()
    };
    let words = |count: usize, one: &str| match count {
        1 => format!("1 {one}"),
        many => format!("{many} {one}s"),
    };
    let verdict = match diagnosis.verdict {
        Verdict::Healthy => "healthy",
        Verdict::Faulty => "faulty",
    };
    format!(
        "{verdict}: {}, {}",
        words(count(true), "fault"),
        words(count(false), "hint")
    )
}
