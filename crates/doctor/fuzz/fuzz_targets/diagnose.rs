//! A deployment of any texts is judged, in the end: nginx's file, an environment, a built file, PM2's file, a unit and
//! Atalaya's own, with a zero byte between them. Each finding stands at a place of its file, and what is mended is
//! judged again.

#![no_main]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use atalaya_doctor::{diagnose, mend::mend, question::Question, report, root::Root};
use libfuzzer_sys::fuzz_target;

const FILES: [&str; 6] = [
    "/etc/nginx/nginx.conf",
    "/srv/.env",
    "/srv/dist/app.js",
    "/srv/ecosystem.config.js",
    "/etc/app.service",
    "/etc/atalaya.toml",
];

fuzz_target!(|text: &str| {
    let parts = text.split('\0').chain(std::iter::repeat(""));
    let texts: BTreeMap<PathBuf, String> = FILES
        .iter()
        .map(PathBuf::from)
        .zip(parts.map(str::to_owned))
        .collect();
    let root = root().with_texts(&texts);
    let question = Question {
        url: Some("https://apps.example.com/".parse().expect("it is a URL")),
        env: vec![FILES[1].into()],
        bundles: vec!["/srv/dist".into()],
        pm2: vec![FILES[3].into()],
        systemd: vec![FILES[4].into()],
        config: Some(FILES[5].into()),
        ..Question::default()
    };
    let Ok(diagnosis) = diagnose(&root, &question) else {
        return;
    };
    for finding in &diagnosis.findings {
        let Some(place) = &finding.place else { continue };
        let text = &texts[&place.real_file];
        assert!(text.get(place.span.start..place.span.end).is_some(), "{finding:?}");
    }
    report::text(&diagnosis, atalaya_doctor::language::Language::Spanish, false);
    mend(&root, &question).expect("it was judged a moment ago");
});

/// The files, empty.
fn root() -> &'static Root {
    static ROOT: OnceLock<(tempfile::TempDir, Root)> = OnceLock::new();
    let (_, root) = ROOT.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for file in FILES {
            let path = folder.path().join(file.trim_start_matches('/'));
            std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("a folder");
            std::fs::write(path, "").expect("a file");
        }
        let root = Root::new(folder.path()).expect("it is there");
        (folder, root)
    });
    root
}
