//! What the doctor says of each case, from its files alone.

use std::collections::BTreeSet;

use atalaya_doctor::{Verdict, rules::RULES};

use crate::case::{Case, found};

#[test]
fn every_fault_is_found_at_its_line_and_nothing_else() {
    let mut wrong = Vec::new();
    for case in Case::all() {
        let diagnosis = case.diagnose();
        let faults = found(&diagnosis, true);
        if faults != case.faults() {
            wrong.push(format!(
                "{}: expected {:#?}, found {faults:#?}",
                case.name,
                case.faults()
            ));
        }
        let expected = if case.faults().is_empty() {
            Verdict::Healthy
        } else {
            Verdict::Faulty
        };
        assert_eq!(diagnosis.verdict, expected, "{}", case.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_hint_is_given_at_its_line() {
    for case in Case::all() {
        let hints = found(&case.diagnose(), false);
        for hint in case.hints() {
            assert!(
                hints.contains(&hint),
                "{}: {hint:?} is not among {hints:#?}",
                case.name
            );
        }
    }
}

#[test]
fn every_rule_has_a_case_and_a_healthy_look_alike() {
    let cases = Case::all();
    let met: BTreeSet<String> = cases
        .iter()
        .flat_map(|case| case.faults().into_iter().chain(case.hints()))
        .map(|expected| expected.rule)
        .collect();
    let resembled: BTreeSet<&str> = cases
        .iter()
        .filter(|case| case.faults().is_empty())
        .flat_map(Case::looks_like)
        .collect();
    for rule in RULES {
        assert!(met.contains(rule.id), "no case breaks {}", rule.id);
        assert!(
            resembled.contains(rule.id),
            "no healthy case resembles {}",
            rule.id
        );
    }
}

#[test]
fn a_third_of_the_cases_is_healthy() {
    let cases = Case::all();
    let healthy = cases.iter().filter(|case| case.faults().is_empty()).count();
    assert!(
        cases.len() >= 60 && healthy * 3 >= cases.len(),
        "{healthy} of {}",
        cases.len()
    );
}

#[test]
fn every_safe_mend_ends_its_fault() {
    for case in Case::all() {
        let diagnosis = case.diagnose();
        let safe = diagnosis
            .findings
            .iter()
            .filter(|finding| finding.fix.safe && finding.severity.is_fault());
        for finding in safe {
            let tree = crate::live::tree::mended(&case, finding);
            let again = case.diagnose_in(tree.path());
            let stays = again
                .findings
                .iter()
                .any(|other| other.rule == finding.rule);
            let faults = found(&again, true);
            assert!(
                !stays && faults.len() < case.faults().len(),
                "{}: {faults:#?}",
                case.name
            );
        }
    }
}
