//! From a setting's text to its meaning. Each function takes the text as written and gives nothing when it
//! is not what the table allows; the table says the words.

use std::{
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
    time::Duration,
};

use atalaya_server::config::{BusKind, Origins};
use ipnet::IpNet;

use crate::logging::{Filter, Format};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(60 * 60);

pub(super) fn address(text: &str) -> Option<SocketAddr> {
    text.parse().ok()
}

pub(super) fn folder(text: &str) -> Option<PathBuf> {
    (!text.is_empty()).then(|| PathBuf::from(text.strip_prefix("./").unwrap_or(text)))
}

pub(super) fn database_url(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once(':')?;
    let known = matches!(scheme, "sqlite" | "postgres" | "postgresql");
    (known && !rest.trim_start_matches('/').is_empty()).then(|| text.to_owned())
}

/// Not empty. That it is long enough is only advised: an existing back end may have a shorter one.
pub(super) fn secret(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| text.to_owned())
}

pub(super) fn claim(text: &str) -> Option<String> {
    let plain = !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    plain.then(|| text.to_owned())
}

pub(super) fn namespace(text: &str) -> Option<String> {
    let plain =
        !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == ',' || c == '?');
    (text.starts_with('/') && plain).then(|| text.to_owned())
}

pub(super) fn socket_path(text: &str) -> Option<String> {
    let shaped = text.len() > 2 && text.starts_with('/') && text.ends_with('/');
    let plain =
        !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '?' || c == '#');
    let ours = text.starts_with("/api/");
    (shaped && plain && !ours).then(|| text.to_owned())
}

pub(super) fn bus(text: &str) -> Option<BusKind> {
    match text {
        "local" => Some(BusKind::Local),
        "postgres" => Some(BusKind::Postgres),
        _ => None,
    }
}

pub(super) fn node(text: &str) -> Option<String> {
    let known = |c: char| c.is_ascii_alphanumeric() || "._-:".contains(c);
    ((1..=64).contains(&text.len()) && text.chars().all(known)).then(|| text.to_owned())
}

pub(super) fn proxies(text: &str) -> Option<Vec<IpNet>> {
    listed(text).map(network).collect()
}

/// A network, or one address as the network that holds it alone.
fn network(text: &str) -> Option<IpNet> {
    let single = || text.parse::<IpAddr>().ok().map(IpNet::from);
    text.parse().ok().or_else(single)
}

/// As it was written, if it is an address.
pub(super) fn public_url(text: &str) -> Option<String> {
    let url: atalaya_doctor::url::Url = text.parse().ok()?;
    text.starts_with("http").then(|| url.origin.to_string())
}

pub(super) fn origins(text: &str) -> Option<Origins> {
    if text.trim() == "*" {
        return Some(Origins::Any);
    }
    let origins: Vec<String> = listed(text).map(origin).collect::<Option<_>>()?;
    (!origins.is_empty()).then_some(Origins::List(origins))
}

/// One origin as a browser sends it: scheme, host and perhaps port, in lower case, without a path.
fn origin(text: &str) -> Option<String> {
    let (scheme, host) = text.split_once("://")?;
    let shaped = matches!(scheme, "http" | "https") && !host.is_empty();
    let plain = !host.contains(|c: char| c.is_whitespace() || "/?#@*".contains(c));
    (shaped && plain).then(|| text.to_lowercase())
}

fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

pub(super) fn short_time(text: &str) -> Option<Duration> {
    within(text, Duration::from_millis(100)..=10 * 60 * SECOND)
}

pub(super) fn lease(text: &str) -> Option<Duration> {
    within(text, SECOND..=HOUR)
}

/// None at all switches recovery off.
pub(super) fn recovery_window(text: &str) -> Option<Duration> {
    within(text, Duration::ZERO..=24 * HOUR)
}

/// Nothing at all is for ever.
pub(super) fn days(text: &str) -> Option<Option<Duration>> {
    let days = text.parse::<u32>().ok().filter(|days| *days <= 3_650)?;
    Some((days > 0).then(|| days * 24 * HOUR))
}

pub(super) fn token_life(text: &str) -> Option<Duration> {
    within(text, SECOND..=365 * 24 * HOUR)
}

fn within(text: &str, allowed: RangeInclusive<Duration>) -> Option<Duration> {
    duration(text).filter(|time| allowed.contains(time))
}

/// `500ms`, `30s`, `2m`, `12h`, `7d`; a bare number is seconds.
pub fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let unit_ms = match unit.trim() {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(unit_ms).map(Duration::from_millis)
}

pub(super) fn count(text: &str) -> Option<usize> {
    number(text).filter(|count| (1..=10_000_000).contains(count))
}

pub(super) fn small_count(text: &str) -> Option<u32> {
    count(text).and_then(|count| u32::try_from(count).ok())
}

pub(super) fn bytes(text: &str) -> Option<usize> {
    number(text).filter(|bytes| (1_024..=1 << 30).contains(bytes))
}

fn number(text: &str) -> Option<usize> {
    text.trim().replace('_', "").parse().ok()
}

pub(super) fn log(text: &str) -> Option<Filter> {
    Filter::parse(text)
}

pub(super) fn log_format(text: &str) -> Option<Option<Format>> {
    match text {
        "auto" => Some(None),
        "pretty" => Some(Some(Format::Pretty)),
        "json" => Some(Some(Format::Json)),
        _ => None,
    }
}

pub(super) fn file(text: &str) -> Option<PathBuf> {
    (!text.is_empty() && !text.ends_with('/')).then(|| PathBuf::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_takes_a_unit_and_a_bare_number_is_seconds() {
        let read = |text| duration(text).map(|time| time.as_millis());
        assert_eq!(read("500ms"), Some(500));
        assert_eq!(read("30"), Some(30_000));
        assert_eq!(read("30s"), Some(30_000));
        assert_eq!(read("2m"), Some(120_000));
        assert_eq!(read("12h"), Some(43_200_000));
        assert_eq!(read("7 d"), Some(604_800_000));
        for wrong in [
            "",
            "s",
            "-1s",
            "1.5s",
            "2 weeks",
            "99999999999999999999s",
            "9999999999999999d",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        let proxies = proxies("10.0.0.1, 192.168.0.0/16,::1").unwrap();
        let shown: Vec<_> = proxies.iter().map(IpNet::to_string).collect();
        assert_eq!(shown, ["10.0.0.1/32", "192.168.0.0/16", "::1/128"]);
        assert_eq!(super::proxies("").unwrap(), []);
        assert!(super::proxies("nginx").is_none());
    }

    #[test]
    fn an_origin_has_no_path_and_no_wildcard() {
        assert_eq!(origins("*"), Some(Origins::Any));
        assert_eq!(
            origins("https://App.example.com,http://localhost:5173"),
            Some(Origins::List(vec![
                "https://app.example.com".into(),
                "http://localhost:5173".into()
            ]))
        );
        for wrong in [
            "",
            "app.example.com",
            "https://app.example.com/",
            "https://*.example.com",
        ] {
            assert_eq!(origins(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_database_is_sqlite_or_postgresql_and_names_something() {
        for right in [
            "sqlite://data/a.db",
            "sqlite:a.db",
            "postgres://h/db",
            "postgresql://u:p@h/db",
        ] {
            assert!(database_url(right).is_some(), "{right}");
        }
        for wrong in ["", "data/a.db", "mysql://h/db", "sqlite://", "postgres:"] {
            assert!(database_url(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_socket_path_stands_apart_from_the_api() {
        assert!(socket_path("/socket.io/").is_some());
        for wrong in [
            "/socket.io",
            "socket.io/",
            "/",
            "//",
            "/api/socket/",
            "/a b/",
        ] {
            assert!(socket_path(wrong).is_none(), "{wrong}");
        }
    }
}
