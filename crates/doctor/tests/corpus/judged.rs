//! What the doctor says of each case, from its files alone.

use std::{collections::BTreeSet, fs, path::Path};

use atalaya_doctor::{Verdict, finding::Finding, mend::mend, root::Root, rules::RULES};

use crate::case::{Case, Expected, found};

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
fn a_client_s_requests_are_followed_to_where_its_files_send_them() {
    for case in Case::all() {
        let Some(asked) = case.asks().filter(|_| case.faults().is_empty()) else {
            continue;
        };
        let way = case.diagnose().way.unwrap();
        assert_eq!(way.origin, asked.origin, "{}", case.name);
        assert_eq!(way.path, case.of_client().path, "{}", case.name);
    }
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
    // The others are met in `examined`.
    for rule in RULES.iter().filter(|rule| !rule.is_live()) {
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
fn safe_mends_end_their_faults_and_bring_no_new_ones() {
    let mut mended = 0;
    for case in Case::all() {
        let (tree, mending) = crate::live::tree::mended(&case);
        let again = case.diagnose_in(tree.path());
        let left = found(&again, true);
        assert_eq!(left, found(&mending.after, true), "{}", case.name);
        let is_new = |fault: &Expected| !case.faults().iter().any(|known| known.rule == fault.rule);
        assert!(!left.iter().any(is_new), "{}: {left:#?}", case.name);
        let safe = |finding: &&Finding| finding.fix.safe && finding.severity.is_fault();
        assert!(
            !again.findings.iter().any(|finding| safe(&finding)),
            "{}",
            case.name
        );
        mended += usize::from(!mending.texts.is_empty());
    }
    assert!(mended >= 20, "only {mended} cases have a safe mend");
}

#[test]
fn what_was_there_is_kept_where_no_include_reads_it() {
    let cases = Case::all();
    let case = cases
        .iter()
        .find(|case| case.name == "no-location-spa")
        .unwrap();
    let (tree, mending) = crate::live::tree::mended(case);
    let site = "etc/nginx/sites-enabled/app";
    let kept = tree.path().join("etc/nginx/sites-enabled/.app.1.bak");
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    assert_eq!(read(&kept), read(&case.dir.join(site)));
    assert_eq!(
        read(&tree.path().join(site)),
        mending.texts[Path::new("/etc/nginx/sites-enabled/app")]
    );
    let root = Root::new(tree.path()).unwrap();
    let again = mend(&root, &case.question()).unwrap();
    assert!(again.texts.is_empty() && again.write(&root).unwrap().is_empty());
}
