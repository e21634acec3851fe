//! What `--help` promises.

use crate::place::Place;

#[test]
fn the_first_page_names_every_command() {
    insta::assert_snapshot!(Place::new().run(&["--help"]).shown(), @r"
    exit 0
    --- stdout
    A notification server that keeps a true ledger of who is connected.

    Every command reads its settings from flags, then the environment, then atalaya.toml, then the
    defaults. It exits with 0 when it did its work, 1 when the answer is no, 2 when it could not run.

    Usage: atalaya [OPTIONS] <COMMAND>

    Commands:
      serve    Run the server
      user     Manage the people who may log in
      token    Mint an access token and print it alone
      send     Publish a notification through the running server
      doctor   Name the line of the configuration that breaks Socket.IO
      proxy    Print a configuration for the proxy in front, right by construction
      service  Print what a process manager needs to run the server
      bench    Measure what connections and notifications cost
      migrate  Bring the database's tables up to this version
      help     Print this message or the help of the given subcommand(s)

    Options:
          --config <FILE>
              The configuration file; without it, ./atalaya.toml if there is one
              
              [env: ATALAYA_CONFIG]

          --json
              Print JSON, for programs

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Examples:
      atalaya serve
      atalaya user add ana --role operator
      atalaya send --to role:operator --title 'Pump 3 has stopped' --severity critical
    ");
}

#[test]
fn serve_lists_every_setting_with_its_variable_and_default() {
    let help = Place::new().run(&["serve", "--help"]).stdout;
    for words in [
        "--listen",
        "ATALAYA_LISTEN",
        "127.0.0.1:3001",
        "DATABASE_URL",
        "ATALAYA_LOG_FILE",
    ] {
        assert!(help.contains(words), "{words} is missing:\n{help}");
    }
    assert!(!help.contains("--jwt-secret"), "a secret is no flag");
}

#[test]
fn an_unknown_command_exits_with_2_and_suggests() {
    insta::assert_snapshot!(Place::new().run(&["sevre"]).shown(), @r"
    exit 2
    --- stderr
    error: unrecognized subcommand 'sevre'

      tip: some similar subcommands exist: 'user', 'service', 'serve'

    Usage: atalaya [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
}
