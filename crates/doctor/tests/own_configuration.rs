//! What Atalaya ships is healthy: for nginx in both of its forms, and for PM2.

#![allow(clippy::unwrap_used, reason = "a failure in a helper is a failed test")]

use std::{fs, path::Path};

use atalaya_doctor::{diagnose, finding::Finding, question::Question, root::Root};

const NGINX: &str = "nginx/atalaya.conf";

/// What is found beside PM2's file as it is shipped.
fn findings(site: &str) -> Vec<Finding> {
    findings_with(site, &shipped("pm2/ecosystem.config.js"))
}

fn findings_with(site: &str, pm2: &str) -> Vec<Finding> {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("etc/nginx/conf.d");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("atalaya.conf"), site).unwrap();
    let main = "events {}\nhttp {\n    include conf.d/*.conf;\n}\n";
    fs::write(dir.path().join("etc/nginx/nginx.conf"), main).unwrap();
    fs::write(dir.path().join("ecosystem.config.js"), pm2).unwrap();
    let question = Question {
        pm2: vec!["ecosystem.config.js".into()],
        url: Some("http://apps.example.com/".parse().unwrap()),
        direct: Some("http://localhost:3001".parse().unwrap()),
        ..Question::default()
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
fn a_change_to_its_file_for_pm2_is_seen() {
    let file = shipped("pm2/ecosystem.config.js");
    let changed = file.replace("watch: false", "watch: true");
    let changed = changed.replace("instances: 1,", "instances: 2,");
    let findings = findings_with(&shipped(NGINX), &changed);
    let rules: Vec<&str> = findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, ["cluster-mode", "watch-mode"]);
}
