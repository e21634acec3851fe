//! The log as the shell sees it: on standard error and in its file, through rotations, failures and ends.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::place::{Place, json_lines, read};

#[test]
fn the_log_is_one_flat_json_object_a_line_and_says_listening() {
    let server = Place::new().serve(&[]);
    let address = server.address();
    let lines = server.stop().log_lines();
    let listening = lines
        .iter()
        .find(|line| line["message"] == "listening")
        .unwrap();
    assert_eq!(listening["address"], address);
    for line in &lines {
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
        assert!(
            ["info", "warn"].contains(&line["level"].as_str().unwrap()),
            "{line}"
        );
        assert!(
            line.as_object()
                .unwrap()
                .values()
                .all(|value| !value.is_object()),
            "{line}"
        );
    }
    assert_eq!(lines.last().unwrap()["message"], "stopped");
}

#[test]
fn the_log_file_is_opened_anew_after_a_rotation() {
    let place = Place::new();
    let server = place.serve(&["--log-file", "atalaya.log"]);
    place.until_file_says("atalaya.log", "listening");
    fs::rename(place.path("atalaya.log"), place.path("atalaya.log.1")).unwrap();
    server.signal("-HUP");
    assert_eq!(server.stop().code, Some(0));
    let messages = |name: &str| {
        let lines = json_lines(&read(&place.path(name)));
        lines
            .iter()
            .map(|line| line["message"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(messages("atalaya.log.1").contains(&"listening".to_owned()));
    assert_eq!(messages("atalaya.log").first().unwrap(), "asked to stop");
    assert_eq!(messages("atalaya.log").last().unwrap(), "stopped");
}

#[test]
fn a_log_file_that_cannot_be_opened_is_told() {
    let outcome = Place::new().run(&["serve", "--log-file", "nowhere/atalaya.log"]);
    insta::assert_snapshot!(outcome.shown(), @r"
    exit 2
    --- stderr
    error: opening the log file nowhere/atalaya.log
      what went wrong  No such file or directory (os error 2)
      what to try      make its folder, and let this user write there: mkdir -p nowhere
    ");
}

#[test]
fn a_start_that_fails_has_written_its_log_before_it_says_why() {
    let (place, other) = (Place::new(), Place::new());
    let first = other.serve(&[]);
    let outcome = place.run(&[
        "serve",
        "--listen",
        &first.address(),
        "--ops-listen=127.0.0.1:0",
        "--log-file=atalaya.log",
    ]);
    assert_eq!(outcome.code, Some(2));
    let (log, story) = outcome.stderr.split_once("error: ").unwrap();
    assert!(story.starts_with("listening on"), "{story}");
    assert_eq!(
        json_lines(log),
        json_lines(&read(&place.path("atalaya.log")))
    );
    assert!(log.contains("the database schema was brought up to date"));
}

#[test]
fn a_standard_error_that_nobody_reads_stops_neither_the_server_nor_the_file() {
    let place = Place::new();
    let arguments = ["serve", "--json", "--log=trace", "--log-file=atalaya.log"];
    let ports = ["--listen=127.0.0.1:0", "--ops-listen=127.0.0.1:0"];
    let mut child = place
        .command(&[arguments.as_slice(), &ports].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut welcome = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut welcome).unwrap();
    let welcome: Value = serde_json::from_str(&welcome).unwrap();
    let address = welcome["listening"].as_str().unwrap();

    // More than a pipe holds.
    let began = Instant::now();
    while fs::metadata(place.path("atalaya.log")).unwrap().len() < 300_000 {
        assert!(get(address).starts_with("HTTP/1.1 200"));
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "it is not logged"
        );
    }
    let pid = child.id().to_string();
    let killed = std::process::Command::new("kill").arg(&pid).status();
    assert!(killed.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let lines = json_lines(&read(&place.path("atalaya.log")));
    assert_eq!(lines.last().unwrap()["message"], "stopped");
}

fn get(address: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
