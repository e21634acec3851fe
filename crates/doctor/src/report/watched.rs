//! A round of a watch for people: the verdict first, then what changed.

use super::{step, summary, text::findings};
use crate::{Diagnosis, finding::Finding, language::Language, watch::Changes};

/// `14:03:22  faulty: 1 fault, 0 hints`, then the steps that go otherwise than before, what is gone, and what is new.
/// Nothing where nothing changed.
pub fn watched(
    diagnosis: &Diagnosis,
    changes: &Changes,
    time: &str,
    language: Language,
    coloured: bool,
) -> String {
    if changes.is_nothing() {
        return String::new();
    }
    let mut out = format!("{time}  {}\n", summary(diagnosis, language));
    for &number in &changes.steps {
        out += &step(&diagnosis.probes[number], language, coloured);
    }
    for finding in &changes.gone {
        out += &gone(finding, language);
    }
    if !changes.come.is_empty() {
        let mut new = diagnosis.clone();
        let mut numbers = 0..;
        new.findings
            .retain(|_| numbers.next().is_some_and(|it| changes.come.contains(&it)));
        out += &format!("\n{}", findings(&new, language, coloured));
    }
    out
}

fn gone(finding: &Finding, language: Language) -> String {
    let word = language.pick("gone", "resuelto");
    let place = finding.place.as_ref();
    let place = place.map(|place| format!("{}: ", place.at()));
    let place = place.unwrap_or_default();
    let (rule, message) = (finding.rule, finding.message.of(language));
    format!("{word}: {rule}: {place}{message}\n")
}
