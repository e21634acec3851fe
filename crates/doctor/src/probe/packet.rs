//! As much of Engine.IO 4 and Socket.IO 5 as an examination speaks.

use serde::Deserialize;
use serde_json::{Value, json};

/// What the server says of a new session.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Opened {
    pub sid: String,
    /// In milliseconds.
    pub ping_interval: u64,
    /// In milliseconds.
    pub ping_timeout: u64,
    /// In bytes; servers before 4.3 do not say it.
    #[serde(default)]
    pub max_payload: Option<u64>,
}

impl Opened {
    /// From an Engine.IO packet `0{…}`.
    pub(super) fn read(packet: &str) -> Option<Self> {
        serde_json::from_str(packet.strip_prefix('0')?).ok()
    }
}

/// The packet that joins a namespace.
pub(super) fn connect(namespace: &str, token: Option<&str>) -> String {
    let auth = token.map(|token| json!({"token": token}).to_string());
    let auth = auth.unwrap_or_default();
    match namespace {
        "/" => format!("40{auth}"),
        namespace => format!("40{namespace},{auth}"),
    }
}

/// The packet that leaves it.
pub(super) fn disconnect(namespace: &str) -> String {
    match namespace {
        "/" => "41".to_owned(),
        namespace => format!("41{namespace},"),
    }
}

/// What a server says to who joins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Joined {
    /// The socket's id.
    Yes(String),
    /// Code, where there is one, and words.
    No(Option<String>, String),
}

impl Joined {
    /// The first answer to [`connect`] among these packets, if there is one.
    pub(super) fn find<'p>(packets: impl IntoIterator<Item = &'p str>) -> Option<Self> {
        packets.into_iter().find_map(Self::read)
    }

    fn read(packet: &str) -> Option<Self> {
        let (is_yes, rest) = match (packet.strip_prefix("40"), packet.strip_prefix("44")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return None,
        };
        let data: Value = serde_json::from_str(&rest[rest.find('{')?..]).ok()?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Some(match is_yes {
            true => Self::Yes(text(&data["sid"])?),
            false => Self::No(
                text(&data["data"]["code"]),
                text(&data["message"]).unwrap_or_default(),
            ),
        })
    }
}

/// The packets of a polling body.
pub(super) fn packets(body: &str) -> impl Iterator<Item = &str> {
    body.split('\u{1e}')
}

/// A message of so many bytes that every server takes and none answers: a heartbeat's answer with something in it.
pub(super) fn filler(bytes: usize) -> String {
    format!("3{}", "x".repeat(bytes.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_read() {
        let opened = Opened::read(
            r#"0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#,
        );
        assert_eq!(opened.unwrap().max_payload, Some(1_000_000));
        assert_eq!(Opened::read("<html>"), None);
        let body = "2\u{1e}40/x,{\"sid\":\"s\"}";
        assert_eq!(Joined::find(packets(body)), Some(Joined::Yes("s".into())));
        let no = r#"44/x,{"message":"no","data":{"code":"token_missing"}}"#;
        let expected = Joined::No(Some("token_missing".into()), "no".into());
        assert_eq!(Joined::find([no]), Some(expected));
        assert_eq!(Joined::find(["6", "42[]"]), None);
    }

    #[test]
    fn a_namespace_is_named_but_for_the_first() {
        assert_eq!(connect("/", None), "40");
        assert_eq!(connect("/n", Some("t")), r#"40/n,{"token":"t"}"#);
        assert_eq!(disconnect("/n"), "41/n,");
    }
}
