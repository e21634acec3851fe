//! Accounts and tokens from the shell: what scripts rely on, and what a person reads.

use std::{os::unix::fs::PermissionsExt, process::Stdio};

use crate::place::{Place, read};

/// A folder whose database has the user `ana`.
fn with_ana() -> Place {
    let place = Place::new();
    let add = [
        "user",
        "add",
        "ana",
        "--role",
        "operator",
        "--password-stdin",
        "--json",
    ];
    let ana = place.run_with_input(&add, "correct horse battery\n").json();
    assert_eq!(ana["id"], 1);
    place
}

/// Words with what differs in each run blanked out.
fn redacted(text: &str) -> String {
    let blank = |line: &str| match line.split_once("password: ") {
        Some((before, after)) => {
            let (password, rest) = after.split_at(23);
            assert!(
                password.split('-').all(|group| group.len() == 5),
                "{password}"
            );
            format!("{before}password: PASSWORD{rest}")
        }
        None => line.to_owned(),
    };
    text.lines().map(blank).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_user_is_added_to_an_empty_database_and_printed_as_json() {
    let place = Place::new();
    let add = [
        "user",
        "add",
        "ana",
        "--role",
        "operator",
        "--password-stdin",
        "--json",
    ];
    let outcome = place.run_with_input(&add, "correct horse battery\n");
    assert!(
        outcome.stdout.starts_with(r#"{"id":1,"#),
        "{}",
        outcome.stdout
    );
    let ana = outcome.json();
    assert_eq!(ana["id"], 1);
    assert_eq!(ana["username"], "ana");
    assert_eq!(ana["role"], "operator");
    assert_eq!(ana["disabled"], false);
    assert_eq!(
        ana.get("password"),
        None,
        "a password that was given is not repeated"
    );
}

#[test]
fn without_a_password_one_is_made_and_shown_once() {
    let outcome = Place::new().run(&["user", "add", "ana", "--display-name", "Ana Ruiz"]);
    insta::assert_snapshot!(redacted(&outcome.shown()), @r"
    exit 0
    --- stdout
    ana is user 1, with the role user
    password: PASSWORD   (shown this once)
    ");
}

#[test]
fn a_name_that_is_taken_is_the_answer_no() {
    let outcome = with_ana().run(&["user", "add", "ana"]);
    insta::assert_snapshot!(outcome.shown(), @r"
    exit 1
    --- stderr
    error: adding the user ana
      what went wrong  the name is taken
      what to try      give that user another password: atalaya user passwd ana
    ");
}

#[test]
fn a_program_gets_an_error_as_json() {
    let outcome = with_ana().run(&["user", "add", "ana", "--json"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""));
    let error: serde_json::Value = serde_json::from_str(&outcome.stderr).unwrap();
    assert_eq!(error["error"]["wrong"], "the name is taken");
}

#[test]
fn no_password_on_standard_input_is_an_error() {
    let outcome = Place::new().run_with_input(&["user", "add", "ana", "--password-stdin"], "\n");
    insta::assert_snapshot!(outcome.shown(), @r#"
    exit 2
    --- stderr
    error: adding the user ana
      what went wrong  standard input held no password
      what to try      printf %s "$PASSWORD" | atalaya user … --password-stdin
    "#);
}

#[test]
fn the_list_is_aligned() {
    let place = with_ana();
    place
        .run(&[
            "user",
            "add",
            "bartholomew",
            "--role",
            "admin",
            "--display-name",
            "Bart",
        ])
        .shown();
    place.run(&["user", "disable", "ana"]);
    let list = place.run(&["user", "list"]).shown();
    let today = &place.run(&["user", "list", "--json"]).json()["items"][0]["created_at"];
    let list = list.replace(today.as_str().unwrap().get(..10).unwrap(), "YYYY-MM-DD");
    insta::assert_snapshot!(list, @r"
    exit 0
    --- stdout
    ID  NAME         ROLE      STATE     SINCE       DISPLAY NAME
    1   ana          operator  disabled  YYYY-MM-DD
    2   bartholomew  admin     enabled   YYYY-MM-DD  Bart
    ");
}

#[test]
fn a_reader_that_stops_reading_is_no_failure() {
    let place = with_ana();
    let mut child = place
        .command(&["user", "list"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stderr, b"");
}

#[test]
fn a_password_or_a_role_is_changed_and_a_user_disabled_and_enabled() {
    let place = with_ana();
    let shown: Vec<String> = [
        &["user", "passwd", "ana"][..],
        &["user", "disable", "ana"],
        &["user", "enable", "ana"],
        &["user", "role", "ana", "admin"],
        &["user", "role", "ana", "admin"],
    ]
    .iter()
    .map(|command| redacted(&place.run(command).shown()))
    .collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    exit 0
    --- stdout
    ana has another password
    password: PASSWORD   (shown this once)
    exit 0
    --- stdout
    ana may no longer log in
    exit 0
    --- stdout
    ana may log in again
    exit 0
    --- stdout
    ana has the role admin, and had operator
    exit 0
    --- stdout
    ana has the role admin already
    ");
}

#[test]
fn a_user_that_does_not_exist_is_the_answer_no() {
    let outcome = with_ana().run(&["user", "disable", "anna"]);
    insta::assert_snapshot!(outcome.shown(), @r#"
    exit 1
    --- stderr
    error: disabling the user anna
      what went wrong  there is no user "anna"
      what to try      see who there is: atalaya user list
    "#);
}

#[test]
fn a_command_that_only_asks_makes_no_database() {
    let place = Place::new();
    let outcome = place.run(&["user", "list"]);
    insta::assert_snapshot!(outcome.shown(), @r"
    exit 2
    --- stderr
    error: opening the database sqlite://data/atalaya.db
      what went wrong  there is no file data/atalaya.db
      what to try      run this in the server's working directory, or set DATABASE_URL as the server has it
                       if the server has never run: atalaya user add NAME --role admin
    ");
    assert!(!place.path("data").exists());
}

#[test]
fn a_token_is_printed_alone_and_signed_with_the_kept_secret() {
    let place = with_ana();
    let outcome = place.run(&["token", "--user", "ana"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    assert_eq!(outcome.stdout.trim_end().split('.').count(), 3);
    assert_eq!(outcome.stdout.lines().count(), 1);
    let secret = place.path("data/jwt-secret");
    assert_eq!(
        std::fs::metadata(&secret).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(read(&secret).trim().len(), 64);
    let json = place
        .run(&["token", "--user", "ana", "--expires", "90s", "--json"])
        .json();
    assert_eq!(json["expires_in"], 90);
}

#[test]
fn a_secret_that_others_can_read_is_warned_of() {
    let place = with_ana();
    place.run(&["token", "--user", "ana"]);
    let secret = place.path("data/jwt-secret");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
    let outcome = place.run(&["token", "--user", "ana"]);
    assert_eq!(outcome.code, Some(0));
    assert!(
        outcome.stderr.contains("chmod 600 data/jwt-secret"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_disabled_user_gets_no_token() {
    let place = with_ana();
    place.run(&["user", "disable", "ana"]);
    insta::assert_snapshot!(place.run(&["token", "--user", "ana"]).shown(), @r"
    exit 1
    --- stderr
    error: minting a token for ana
      what went wrong  the user is disabled, so no token would be accepted
      what to try      let the user in again: atalaya user enable ana
    ");
}

#[test]
fn migrating_twice_changes_nothing_the_second_time() {
    let place = Place::new();
    assert!(
        !place.run(&["migrate", "--json"]).json()["applied"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    insta::assert_snapshot!(place.run(&["migrate"]).shown(), @r"
    exit 0
    --- stdout
    sqlite://data/atalaya.db is up to date
    ");
}

#[test]
fn a_file_that_is_no_database_is_told() {
    let place = Place::new().with("DATABASE_URL", "sqlite://notes.txt");
    place.write("notes.txt", &"buy milk\n".repeat(200));
    insta::assert_snapshot!(place.run(&["user", "list"]).shown(), @r"
    exit 2
    --- stderr
    error: opening the database sqlite://notes.txt
      what went wrong  the database is damaged: error returned from database: (code: 26) file is not a database
      what to try      see what can be read: sqlite3 notes.txt 'PRAGMA integrity_check'
                       restore the file from a backup, with the server stopped
    ");
}

#[test]
fn a_database_that_is_away_is_told_without_its_password() {
    let place = Place::new().with("DATABASE_URL", "postgres://ana:hunter2@127.0.0.1:1/alerts");
    insta::assert_snapshot!(place.run(&["migrate"]).shown(), @r#"
    exit 2
    --- stderr
    error: migrating the database postgres://ana:***@127.0.0.1:1/alerts
      what went wrong  the database cannot be reached: PostgreSQL at 127.0.0.1:1: error communicating with database: Connection refused (os error 111)
      what to try      see that PostgreSQL runs and lets you in: psql "$DATABASE_URL" -c 'SELECT 1'
                       check host, port, user, password and database name in DATABASE_URL
    "#);
}
