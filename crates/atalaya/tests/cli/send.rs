//! Publishing from the shell, through a running server.

use crate::place::{Place, Running};

fn serving() -> (Place, Running) {
    let place = Place::new();
    let server = place.serve(&[]);
    place.run_with_input(
        &[
            "user",
            "add",
            "ana",
            "--role",
            "operator",
            "--password-stdin",
        ],
        "correct horse battery",
    );
    (place, server)
}

/// Times and addresses blanked out.
fn redacted(text: &str, server: &Running) -> String {
    let text = text.replace(&server.address(), "ADDRESS");
    let words = text.split(' ').map(|word| {
        let is_time = word.len() >= 24 && word.trim_end().ends_with('Z') && word.contains('T');
        if is_time { "TIME\n" } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_notification_is_sent_by_name_role_and_topic_and_to_all() {
    let (place, server) = serving();
    let url = server.url();
    let shown: Vec<String> = ["user:ana", "role:operator", "topic:alerts.north", "all"]
        .iter()
        .map(|to| {
            place.run(&[
                "send",
                "--url",
                &url,
                "--to",
                to,
                "--title",
                "Pump 3 has stopped",
            ])
        })
        .map(|outcome| redacted(&outcome.shown(), &server))
        .collect();
    insta::assert_snapshot!(shown.join(""), @r"
    exit 0
    --- stdout
    notification 1 is kept for 1 recipient  TIME
    exit 0
    --- stdout
    notification 2 is kept for 1 recipient  TIME
    exit 0
    --- stdout
    notification 3 is kept for 0 recipients  TIME
    exit 0
    --- stdout
    notification 4 is kept for 2 recipients  TIME
    ");
}

#[test]
fn every_field_reaches_the_server_and_json_is_what_it_answered() {
    let (place, server) = serving();
    let url = server.url();
    let answer = place.run(&[
        "send",
        "--json",
        "--url",
        &url,
        "--to",
        "user:ana",
        "--title",
        "Report",
        "--body",
        "It is ready.",
        "--severity",
        "warning",
        "--type",
        "report",
        "--event",
        "alert",
        "--link",
        "/reports/17",
        "--data",
        r#"{"pages": 3}"#,
        "--expires-at",
        "2099-01-31T18:00:00Z",
        "--requires-ack",
    ]);
    assert_eq!(answer.json()["recipients"], 1);
}

#[test]
fn a_refusal_is_shown_in_words() {
    let (place, server) = serving();
    let url = server.url();
    let unknown = place.run(&["send", "--url", &url, "--to", "user:99", "--title", "Hello"]);
    insta::assert_snapshot!(redacted(&unknown.shown(), &server), @r"
    exit 1
    --- stderr
    error: sending the notification
      what went wrong  Some recipients do not exist (422 unknown_recipients)
                       no users with the ids 99
      what to try      Leave out the ids in `users`; nothing was published.
    ");
    let empty = place.run(&["send", "--url", &url, "--to", "all", "--title", ""]);
    insta::assert_snapshot!(redacted(&empty.shown(), &server), @r"
    exit 1
    --- stderr
    error: sending the notification
      what went wrong  A field is not valid (422 invalid_field)
                       title: must not be blank
      what to try      Correct the fields named in `errors`; all of them are there.
    ");
}

#[test]
fn a_wrong_token_and_an_unknown_name_are_the_answer_no() {
    let (place, server) = serving();
    let url = server.url();
    let outcome = place.run(&[
        "send", "--url", &url, "--token", "x.y.z", "--to", "all", "--title", "Hello",
    ]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("token_invalid"),
        "{}",
        outcome.stderr
    );
    let outcome = place.run(&["send", "--url", &url, "--to", "user:an", "--title", "Hello"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("there is no user \"an\""),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_server_that_does_not_run_is_told() {
    let (place, server) = serving();
    let url = server.url();
    let address = server.address();
    server.stop();
    let outcome = place.run(&["send", "--url", &url, "--to", "all", "--title", "Hello"]);
    insta::assert_snapshot!(outcome.shown().replace(&address, "ADDRESS"), @r"
    exit 2
    --- stderr
    error: sending the notification through http://ADDRESS
      what went wrong  cannot connect to ADDRESS: Connection refused (os error 111)
      what to try      start the server: atalaya serve
                       or say where it is: --url, or ATALAYA_LISTEN as the server has it
    ");
}

#[test]
fn a_mixture_of_recipients_is_refused() {
    let (place, server) = serving();
    let url = server.url();
    let outcome = place.run(&[
        "send", "--url", &url, "--to", "user:1", "--to", "all", "--title", "Hello",
    ]);
    insta::assert_snapshot!(outcome.shown(), @r"
    exit 2
    --- stderr
    error: sending the notification
      what went wrong  one notification goes to users, to roles, to one topic or to all, not to a mixture
      what to try      send it once for each kind
    ");
}
