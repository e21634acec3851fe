//! Measuring, small: every scenario on both databases, so that it cannot rot.

use std::io::{BufRead, BufReader};

use atalaya_testbed::postgres;
use serde_json::Value;

use crate::place::{Outcome, Place};

const SMALL: [&str; 10] = [
    "bench",
    "--json",
    "--clients=20",
    "--at-once=10",
    "--count=3",
    "--rate=50",
    "--length=300ms",
    "--settle=50ms",
    "--patience=20s",
    "--churn=20",
];

/// Runs with these flags more. What is made is in the place's own temporary folder.
fn bench(place: Place, more: &[&str]) -> (Place, Outcome) {
    std::fs::create_dir(place.path("tmp")).unwrap();
    let folder = place.path("tmp").display().to_string();
    let place = place.with("TMPDIR", &folder);
    let arguments: Vec<&str> = SMALL.iter().chain(more).copied().collect();
    let outcome = place.run(&arguments);
    let left: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
    assert!(left.is_empty(), "left behind: {left:?}");
    (place, outcome)
}

/// What must be true of each scenario, whatever the machine.
fn assert_whole(report: &Value) {
    let outcomes = report["outcomes"].as_array().unwrap();
    let names: Vec<&str> = outcomes.iter().map(name).collect();
    let all = [
        "connect",
        "idle",
        "broadcast",
        "direct",
        "direct-read",
        "publish",
        "leave",
        "mixed",
    ];
    assert_eq!(names, all);
    for outcome in outcomes {
        assert_eq!(outcome["failed"], 0, "{outcome}");
        assert_eq!(outcome["first_failure"], Value::Null, "{outcome}");
        assert_eq!(
            outcome["rows"],
            serde_json::json!({"sampled": 1, "missing": 0})
        );
        assert!(outcome["succeeded"].as_u64().unwrap() >= 15, "{outcome}");
        assert!(
            outcome["server"]["cpu_us"].as_u64().unwrap() > 0,
            "{outcome}"
        );
        assert!(outcome["server"]["pss_before_bytes"].as_u64().unwrap() > 0);
        let deliveries = &outcome["deliveries"];
        assert_eq!(deliveries["expected"], deliveries["received"], "{outcome}");
    }
    let idle = &outcomes[1]["server"];
    assert!(
        idle["pss_per_connection_after_broadcasts_bytes"].is_number(),
        "{idle}"
    );
    assert_eq!(outcomes[1]["deliveries"]["expected"], 20 * 50);
    assert_eq!(outcomes[2]["deliveries"]["expected"], 20 * 3);
    assert!(outcomes[3]["answer_latency"]["p99_us"].as_u64().unwrap() > 0);
    assert_eq!(outcomes[4]["kinds"][0]["succeeded"], 15);
    assert!(outcomes[5]["answer_latency"]["p99_us"].as_u64().unwrap() > 0);
    assert!(outcomes[6]["rows_closed_seconds"].as_f64().unwrap() > 0.0);
    let kinds: Vec<&str> = outcomes[7]["kinds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| kind["name"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["connect", "leave", "publish", "deliver", "read"]);
}

fn name(outcome: &Value) -> &str {
    outcome["scenario"].as_str().unwrap()
}

#[test]
fn every_scenario_on_sqlite() {
    let (_place, outcome) = bench(Place::new(), &[]);
    assert_whole(&outcome.json());
    assert_eq!(outcome.stderr, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_on_postgres() {
    let database = postgres::database().await;
    let (_place, outcome) = bench(Place::new(), &["--database-url", &database.url]);
    let report = outcome.json();
    assert_whole(&report);
    for outcome in report["outcomes"].as_array().unwrap() {
        assert!(
            outcome["database"]["cpu_us"].as_u64().unwrap() > 0,
            "{outcome}"
        );
    }
}

#[test]
fn over_polling_too() {
    let scenarios = ["broadcast", "direct-read", "leave"];
    let flags = [&["--transport=polling"][..], &scenarios].concat();
    let (_place, outcome) = bench(Place::new(), &flags);
    let report = outcome.json();
    assert_eq!(report["transport"], "polling");
    for outcome in report["outcomes"].as_array().unwrap() {
        assert_eq!(outcome["failed"], 0, "{outcome}");
        assert_eq!(outcome["rows"]["missing"], 0, "{outcome}");
        assert!(outcome["succeeded"].as_u64().unwrap() >= 15, "{outcome}");
    }
}

#[test]
fn a_server_that_runs_is_measured_with_tokens_signed_here() {
    let secret = "a-key-for-this-test-alone-a-key-for-this-test-alone";
    let place = Place::new().with("JWT_SECRET", secret);
    let server = place.serve(&[]);
    for name in ["ana", "berta"] {
        place.run_with_input(
            &["user", "add", name, "--password-stdin"],
            "correct horse battery",
        );
    }
    let (url, pid) = (server.url(), server.pid().to_string());
    let flags = [
        "--url",
        &url,
        "--users=2..3",
        "--publisher=1",
        "--server-pid",
        &pid,
    ];
    let common = ["bench", "--json", "connect", "broadcast", "--count=2"];
    let arguments: Vec<&str> = common.iter().chain(&flags).copied().collect();
    let report = place.run(&arguments).json();
    assert_eq!(report["outcomes"][0]["succeeded"], 2);
    assert_eq!(report["outcomes"][0]["rows"], Value::Null);
    assert_eq!(report["outcomes"][1]["succeeded"], 4);
    assert_eq!(report["url"], url);
}

#[test]
fn tokens_from_a_file_are_used_as_they_are() {
    let place = Place::new();
    let server = place.serve(&[]);
    place.run_with_input(
        &["user", "add", "ana", "--password-stdin"],
        "correct horse battery",
    );
    let token = |name| place.run(&["token", "--user", name]).stdout;
    place.write("tokens", &format!("1 {}2 {}", token("admin"), token("ana")));
    let report = place.run(&[
        "bench",
        "--json",
        "direct",
        "--rate=10",
        "--length=1s",
        "--url",
        &server.url(),
        "--tokens",
        "tokens",
    ]);
    assert_eq!(report.json()["outcomes"][0]["succeeded"], 10);
}

#[test]
fn another_machine_is_not_put_under_load_unasked() {
    // An address for documentation (RFC 5737), which nothing is sent to.
    let flags = [
        "bench",
        "--url",
        "http://192.0.2.7:3001",
        "--users=1..9",
        "--publisher=1",
    ];
    insta::assert_snapshot!(Place::new().run(&flags).shown(), @r"
    exit 2
    --- stderr
    error: measuring
      what went wrong  http://192.0.2.7:3001 is another machine, and this puts a load on it that may stop it
      what to try      if it is yours to do that with: --i-own-this-server
    ");
}

#[test]
fn a_database_with_people_in_it_is_left_alone() {
    let place = Place::new();
    place.run_with_input(
        &["user", "add", "ana", "--password-stdin"],
        "correct horse battery",
    );
    let outcome = place.run(&[
        "bench",
        "connect",
        "--clients=2",
        "--database-url=sqlite://data/atalaya.db",
    ]);
    insta::assert_snapshot!(outcome.shown(), @r"
    exit 2
    --- stderr
    error: measuring
      what went wrong  the database has users of its own; give one that is there for measuring
    ");
    let users = place.run(&["user", "list", "--json"]).stdout;
    assert!(
        users.contains("ana") && !users.contains("bench-"),
        "{users}"
    );
}

#[test]
fn a_server_that_does_not_run_is_told() {
    let place = Place::new().with(
        "JWT_SECRET",
        "a-key-for-this-test-alone-a-key-for-this-test-alone",
    );
    let port = atalaya_testbed::ports::free();
    let url = format!("http://127.0.0.1:{port}");
    let outcome = place.run(&[
        "bench",
        "connect",
        "--url",
        &url,
        "--users=1..9",
        "--publisher=1",
    ]);
    assert_eq!(outcome.code, Some(2));
    assert!(
        outcome.stderr.contains("nobody could connect"),
        "{}",
        outcome.stderr
    );
    assert!(
        outcome.stderr.contains("Connection refused"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn flags_that_make_no_sense_are_refused() {
    let wrong: [&[&str]; 8] = [
        &["--clients=0"],
        &["--payload=3"],
        &["--length=2h"],
        &["--users=5..1", "--url=http://127.0.0.1:1"],
        &["--users=1..5"],
        &["--server-pid=1"],
        &["everything"],
        &["--url=https://127.0.0.1", "--users=1..2", "--publisher=1"],
    ];
    for flags in wrong {
        let arguments: Vec<&str> = ["bench"].iter().chain(flags).copied().collect();
        let outcome = Place::new().run(&arguments);
        assert_eq!(outcome.code, Some(2), "{flags:?}: {}", outcome.stdout);
        assert!(!outcome.stderr.is_empty());
    }
}

#[test]
fn who_connects_must_be_said() {
    let place = Place::new();
    let alone = place.run(&["bench", "--url=http://127.0.0.1:1"]);
    assert!(
        alone.stderr.contains("--users 2..101 --publisher 1"),
        "{}",
        alone.stderr
    );
    let keyless = place.run(&[
        "bench",
        "--url=http://127.0.0.1:1",
        "--users=1..2",
        "--publisher=1",
    ]);
    assert!(
        keyless
            .stderr
            .contains("there is no key to sign tokens with"),
        "{}",
        keyless.stderr
    );
}

#[test]
fn an_interrupted_measurement_takes_its_server_with_it() {
    let place = Place::new();
    let mut child = place
        .command(&["bench", "idle", "--clients=5", "--settle=60s"])
        .env("TMPDIR", place.path(""))
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // The server's log is made just before it starts, so it may or may not listen when the signal comes.
    let folder = place.path("");
    let is_started = || {
        let entries = std::fs::read_dir(&folder).unwrap();
        entries
            .flatten()
            .any(|entry| entry.path().join("atalaya.log").exists())
    };
    let begun = std::time::Instant::now();
    while !is_started() {
        assert!(begun.elapsed().as_secs() < 20, "it did not start a server");
        std::thread::yield_now();
    }
    let pid = child.id().to_string();
    std::process::Command::new("kill")
        .args(["-TERM", &pid])
        .status()
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2));
    let said = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(
        said.map(Result::unwrap)
            .any(|line| line.contains("interrupted"))
    );
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn who_does_not_read_is_left_out() {
    let (_place, outcome) = bench(Place::new(), &["broadcast", "--stuck=2"]);
    let outcome = &outcome.json()["outcomes"][0];
    assert_eq!(outcome["failed"], 0, "{outcome}");
    assert_eq!(outcome["deliveries"]["expected"], 18 * 3);
}
