//! The report as SARIF 2.1.0, for whoever shows findings beside the lines: editors, code hosts.

use serde_json::{Value, json};

use crate::{
    Diagnosis,
    finding::{Finding, Place, Severity, Span, help_page},
    language::Language,
    rules::RULES,
};

/// What paths are relative to; a viewer is told where that is.
const BASE: &str = "ROOT";

/// One run, without a line break at its end.
pub fn sarif(diagnosis: &Diagnosis, language: Language) -> String {
    let rules = RULES.iter().map(|rule| {
        json!({
            "id": rule.id,
            "shortDescription": { "text": rule.title.of(language) },
            "help": { "text": help_page(rule.id) },
        })
    });
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "atalaya doctor",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { BASE: {
                "description": { "text": "The folder that stands for /, as --root names it." },
            } },
            "results": diagnosis.findings.iter()
                .map(|finding| result(finding, language)).collect::<Vec<_>>(),
        }],
    });
    log.to_string()
}

fn result(finding: &Finding, language: Language) -> Value {
    let texts = [&finding.message, &finding.effect, &finding.fix.description];
    let texts = texts.map(|text| text.of(language));
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": RULES.iter().position(|rule| rule.id == finding.rule),
        "level": match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Hint => "note",
        },
        "message": { "text": texts.join(" ").trim_end() },
    });
    if let Some(place) = &finding.place {
        result["locations"] = json!([{ "physicalLocation": {
            "artifactLocation": artifact(&place.file),
            "region": region(place),
        } }]);
    }
    if !finding.fix.edits.is_empty() {
        result["fixes"] = json!([fix(finding, language)]);
    }
    result
}

fn fix(finding: &Finding, language: Language) -> Value {
    let changes = finding.fix.by_file().into_iter().map(|(file, edits)| {
        let replacements = edits.iter().map(|edit| {
            json!({ "deletedRegion": bytes(edit.span), "insertedContent": { "text": edit.text } })
        });
        json!({
            "artifactLocation": artifact(file),
            "replacements": replacements.collect::<Vec<_>>(),
        })
    });
    json!({
        "description": { "text": finding.fix.description.of(language) },
        "artifactChanges": changes.collect::<Vec<_>>(),
    })
}

fn region(place: &Place) -> Value {
    let mut region = bytes(place.span);
    region["startLine"] = place.line.into();
    region["startColumn"] = place.column.into();
    region
}

fn bytes(span: Span) -> Value {
    json!({ "byteOffset": span.start, "byteLength": span.end - span.start })
}

fn artifact(file: &std::path::Path) -> Value {
    json!({ "uri": uri(&file.to_string_lossy()), "uriBaseId": BASE })
}

/// A path relative to the root, with everything escaped that a URI does not have.
fn uri(path: &str) -> String {
    let path = path.trim_start_matches('/');
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_relative_uri() {
        assert_eq!(
            uri("/etc/nginx/sites enabled/é#1"),
            "etc/nginx/sites%20enabled/%C3%A9%231"
        );
    }
}
