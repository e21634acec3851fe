//! The deployment that the doctor was made for: five mistakes at once, found, mended, and shown to work.

use std::{collections::BTreeSet, fs, path::Path};

use atalaya_doctor::Verdict;

use crate::{
    case::{Case, found},
    live::{back_end::BackEnds, look, tree::mended},
};

fn story() -> Case {
    let mut cases = Case::all().into_iter();
    cases.find(|case| case.name == "story").unwrap()
}

/// What the front end's build makes of its environment.
fn build(tree: &Path) {
    let environment = fs::read_to_string(tree.join("srv/app/.env.production")).unwrap();
    let value = |name: &str| {
        let line = environment.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim_start_matches('=').to_owned()
    };
    let (api, ws) = (value("VITE_API_URL"), value("VITE_WS_URL"));
    let built = format!("const api=\"{api}\",ws=\"{ws}\";\nexport{{api,ws}};\n");
    fs::write(tree.join("var/www/app/assets/index.js"), built).unwrap();
}

#[test]
fn all_five_mistakes_are_found_and_nothing_else() {
    let diagnosis = story().diagnose();
    let rules: BTreeSet<&str> = diagnosis
        .findings
        .iter()
        .map(|finding| finding.rule)
        .collect();
    let expected = [
        "api-elsewhere",
        "no-location",
        "conflicting-server-name",
        "front-end-address",
        "development-mode",
        "logs-discarded",
    ];
    assert_eq!(rules, BTreeSet::from(expected));
    assert_eq!(found(&diagnosis, true), story().faults());
    assert_eq!(found(&diagnosis, false), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn mended_and_built_again_it_works() {
    let case = story();
    let back_ends = BackEnds::start().await;
    let ports = back_ends.ports;
    let shown = tokio::task::spawn_blocking(move || {
        assert_eq!(look(&case, &case.dir, ports).as_deref(), case.symptom());

        let (tree, mending) = mended(&case);
        let left = found(&mending.after, true);
        assert!(
            left.iter()
                .all(|fault| fault.file == "/var/www/app/assets/index.js"),
            "the built file is the build's: {left:#?}"
        );
        build(tree.path());
        let diagnosis = case.diagnose_in(tree.path());
        assert_eq!(
            (diagnosis.verdict, &diagnosis.findings[..]),
            (Verdict::Healthy, &[][..])
        );
        assert_eq!(look(&case, tree.path(), ports), None);
    });
    shown.await.unwrap();
}

#[test]
fn the_built_file_is_what_the_build_makes_of_the_environment() {
    let case = story();
    let file = Path::new("var/www/app/assets/index.js");
    let dir = tempfile::tempdir().unwrap();
    let environment = Path::new("srv/app/.env.production");
    for folder in [file, environment].map(|path| path.parent().unwrap()) {
        fs::create_dir_all(dir.path().join(folder)).unwrap();
    }
    fs::copy(case.dir.join(environment), dir.path().join(environment)).unwrap();
    build(dir.path());
    let read = |dir: &Path| fs::read_to_string(dir.join(file)).unwrap();
    assert_eq!(read(dir.path()), read(&case.dir));
}
