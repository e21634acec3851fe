//! `atalaya doctor` against a server that runs: the steps, the row, and what follows.

use std::fs;

use serde_json::Value;

use crate::place::{Outcome, Place, Running};

/// A server with its administrator, and a folder with no nginx in it.
fn serving() -> (Place, Running) {
    let place = Place::new();
    let server = place.serve(&[]);
    fs::create_dir_all(place.path("empty")).unwrap();
    (place, server)
}

fn token(place: &Place) -> String {
    let outcome = place.run(&["token", "--user", "admin"]);
    outcome.stdout.trim().to_owned()
}

fn doctor(place: &Place, server: &Running, more: &[&str]) -> Outcome {
    let url = server.url();
    let mut arguments = vec!["doctor", "--root", "empty", "--direct", &url];
    arguments.extend(more);
    place.run(&arguments)
}

fn steps(report: &Value) -> Vec<&str> {
    let probes = report["probes"].as_array().unwrap().iter();
    probes
        .map(|probe| probe["step"].as_str().unwrap())
        .collect()
}

#[test]
fn a_client_s_way_is_walked_down_to_the_row() {
    let (place, server) = serving();
    let database = format!("sqlite://{}", place.path("data/atalaya.db").display());
    let token = token(&place);
    let json = [
        "--token",
        &token,
        "--database",
        &database,
        "--format",
        "json",
    ];
    let outcome = doctor(&place, &server, &json);
    assert_eq!(outcome.code, Some(0), "{}", outcome.shown());
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(report["verdict"], "healthy");
    let expected = [
        "direct polling",
        "direct post",
        "direct poll",
        "direct large-message",
        "direct websocket",
        "direct namespace",
        "direct row",
        "direct row-closed",
        "direct upgrade",
    ];
    assert_eq!(steps(&report), expected);
    // For a person, a line each.
    let spanish = ["--token", &token, "--lang", "es"];
    let outcome = doctor(&place, &server, &spanish);
    assert_eq!(outcome.code, Some(0), "{}", outcome.shown());
    assert_eq!(
        outcome.stdout.matches("\nok ").count(),
        6,
        "{}",
        outcome.shown()
    );
    assert!(outcome.stdout.ends_with("sano: 0 fallos, 0 sugerencias\n"));
}

#[test]
fn another_database_than_the_server_s_has_no_row() {
    let (place, server) = serving();
    let token = token(&place);
    let other = place.path("other.db");
    let database = format!("sqlite://{}", other.display());
    let arguments = [
        "--token",
        &token,
        "--database",
        &database,
        "--format",
        "json",
    ];
    let outcome = doctor(&place, &server, &arguments);
    assert_eq!(outcome.code, Some(1), "{}", outcome.shown());
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(report["findings"][0]["rule"], "database-unreachable");
    assert_eq!(report["findings"][0]["file"], Value::Null);
    assert!(!other.exists(), "asking made a database");
    // One that is there, and is another's.
    place.run(&["migrate", "--database-url", &database]);
    let outcome = doctor(&place, &server, &arguments);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(report["findings"][0]["rule"], "row-not-written");
}

#[test]
fn offline_nobody_is_asked() {
    let (place, server) = serving();
    let offline = ["--offline", "--token", "x", "--format", "json"];
    let outcome = doctor(&place, &server, &offline);
    assert_eq!(outcome.code, Some(0), "{}", outcome.shown());
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(steps(&report), [""; 0]);
}

#[test]
fn a_token_that_is_refused_is_a_fault() {
    let (place, server) = serving();
    let outcome = doctor(&place, &server, &["--token", "x", "--format", "json"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.shown());
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(report["findings"][0]["rule"], "token-refused");
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
}
