//! A wrong configuration is told in one go, and in the person's language.

use crate::place::Place;

fn wrong() -> Place {
    let place = Place::new()
        .with("ATALAYA_LISTEN", "localhost:3001")
        .with("DATABASE_URL", "mysql://root:hunter2@db/alerts");
    place.write("atalaya.toml", "lease_second = 30\nmax_connections = 0\n");
    place
}

#[test]
fn all_mistakes_are_shown_at_once() {
    insta::assert_snapshot!(wrong().run(&["serve", "--log", "loud"]).shown(), @r#"
    exit 2
    --- stderr
    error: the configuration has 5 mistakes

      lease_second (atalaya.toml:1) is no setting
        did you mean lease_seconds?

      DATABASE_URL (environment) is "mysql://…"
        allowed: sqlite://path/to/file.db or postgres://user:password@host:5432/name

      ATALAYA_LISTEN (environment) is "localhost:3001"
        allowed: an IP address and a port, such as 127.0.0.1:3001 or [::]:3001

      max_connections (atalaya.toml:2) is "0"
        allowed: a whole number from 1 to 10000000, such as 1000

      --log is "loud"
        allowed: off, error, warn, info, debug or trace, or a list such as info,atalaya_gateway=debug
    "#);
}

#[test]
fn every_command_refuses_a_wrong_configuration() {
    for command in [
        &["migrate"][..],
        &["user", "list"],
        &["token", "--user", "ana"],
    ] {
        let outcome = wrong().run(command);
        assert_eq!(outcome.code, Some(2));
        assert!(
            outcome.stderr.contains("lease_second"),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn a_program_gets_the_mistakes_as_json() {
    let outcome = wrong().run(&["migrate", "--json"]);
    let error: serde_json::Value = serde_json::from_str(&outcome.stderr).unwrap();
    assert_eq!(error["error"]["mistakes"].as_array().unwrap().len(), 4);
}

#[test]
fn spanish_is_spoken_where_the_locale_is_spanish() {
    let place = wrong().with("LANG", "es_ES.UTF-8");
    let stderr = place.run(&["migrate"]).stderr;
    assert!(
        stderr.starts_with("error: la configuración tiene 4 errores\n"),
        "{stderr}"
    );
}

#[test]
fn a_named_file_that_is_missing_is_an_error() {
    insta::assert_snapshot!(Place::new().run(&["migrate", "--config", "nowhere.toml"]).shown(), @r"
    exit 2
    --- stderr
    error: the configuration has 1 mistake

      the configuration file nowhere.toml cannot be read: No such file or directory (os error 2)
        allowed: a file that exists and that this user may read
    ");
}
