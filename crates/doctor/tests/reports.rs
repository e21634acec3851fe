//! The reports that programs read, of every case of the corpus.

#![allow(clippy::unwrap_used, reason = "a failure in a helper is a failed test")]

#[path = "corpus/case.rs"]
#[allow(dead_code, reason = "the corpus uses what is not used here")]
mod case;

use atalaya_doctor::{
    finding::Severity,
    language::{Language, Text},
    report,
    rules::RULES,
};
use serde_json::Value;

use crate::case::Case;

fn text(value: &Value) -> &str {
    let text = value.as_str().unwrap_or_default();
    assert!(!text.is_empty(), "{value} is no text");
    text
}

/// What the schema of SARIF 2.1.0 asks of an artifact's place.
fn check_artifact(artifact: &Value) {
    let uri = text(&artifact["uri"]);
    assert!(
        uri.is_ascii() && !uri.starts_with('/') && !uri.contains(' '),
        "{uri}"
    );
    assert_eq!(artifact["uriBaseId"], "ROOT");
}

#[test]
fn sarif_has_what_its_schema_asks_for() {
    let mut fixes = 0;
    for case in Case::all() {
        let diagnosis = case.diagnose();
        let log: Value =
            serde_json::from_str(&report::sarif(&diagnosis, Language::English)).unwrap();
        assert_eq!(log["version"], "2.1.0");
        assert!(text(&log["$schema"]).ends_with("sarif-2.1.0.json"));
        let run = &log["runs"][0];
        assert!(run["originalUriBaseIds"]["ROOT"].is_object());
        let driver = &run["tool"]["driver"];
        assert_eq!(driver["name"], "atalaya doctor");
        let rules = driver["rules"].as_array().unwrap();
        assert_eq!(rules.len(), RULES.len());
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), diagnosis.findings.len(), "{}", case.name);
        for (result, finding) in results.iter().zip(&diagnosis.findings) {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            assert_eq!(result["ruleId"], finding.rule);
            let level = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Hint => "note",
            };
            assert_eq!(result["level"], level);
            assert!(
                text(&result["message"]["text"]).starts_with(finding.message.of(Language::English))
            );
            let place = &result["locations"][0]["physicalLocation"];
            check_artifact(&place["artifactLocation"]);
            let expected = finding.place.as_ref().unwrap();
            assert_eq!(place["region"]["startLine"], expected.line);
            assert_eq!(place["region"]["startColumn"], expected.column);
            let fixed = result["fixes"].as_array().into_iter().flatten();
            for change in fixed.flat_map(|fix| fix["artifactChanges"].as_array().unwrap()) {
                check_artifact(&change["artifactLocation"]);
                for replacement in change["replacements"].as_array().unwrap() {
                    assert!(replacement["deletedRegion"]["byteOffset"].is_u64());
                    assert!(replacement["insertedContent"]["text"].is_string());
                    fixes += 1;
                }
            }
        }
    }
    assert!(fixes > 20, "only {fixes} replacements were looked at");
}

#[test]
fn markdown_tells_every_finding_with_its_place_and_its_diff() {
    let mut diffs = 0;
    for case in Case::all() {
        let diagnosis = case.diagnose();
        let page = report::markdown(&diagnosis, Language::English);
        assert_eq!(
            page.matches("\n## ").count(),
            diagnosis.findings.len(),
            "{page}"
        );
        for finding in &diagnosis.findings {
            let place = finding.place.as_ref().unwrap();
            let at = format!(
                "\n`{}:{}:{}`\n",
                place.file.display(),
                place.line,
                place.column
            );
            assert!(page.contains(&at), "{at} is not in {page}");
        }
        let fences = page.lines().filter(|line| line.starts_with("```")).count();
        assert_eq!(fences % 2, 0, "{page}");
        diffs += page.matches("\n```diff\n").count();
    }
    assert!(diffs > 20, "only {diffs} diffs");
}

#[test]
fn every_rule_speaks_both_languages() {
    for rule in RULES {
        let [english, spanish] =
            [Language::English, Language::Spanish].map(|language| rule.title.of(language));
        assert!(
            !english.is_empty() && english != spanish,
            "{}: {spanish}",
            rule.id
        );
    }
    let differs = |text: &Text| text.of(Language::English) != text.of(Language::Spanish);
    for case in Case::all() {
        for finding in case.diagnose().findings {
            let texts = [&finding.message, &finding.effect, &finding.fix.description];
            for text in texts.into_iter().filter(|text| !text.is_empty()) {
                assert!(
                    differs(text),
                    "{}: {text:?} is in one language",
                    finding.rule
                );
            }
        }
    }
}

#[test]
fn a_report_is_in_the_language_that_was_asked_for() {
    let case = Case::all()
        .into_iter()
        .find(|case| case.name == "story")
        .unwrap();
    let diagnosis = case.diagnose();
    let finding = &diagnosis.findings[0];
    let message = |language| serde_json::to_string(finding.message.of(language)).unwrap();
    let (english, spanish) = (message(Language::English), message(Language::Spanish));
    for report in [report::json, report::sarif] {
        let bare = |text: &str| text.trim_matches('"').to_owned();
        let told = report(&diagnosis, Language::Spanish);
        assert!(
            told.contains(&bare(&spanish)) && !told.contains(&bare(&english)),
            "{told}"
        );
    }
    let page = report::markdown(&diagnosis, Language::Spanish);
    assert!(
        page.starts_with("# con fallos: 11 fallos, 0 sugerencias\n"),
        "{page}"
    );
    assert!(
        page.contains("**Lo que ve el cliente.**") && !page.contains("The client"),
        "{page}"
    );
    let text = report::text(&diagnosis, Language::Spanish, false);
    assert!(
        text.contains("aviso[development-mode]") && text.contains("efecto: "),
        "{text}"
    );
}
