//! Every rule is explained where its findings say so.

use std::{collections::BTreeSet, fs, path::Path};

use atalaya_doctor::{finding::help_page, language::Language, rules::RULES};

#[test]
fn every_rule_has_its_section_and_every_section_its_rule() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/checks.md");
    let page = fs::read_to_string(path).expect("docs/checks.md is there");
    let sections: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    let rules: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(sections, rules);
}

#[test]
fn every_section_has_wrong_lines_what_is_seen_why_and_right_lines() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/checks.md");
    let page = fs::read_to_string(path).expect("docs/checks.md is there");
    for section in page.split("\n## ").skip(1) {
        let fences = section.matches("\n```").count();
        assert!(fences >= 4, "wrong or right lines are missing in {section}");
        for part in ["**What the client sees.** ", "**Why.** ", "**Right:**"] {
            assert!(section.contains(part), "{part:?} is missing in {section}");
        }
    }
}

#[test]
fn a_section_starts_with_the_title_of_its_rule() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/checks.md");
    let page = fs::read_to_string(path).expect("docs/checks.md is there");
    for rule in RULES {
        let title = rule.title.of(Language::English);
        let start = format!("\n## {}\n\n{title}\n", rule.id);
        assert!(page.contains(&start), "{}: {title}", rule.id);
    }
}

#[test]
fn a_finding_leads_to_its_section() {
    assert_eq!(help_page("no-location"), "docs/checks.md#no-location");
}
