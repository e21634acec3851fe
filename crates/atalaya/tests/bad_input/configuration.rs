//! Bad values of every setting there is: all told at once, each by its name, with the value and what is allowed.

use std::{fs, path::Path, process::Command};

/// A wrong value for every setting that judges the text it is given. The rest is in [`OTHERS`].
const WRONG: &[(&str, &str)] = &[
    ("listen", "localhost:3001"),
    ("ops_listen", "127.0.0.1:99999"),
    ("trusted_proxies", "10.0.0.0/99"),
    ("public_url", "apps.example.com"),
    ("allowed_origins", "app.example.com"),
    ("jwt_user_claim", ""),
    ("access_token_seconds", "-5"),
    ("namespace", "notifications"),
    ("socket_path", "socket.io"),
    ("ping_interval_seconds", "soon"),
    ("ping_timeout_seconds", "0"),
    ("connect_timeout_seconds", "1y"),
    ("upgrade_timeout_seconds", "ten"),
    ("lease_seconds", "1ms"),
    ("recovery_window_seconds", "25h"),
    ("bus", "redis://localhost"),
    ("retention_days", "90d"),
    ("broadcast_retention_days", "-1"),
    ("shutdown_grace_seconds", "1e9"),
    ("node", "tower 1"),
    ("max_connections", "0"),
    ("max_sessions_per_user", "-1"),
    ("max_payload_bytes", "7"),
    ("outbound_max_messages", "many"),
    ("outbound_max_bytes", "1.5"),
    ("log", "loud"),
    ("log_format", "xml"),
];

/// Wrong as TOML: any text may be right for most of these. Secrets are not shown.
const OTHERS: &[(&str, &str)] = &[
    ("data_dir", "true"),
    ("log_file", "true"),
    ("jwt_secret", "''"),
    ("database_url", "'mysql://root:hunter2@db/alerts'"),
];

/// Every key of the file that ships, which another test holds against the settings themselves.
fn keys() -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/atalaya.toml");
    let text = fs::read_to_string(file).unwrap();
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix('#')?.split_once(" = "));
    let keys = lines.map(|(key, _)| key.to_owned());
    keys.filter(|key| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        .collect()
}

#[test]
fn every_setting_that_is_wrong_is_told_at_once_with_its_value_and_what_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wrong.toml");
    fs::write(&file, wrong_file()).unwrap();
    let ended = Command::new(env!("CARGO_BIN_EXE_atalaya"))
        .args(["serve", "--config", "wrong.toml"])
        .env_clear()
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(2), "{said}");
    for key in keys() {
        let mistake = mistake_of(&key, &said);
        assert!(mistake.contains("allowed: "), "{mistake}");
        if let Some((_, value)) = WRONG.iter().find(|(wrong, _)| *wrong == key)
            && !value.is_empty()
        {
            assert!(mistake.contains(&format!("\"{value}\"")), "{mistake}");
        }
    }
    assert!(!said.contains("hunter2"), "{said}");
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "nothing was begun");
}

fn wrong_file() -> String {
    let texts = WRONG
        .iter()
        .map(|(key, value)| format!("{key} = \"{value}\"\n"));
    let others = OTHERS
        .iter()
        .map(|(key, value)| format!("{key} = {value}\n"));
    texts.chain(others).collect()
}

/// The paragraph about this key.
fn mistake_of<'a>(key: &str, said: &'a str) -> &'a str {
    let beginning = format!("  {key} (wrong.toml:");
    said.split("\n\n")
        .find(|mistake| mistake.starts_with(&beginning))
        .unwrap_or_else(|| panic!("{key} is not told of:\n{said}"))
}
