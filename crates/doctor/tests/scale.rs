//! Many sites on one machine: each is read, and the one that is asked about is judged.

#![allow(clippy::unwrap_used, reason = "a failure in a helper is a failed test")]

mod many_sites;

use std::path::Path;

use atalaya_doctor::{Verdict, diagnose, nginx::Config, root::Root};
use many_sites::{host, line_of_the_proxy, question, tree};

const SITES: usize = 500;

#[test]
fn five_hundred_sites_are_read() {
    let tree = tree(SITES, None);
    let root = Root::new(tree.path()).unwrap();
    let config = Config::load(&root, Path::new("/etc/nginx/nginx.conf")).unwrap();
    let http = atalaya_doctor::nginx::Http::of(&config).unwrap();
    assert_eq!(http.servers.len(), 2 * SITES);
    for site in [0, SITES / 2, SITES - 1] {
        let diagnosis = diagnose(&root, &question(site)).unwrap();
        assert_eq!(diagnosis.verdict, Verdict::Healthy);
        assert_eq!(diagnosis.findings.len(), 0, "{:#?}", diagnosis.findings);
        let back_ends = diagnosis.way.unwrap().back_ends;
        assert_eq!(back_ends[0].port, u16::try_from(10_000 + site).unwrap());
    }
}

#[test]
fn one_fault_among_five_hundred_sites_is_found_at_its_line() {
    let broken = 317;
    let tree = tree(SITES, Some(broken));
    let root = Root::new(tree.path()).unwrap();
    let diagnosis = diagnose(&root, &question(broken)).unwrap();
    let faults = diagnosis.findings.iter();
    let faults: Vec<_> = faults.filter(|it| it.severity.is_fault()).collect();
    assert_eq!(faults.len(), 1, "{faults:#?}");
    assert_eq!(faults[0].rule, "upgrade-headers");
    let place = faults[0].place.as_ref().unwrap();
    let file = format!("etc/nginx/sites-available/{}", host(broken));
    assert_eq!(place.real_file, Path::new("/").join(&file));
    assert_eq!(
        usize::try_from(place.line).unwrap(),
        line_of_the_proxy(&tree.path().join(file))
    );
    // The others are as they were.
    let other = diagnose(&root, &question(broken + 1)).unwrap();
    assert_eq!(other.verdict, Verdict::Healthy);
}
