//! The report as Markdown, for an issue, a chat or a page.

use std::path::Path;

use similar::TextDiff;

use super::{probes, summary};
use crate::{
    Diagnosis,
    edit::apply,
    finding::{Edit, Finding},
    language::Language,
    mend::{Mending, Written},
};

/// The whole report.
pub fn markdown(diagnosis: &Diagnosis, language: Language) -> String {
    let findings: String = diagnosis
        .findings
        .iter()
        .map(|finding| section(finding, diagnosis, language))
        .collect();
    let steps = probes::table(&diagnosis.probes, language);
    format!("# {}\n{findings}{steps}", summary(diagnosis, language))
}

/// What was mended, and the report of what is left.
pub fn mended_markdown(mending: &Mending, written: &[Written], language: Language) -> String {
    let mut out = format!("# {}\n", language.pick("Mended", "Corregido"));
    for step in &mending.steps {
        let findings = step.findings.iter();
        out.extend(findings.map(|finding| section(finding, step, language)));
    }
    out.push('\n');
    for Written { file, backup } in written {
        out.push_str(&format!(
            "- `{}` ({}: `{}`)\n",
            file.display(),
            language.pick("what was there", "lo que había"),
            backup.display()
        ));
    }
    if written.is_empty() {
        out.push_str(language.pick(
            "Nothing, for there is no fault whose mend is safe.\n",
            "Nada, pues no hay fallo cuyo remedio sea seguro.\n",
        ));
    }
    format!("{out}\n{}", markdown(&mending.after, language))
}

fn section(finding: &Finding, diagnosis: &Diagnosis, language: Language) -> String {
    let mut out = format!(
        "\n## {}: {}\n\n{}\n",
        finding.severity.word(language),
        finding.rule,
        escaped(finding.message.of(language))
    );
    if let Some(place) = &finding.place {
        let file = place.file.display();
        out.push_str(&format!("\n`{file}:{}:{}`\n", place.line, place.column));
    }
    if let Some(line) = line_of(finding, diagnosis) {
        out.push_str(&fenced("", &line));
    }
    out.push_str(&format!(
        "\n**{}** {}\n",
        language.pick("What the client sees.", "Lo que ve el cliente."),
        escaped(finding.effect.of(language))
    ));
    if !finding.fix.description.is_empty() {
        out.push_str(&format!(
            "\n**{}** {}\n",
            language.pick("Mend.", "Remedio."),
            escaped(finding.fix.description.of(language))
        ));
    }
    for (file, edits) in finding.fix.by_file() {
        let diff = diff(file, &edits, diagnosis);
        out.extend(diff.map(|diff| fenced("diff", &diff)));
    }
    let see = language.pick("See", "Véase");
    out.push_str(&format!("\n{see} `{}`.\n", finding.help));
    out
}

/// Bytes of a line that nobody reads to its end.
const LONG: usize = 200;

/// The line that the finding points at; of a built file, which has its all in one line, what stands around the place.
fn line_of(finding: &Finding, diagnosis: &Diagnosis) -> Option<String> {
    let place = finding.place.as_ref()?;
    let text = diagnosis.texts.get(&place.file)?;
    let number = usize::try_from(place.line).ok()?;
    let line = text.lines().nth(number.checked_sub(1)?)?.trim_end();
    if line.len() < LONG {
        return Some(line.to_owned());
    }
    let before = usize::try_from(place.column).ok()?.saturating_sub(1);
    let start = before.saturating_sub(LONG / 4);
    let shown: String = line.chars().skip(start).take(LONG / 2).collect();
    let dots = |is_cut: bool| if is_cut { "…" } else { "" };
    let is_cut_after = line.chars().nth(start + LONG / 2).is_some();
    Some(format!("{}{shown}{}", dots(start > 0), dots(is_cut_after)))
}

fn diff(file: &Path, edits: &[&Edit], diagnosis: &Diagnosis) -> Option<String> {
    let before = diagnosis.texts.get(file)?;
    let after = apply(before, edits)?;
    let name = file.display().to_string();
    let diff = TextDiff::from_lines(before.as_str(), after.as_str());
    Some(diff.unified_diff().header(&name, &name).to_string())
}

/// In a fence that nothing in the text closes.
fn fenced(language: &str, text: &str) -> String {
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    let text = text.trim_end_matches('\n');
    format!("\n{fence}{language}\n{text}\n{fence}\n")
}

/// What would be markup, outside of code.
fn escaped(text: &str) -> String {
    let pieces = text.split('`').enumerate().map(|(index, piece)| {
        if index % 2 == 1 {
            return piece.to_owned();
        }
        let mut escaped = String::with_capacity(piece.len());
        for character in piece.chars() {
            if "\\*_<>[]|#".contains(character) {
                escaped.push('\\');
            }
            escaped.push(character);
        }
        escaped
    });
    pieces.collect::<Vec<_>>().join("`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped_outside_of_code() {
        assert_eq!(escaped("a_b <c> `d_e` f*"), "a\\_b \\<c\\> `d_e` f\\*");
    }

    #[test]
    fn a_fence_is_longer_than_any_in_the_text() {
        assert_eq!(fenced("", "a\n```\n"), "\n````\na\n```\n````\n");
    }
}
