//! Findings for people and for programs.

mod json;
mod markdown;
mod probes;
mod sarif;
mod text;
mod watched;

use crate::{Diagnosis, Verdict, language::Language};

pub use self::{
    json::{json, mended_json, watched_json},
    markdown::{markdown, mended_markdown},
    probes::step,
    sarif::sarif,
    text::{mended, mends, text},
    watched::watched,
};

/// The verdict, and how much was found.
fn summary(diagnosis: &Diagnosis, language: Language) -> String {
    let count = |fault: bool| {
        let findings = diagnosis.findings.iter();
        findings
            .filter(|finding| finding.severity.is_fault() == fault)
            .count()
    };
    let words = |count: usize, english: &str, spanish: &str| match count {
        1 => format!("1 {}", language.pick(english, spanish)),
        many => format!("{many} {}s", language.pick(english, spanish)),
    };
    let verdict = match diagnosis.verdict {
        Verdict::Healthy => language.pick("healthy", "sano"),
        Verdict::Faulty => language.pick("faulty", "con fallos"),
    };
    format!(
        "{verdict}: {}, {}",
        words(count(true), "fault", "fallo"),
        words(count(false), "hint", "sugerencia")
    )
}
