//! The promises of the configuration: who wins, what is refused, and that the table, the server's defaults
//! and the file that ships are one.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use atalaya_server::config::{Config, Origins, Secret};

use super::{
    Mistake, Settings, Sources,
    table::{SETTINGS, Unset, nearest},
};

/// The file that ships with the sources.
fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/atalaya.toml")
}

/// Sources of which each part can be given; the file is named, so that no test depends on a folder.
struct Given {
    dir: tempfile::TempDir,
    sources: Sources,
}

impl Given {
    fn nothing() -> Self {
        let given = Self {
            dir: tempfile::tempdir().unwrap(),
            sources: Sources::default(),
        };
        given.file("")
    }

    fn file(mut self, text: &str) -> Self {
        let path = self.dir.path().join("atalaya.toml");
        fs::write(&path, text).unwrap();
        self.sources.config_file = Some(path);
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.sources.variables.push((name.into(), value.into()));
        self
    }

    fn flag(mut self, key: &'static str, value: &str) -> Self {
        self.sources.flags.insert(key, value.to_owned());
        self
    }

    fn load(&self) -> Result<Settings, Vec<Mistake>> {
        Settings::load(&self.sources)
    }

    fn right(&self) -> Settings {
        self.load()
            .unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
    }

    fn wrong(&self) -> String {
        let Err(mistakes) = self.load() else {
            panic!("it was accepted")
        };
        let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        lines
            .join("\n")
            .replace(&self.dir.path().display().to_string(), "DIR")
    }
}

#[test]
fn with_nothing_set_the_servers_own_defaults_apply() {
    let settings = Given::nothing().right();
    let defaults = Config::with_secret(Secret::new(""));
    assert_eq!(format!("{:#?}", settings.config), format!("{defaults:#?}"));
    assert_eq!(settings.database_url(), &defaults.database_url);
    assert_eq!(settings.logs.file, None);
    assert!(settings.warnings.is_empty());
}

#[test]
fn flags_win_over_the_environment_over_the_file_over_defaults() {
    let port = |given: &Given| given.right().listen().port();
    let given = Given::nothing();
    assert_eq!(port(&given), 3001);
    let given = given.file("listen = '127.0.0.1:1'");
    assert_eq!(port(&given), 1);
    let given = given.variable("ATALAYA_LISTEN", "127.0.0.1:2");
    assert_eq!(port(&given), 2);
    let given = given.flag("listen", "127.0.0.1:3");
    assert_eq!(port(&given), 3);
}

#[test]
fn a_value_that_is_overruled_is_not_judged() {
    let given = Given::nothing()
        .file("listen = 'nowhere'")
        .flag("listen", "127.0.0.1:3");
    assert_eq!(given.right().listen().port(), 3);
}

#[test]
fn numbers_and_lists_may_be_written_as_toml_has_them() {
    let given = Given::nothing().file(
        "max_connections = 10_000\nlease_seconds = 5\nping_interval_seconds = '250ms'\n\
         trusted_proxies = ['10.0.0.0/8', '::1']\nallowed_origins = ['https://a.example', 'https://b.example']\n",
    );
    let config = given.right().config;
    assert_eq!(config.max_connections, 10_000);
    assert_eq!(config.lease.as_secs(), 5);
    assert_eq!(config.ping_interval.as_millis(), 250);
    assert_eq!(config.trusted_proxies.len(), 2);
    assert!(matches!(config.allowed_origins, Origins::List(origins) if origins.len() == 2));
}

#[test]
fn the_embedded_database_lives_in_the_data_folder() {
    let given = Given::nothing().variable("ATALAYA_DATA_DIR", "/var/lib/atalaya");
    assert_eq!(
        given.right().database_url().expose(),
        "sqlite:///var/lib/atalaya/atalaya.db"
    );
}

#[test]
fn all_mistakes_are_told_at_once_with_what_is_allowed() {
    let given = Given::nothing()
        .file("lease_seconds = 'soon'\nlissten = '127.0.0.1:1'\nmax_connections = 1.5\n[server]\nport = 1\n")
        .variable("ATALAYA_OPS_LISTEN", "localhost:9464")
        .variable("DATABASE_URL", "mysql://root:hunter2@db/alerts")
        .variable("JWT_SECRET", "")
        .flag("max_payload_bytes", "7")
        .flag("log", "inof");
    insta::assert_snapshot!(given.wrong(), @r#"
    lissten (DIR/atalaya.toml:2) is no setting; did you mean listen?
    max_connections (DIR/atalaya.toml:3) is a float; allowed: a whole number from 1 to 10000000, such as 1000
    server (DIR/atalaya.toml:4) is no setting; allowed: settings stand at the top, under no [heading]
    JWT_SECRET (environment) is empty; allowed: not empty, and better 32 bytes or more; leave it out to have one generated
    DATABASE_URL (environment) is "mysql://…"; allowed: sqlite://path/to/file.db or postgres://user:password@host:5432/name
    ATALAYA_OPS_LISTEN (environment) is "localhost:9464"; allowed: an IP address and a port, such as 127.0.0.1:3001 or [::]:3001
    lease_seconds (DIR/atalaya.toml:1) is "soon"; allowed: a time from 1s to 1h, such as 30s or 2m (a bare number is seconds)
    --max-payload-bytes is "7"; allowed: a number of bytes from 1024 to 1073741824, such as 1000000
    --log is "inof"; allowed: off, error, warn, info, debug or trace, or a list such as info,atalaya_gateway=debug
    "#);
}

#[test]
fn a_secret_is_never_shown() {
    let given = Given::nothing()
        .variable("DATABASE_URL", "hunter2")
        .file("jwt_secret = ['hunter2']\nnode = 'a b'");
    assert!(!given.wrong().contains("hunter2"));
}

#[test]
fn values_that_are_wrong_together_are_told() {
    let given = Given::nothing()
        .flag("ops_listen", "127.0.0.1:3001")
        .flag("outbound_max_bytes", "2048");
    insta::assert_snapshot!(given.wrong(), @r"
    listen and ops_listen are both 127.0.0.1:3001; allowed: two different addresses or ports
    outbound_max_bytes (2048) is less than max_payload_bytes (1000000); allowed: room for at least one message of the largest size
    ");
}

#[test]
fn a_file_that_is_named_must_be_there_and_be_toml() {
    let mut given = Given::nothing().file("listen = \nnode = 'x'");
    insta::assert_snapshot!(given.wrong(), @r#"DIR/atalaya.toml:1 is not TOML: string values must be quoted, expected literal string; allowed: lines such as  listen = "127.0.0.1:3001""#);
    given.sources.config_file = Some(given.dir.path().join("other.toml"));
    insta::assert_snapshot!(given.wrong(), @"the configuration file DIR/other.toml cannot be read: No such file or directory (os error 2); allowed: a file that exists and that this user may read");
}

#[test]
fn a_mistyped_variable_is_warned_of() {
    let given = Given::nothing()
        .variable("ATALAYA_LISTN", "127.0.0.1:1")
        .variable("ATALAYA_TOKEN", "x")
        .variable("PATH", "/bin");
    assert_eq!(
        given.right().warnings,
        [
            "the variable ATALAYA_LISTN is no setting and has no effect; did you mean ATALAYA_LISTEN?"
        ]
    );
}

#[test]
fn a_short_secret_is_warned_of_and_used() {
    let settings = Given::nothing().variable("JWT_SECRET", "short").right();
    assert!(settings.warnings[0].starts_with("JWT_SECRET has 5 bytes"));
    assert_eq!(
        settings.signing_config().unwrap().jwt_secret.expose(),
        "short"
    );
}

#[test]
fn the_nearest_name_is_suggested_and_nothing_far() {
    let near = |typed| nearest(typed, SETTINGS.iter().map(|setting| setting.key));
    assert_eq!(near("lissten"), Some("listen"));
    assert_eq!(near("ATALAYA_LISTEN"), Some("listen"));
    assert_eq!(near("log-file"), Some("log_file"));
    assert_eq!(near("colour"), None);
}

#[test]
fn names_in_the_table_are_unique_and_agree() {
    let keys: BTreeMap<_, _> = SETTINGS
        .iter()
        .map(|setting| (setting.key, setting))
        .collect();
    assert_eq!(keys.len(), SETTINGS.len());
    for setting in SETTINGS
        .iter()
        .filter(|setting| setting.variable.starts_with("ATALAYA_"))
    {
        assert_eq!(
            setting.variable,
            format!("ATALAYA_{}", setting.key.to_uppercase())
        );
    }
}

/// The file is written from the table: `UPDATE_FILES=1 cargo test -p atalaya` renews it.
#[test]
fn the_shipped_file_has_every_setting_with_its_default() {
    let expected = shipped_text();
    if std::env::var_os("UPDATE_FILES").is_some() {
        fs::write(shipped(), &expected).unwrap();
    }
    let there = fs::read_to_string(shipped()).unwrap_or_default();
    assert!(
        there == expected,
        "config/atalaya.toml is stale; renew it: UPDATE_FILES=1 cargo test -p atalaya"
    );
}

#[test]
fn the_shipped_file_is_valid_as_it_is_and_with_every_line_uncommented() {
    let text = shipped_text();
    Given::nothing().file(&text).right();
    let uncommented: Vec<&str> = text
        .lines()
        .map(|line| {
            if line.contains(" = ") {
                line.trim_start_matches("#")
            } else {
                line
            }
        })
        .collect();
    let settings = Given::nothing().file(&uncommented.join("\n")).right();
    let defaults = Config {
        node: Some("tower-1".to_owned()),
        public_url: Some("https://apps.example.com".to_owned()),
        ..Config::with_secret(Secret::new(""))
    };
    assert_eq!(format!("{:#?}", settings.config), format!("{defaults:#?}"));
}

fn shipped_text() -> String {
    let mut text = String::from(
        "# Every setting of Atalaya with its default. To change one, take the # from the start of its line.\n\
         #\n\
         # Read from ./atalaya.toml, or from the file that --config or ATALAYA_CONFIG names.\n\
         # Each can be set by its variable too, which wins over this file, and most by a flag of\n\
         # `atalaya serve`, which wins over both. Times are written 500ms, 30s, 2m, 12h or 7d.\n",
    );
    let mut section = "";
    for setting in SETTINGS {
        if setting.section != section {
            section = setting.section;
            text.push_str(&format!(
                "\n\n# --- {section} {}\n",
                "-".repeat(70 - section.len())
            ));
        }
        let (value, when_unset) = match setting.default {
            Unset::Default(value) => (value, String::new()),
            Unset::Derived { meaning, example } => (example, format!("# Unset: {meaning}.\n")),
        };
        let value = match value.parse::<u64>() {
            Ok(number) => number.to_string(),
            Err(_) => format!("{value:?}"),
        };
        text.push_str(&format!(
            "\n# {}\n{when_unset}# Allowed: {}.\n# {}\n#{} = {value}\n",
            setting.help,
            setting.allowed,
            names(setting),
            setting.key
        ));
    }
    text
}

fn names(setting: &super::table::Setting) -> String {
    match setting.flag {
        super::table::Flag::None => format!("Variable: {}", setting.variable),
        _ => format!(
            "Variable: {}   Flag: --{}",
            setting.variable,
            setting.flag_name()
        ),
    }
}
