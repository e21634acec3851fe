//! What Atalaya ships is healthy: for nginx in both of its forms, for PM2 and for systemd.

#![allow(clippy::unwrap_used, reason = "a failure in a helper is a failed test")]

use std::{fs, path::Path};

use atalaya_doctor::{diagnose, finding::Finding, question::Question, root::Root};

const NGINX: &str = "nginx/atalaya.conf";
const PM2: &str = "pm2/ecosystem.config.js";
const UNIT: &str = "systemd/atalaya.service";

/// What is found in a site, with no more than nginx.
fn findings(site: &str) -> Vec<Finding> {
    findings_with(site, Question::default())
}

/// The same with the files of a process manager, below `/`.
fn findings_with(site: &str, question: Question) -> Vec<Finding> {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("etc/nginx/conf.d");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("atalaya.conf"), site).unwrap();
    let main = "events {}\nhttp {\n    include conf.d/*.conf;\n}\n";
    fs::write(dir.path().join("etc/nginx/nginx.conf"), main).unwrap();
    for file in [PM2, UNIT] {
        fs::create_dir_all(dir.path().join(file).parent().unwrap()).unwrap();
        fs::write(dir.path().join(file), shipped(file)).unwrap();
    }
    let question = Question {
        url: Some("http://apps.example.com/".parse().unwrap()),
        direct: Some("http://localhost:3001".parse().unwrap()),
        ..question
    };
    diagnose(&Root::new(dir.path()).unwrap(), &question)
        .unwrap()
        .findings
}

fn shipped(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
    fs::read_to_string(folder.join(file)).unwrap()
}

#[test]
fn as_it_is_shipped() {
    assert_eq!(findings(&shipped(NGINX)), []);
}

#[test]
fn with_the_web_application_in_a_folder() {
    let site = shipped(NGINX);
    let proxied = "    location / {\n        proxy_pass http://atalaya;\n    }\n";
    assert!(site.contains(proxied));
    let files: String = site
        .replace(proxied, "")
        .lines()
        .map(|line| match line.strip_prefix("    #") {
            Some(code)
                if code.starts_with("location")
                    || code.starts_with('}')
                    || code.starts_with("    ") =>
            {
                format!("    {}\n", code.trim_start_matches('#'))
            }
            _ => format!("{line}\n"),
        })
        .collect();
    assert!(files.contains("\n    location /assets/ {"), "{files}");
    assert_eq!(findings(&files), []);
}

#[test]
fn without_its_location_for_socket_io_it_is_not() {
    let site = shipped(NGINX).replace("location /socket.io/ {", "location /somewhere/ {");
    let site = site.replace(
        "    location / {\n        proxy_pass http://atalaya;\n    }\n",
        "    location / {\n        try_files $uri /index.html;\n    }\n",
    );
    let rules: Vec<&str> = findings(&site).iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, ["no-location"]);
}

#[test]
fn under_pm2_and_under_systemd() {
    let pm2 = Question {
        pm2: vec![PM2.into()],
        ..Question::default()
    };
    assert_eq!(findings_with(&shipped(NGINX), pm2), []);
    let systemd = Question {
        systemd: vec![UNIT.into()],
        ..Question::default()
    };
    assert_eq!(findings_with(&shipped(NGINX), systemd), []);
}
