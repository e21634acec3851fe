//! A file of notifications from the shell: what is sent, which lines failed, and how it ends.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use atalaya_testbed::postgres;
use serde_json::Value;

use crate::place::{Outcome, Place, Running, json_lines};

const LINE: &str = r#"{"to":{"all":true},"title":"x"}"#;

fn serving() -> (Place, Running) {
    let place = Place::new();
    let server = place.serve(&[]);
    (place, server)
}

fn send(place: &Place, server: &Running, more: &[&str]) -> Outcome {
    let url = server.url();
    let command = ["send", "--url", &url, "--batch"];
    place.run(&[&command, more].concat())
}

fn numbered(count: usize) -> String {
    (1..=count).fold(String::new(), |mut text, number| {
        writeln!(text, r#"{{"to":{{"all":true}},"title":"{number}"}}"#).unwrap();
        text
    })
}

/// A good line, a blank one, three that fail, and a good one without an end.
fn mixed() -> String {
    let unknown = r#"{"to":{"users":[99]},"title":"x"}"#;
    [
        LINE,
        "",
        "{",
        r#"{"to":{"all":true},"title":" "}"#,
        unknown,
        LINE,
    ]
    .join("\n")
}

#[test]
fn every_line_is_sent_and_counted() {
    let (place, server) = serving();
    place.write("alerts.ndjson", &numbered(2_500));
    insta::assert_snapshot!(send(&place, &server, &["alerts.ndjson"]).shown(), @r"
    exit 0
    --- stdout
    2,500 sent
    ");
    let spanish = place.with("LANG", "es_ES.UTF-8");
    insta::assert_snapshot!(send(&spanish, &server, &["alerts.ndjson"]).shown(), @r"
    exit 0
    --- stdout
    2.500 enviadas
    ");
}

#[test]
fn a_line_that_fails_is_told_with_its_number_and_the_others_are_sent() {
    let (place, server) = serving();
    place.write("alerts.ndjson", &mixed());
    insta::assert_snapshot!(send(&place, &server, &["alerts.ndjson"]).shown(), @r"
    exit 1
    --- stdout
    line 3: EOF while parsing an object at column 1 (400 invalid_json)
    line 4: title: must not be blank (422 invalid_field)
    line 5: no users with the ids 99 (422 unknown_recipients)
    2 sent, 3 failed
    --- stderr
    error: sending alerts.ndjson
      what went wrong  3 of 5 lines failed; the others are sent
      what to try      mend those lines, and send them alone
    ");
}

#[test]
fn for_a_program_there_is_a_result_for_each_line_of_the_whole_file() {
    results_for_a_program(Place::new());
}

#[tokio::test]
async fn for_a_program_there_is_a_result_for_each_line_of_the_whole_file_on_postgres() {
    let database = postgres::database().await;
    let place = Place::new().with("DATABASE_URL", &database.url);
    tokio::task::spawn_blocking(|| results_for_a_program(place))
        .await
        .unwrap();
}

/// The bad lines stand in the second request and the good ones around them are many.
fn results_for_a_program(place: Place) {
    let server = place.serve(&[]);
    let text = format!("{}{}\n{}", numbered(1_500), mixed(), numbered(1_500));
    place.write("alerts.ndjson", &text);
    let outcome = send(&place, &server, &["alerts.ndjson", "--json"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    let results = json_lines(&outcome.stdout);
    let of = |result: &Value, name: &str| result[name].as_u64();
    let lines: Vec<_> = results.iter().filter_map(|it| of(it, "line")).collect();
    let expected: Vec<u64> = (1..=3_006).filter(|line| *line != 1_502).collect();
    assert_eq!(lines, expected);
    let failed: Vec<_> = results
        .iter()
        .filter(|it| it["status"] != 201)
        .map(|it| (of(it, "line").unwrap(), of(it, "status").unwrap()))
        .collect();
    assert_eq!(failed, [(1_503, 400), (1_504, 422), (1_505, 422)]);
    let ids: Vec<_> = results.iter().filter_map(|it| of(it, "id")).collect();
    assert_eq!(ids.len(), 3_002);
    assert!(ids.is_sorted_by(|a, b| a < b), "in the order of the lines");
    let error: Value = serde_json::from_str(&outcome.stderr).unwrap();
    assert_eq!(
        error["error"]["wrong"],
        "3 of 3005 lines failed; the others are sent"
    );
}

/// The command with its lines given one by one.
struct Piped {
    child: Child,
    input: ChildStdin,
    results: BufReader<ChildStdout>,
}

impl Piped {
    fn to(place: &Place, server: &Running) -> Self {
        let url = server.url();
        let mut child = place
            .command(&["send", "--json", "--url", &url, "--batch", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            input: child.stdin.take().unwrap(),
            results: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    fn send(&mut self) {
        writeln!(self.input, "{LINE}").unwrap();
    }

    fn is_sent(&mut self, line: u64) {
        let mut result = String::new();
        self.results.read_line(&mut result).unwrap();
        let result: Value = serde_json::from_str(&result).unwrap();
        assert_eq!(
            (&result["line"], &result["status"]),
            (&line.into(), &201.into())
        );
    }

    /// The exit code, and what it said of its failure.
    fn end(self) -> (Option<i32>, String) {
        drop(self.input);
        let output = self.child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said)
    }
}

#[test]
fn what_comes_on_standard_input_is_sent_as_it_comes() {
    let (place, server) = serving();
    let mut piped = Piped::to(&place, &server);
    for line in 1..=3 {
        piped.send();
        piped.is_sent(line);
    }
    assert_eq!(piped.end(), (Some(0), String::new()));
}

#[test]
fn where_a_server_goes_away_the_lines_that_were_not_sent_are_told() {
    let (place, server) = serving();
    let mut piped = Piped::to(&place, &server);
    piped.send();
    piped.is_sent(1);
    drop(server);
    piped.send();
    let (code, said) = piped.end();
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("from line 2 on nothing was sent"), "{said}");
}

#[test]
fn what_cannot_run_is_told_and_sends_nothing() {
    let (place, server) = serving();
    insta::assert_snapshot!(send(&place, &server, &["nowhere.ndjson"]).shown(), @r"
    exit 2
    --- stderr
    error: reading nowhere.ndjson
      what went wrong  No such file or directory (os error 2)
    ");
    place.write("alerts.ndjson", &numbered(3));
    let refused = send(&place, &server, &["alerts.ndjson", "--token", "x.y.z"]);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("token_invalid"),
        "{}",
        refused.stderr
    );
    let address = server.address();
    let url = server.url();
    server.stop();
    let outcome = place.run(&["send", "--url", &url, "--batch", "alerts.ndjson"]);
    insta::assert_snapshot!(outcome.shown().replace(&address, "ADDRESS"), @r"
    exit 2
    --- stdout
    0 sent
    --- stderr
    error: sending the notification through http://ADDRESS
      what went wrong  cannot connect to ADDRESS: Connection refused (os error 111)
      what to try      start the server: atalaya serve
                       or say where it is: --url, or ATALAYA_LISTEN as the server has it
    ");
}

#[test]
fn a_batch_and_a_single_notification_are_not_mixed() {
    let outcome = Place::new().run(&["send", "--batch", "x", "--to", "all"]);
    assert_eq!(outcome.code, Some(2));
    assert!(
        outcome.stderr.contains("cannot be used with"),
        "{}",
        outcome.stderr
    );
    let outcome = Place::new().run(&["send", "--to", "all"]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("--title"), "{}", outcome.stderr);
}
