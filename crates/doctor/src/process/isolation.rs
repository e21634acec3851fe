//! What a unit's own settings leave of the network (`systemd.exec(5)`, `systemd.resource-control(5)`).

use std::net::Ipv4Addr;

use crate::setting::Setting;

/// What a unit says of each key, line by line.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) private_network: Vec<Setting>,
    pub(super) address_families: Vec<Setting>,
    pub(super) denied: Vec<Setting>,
    pub(super) allowed: Vec<Setting>,
}

/// The setting that keeps programs of this machine from reaching the unit's server by TCP.
pub(super) fn cuts_off(said: &Said) -> Option<Setting> {
    let alone = said.private_network.last();
    let alone = alone.filter(|setting| is_yes(&setting.value));
    let without = || {
        let families = &said.address_families;
        families.last().filter(|_| !has_internet(families))
    };
    // Of both lists, the one of what is allowed is asked first.
    let refused = || {
        let allowed = said.allowed.iter().any(covers_loopback);
        let mut denied = said.denied.iter();
        denied.find(|setting| covers_loopback(setting) && !allowed)
    };
    alone.or_else(without).or_else(refused).cloned()
}

/// A boolean of systemd's.
pub(super) fn is_yes(value: &str) -> bool {
    ["yes", "true", "on", "1"].contains(&value.to_ascii_lowercase().as_str())
}

/// Each line adds to a list of the families that are allowed, or, from a `~` on, takes away; one that begins with `~`
/// allows all the others.
fn has_internet(lines: &[Setting]) -> bool {
    let mut has = lines.first().is_none_or(|line| line.value.starts_with('~'));
    for line in lines {
        let (takes, families) = match line.value.strip_prefix('~') {
            Some(families) => (true, families),
            None => (false, line.value.as_str()),
        };
        // A server that listens on every address does so by IPv6, and nginx then asks it by IPv4 all the same.
        let mut families = families.split_whitespace();
        if families.any(|family| family == "AF_INET" || family == "AF_INET6") {
            has = !takes;
        }
    }
    has
}

/// Whether `127.0.0.1` is in one of the networks.
fn covers_loopback(line: &Setting) -> bool {
    line.value.split_whitespace().any(|network| {
        let (address, length) = match network.split_once('/') {
            Some((address, length)) => (address, length.parse().ok()),
            None => (network, Some(32)),
        };
        let covers = |address: Ipv4Addr, length: u32| {
            let mask = u32::MAX.checked_shl(32 - length.min(32)).unwrap_or(0);
            u32::from(address) & mask == u32::from(Ipv4Addr::LOCALHOST) & mask
        };
        ["any", "localhost"].contains(&network)
            || matches!((address.parse(), length), (Ok(address), Some(length)) if covers(address, length))
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::finding::{Place, Span};

    fn lines(values: &[&str]) -> Vec<Setting> {
        let line = |value: &&str| Setting {
            name: None,
            value: (*value).to_owned(),
            place: Place {
                file: PathBuf::new(),
                real_file: PathBuf::new(),
                line: 1,
                column: 1,
                span: Span { start: 0, end: 0 },
            },
            is_literal: true,
            is_certain: true,
            is_default: false,
        };
        values.iter().map(line).collect()
    }

    #[test]
    fn what_is_allowed_counts_more_than_what_is_denied() {
        for (denied, allowed, cut_off) in [
            (&["any"][..], &[][..], Some("any")),
            (&["any"], &["localhost"], None),
            (&["any"], &["10.0.0.0/8 127.0.0.0/8"], None),
            (&["0.0.0.0/0 ::/0"], &["10.0.0.0/8"], Some("0.0.0.0/0 ::/0")),
            (&["10.0.0.0/8", "127.0.0.1"], &[], Some("127.0.0.1")),
            (&["192.168.0.0/16"], &[], None),
            (&[], &["10.0.0.0/8"], None),
        ] {
            let said = Said {
                denied: lines(denied),
                allowed: lines(allowed),
                ..Said::default()
            };
            let found = cuts_off(&said).map(|setting| setting.value);
            assert_eq!(found.as_deref(), cut_off, "{denied:?} {allowed:?}");
        }
    }

    #[test]
    fn a_family_that_is_not_allowed_is_not_there() {
        for (families, cut_off) in [
            (&["AF_UNIX"][..], true),
            (&["AF_UNIX", "AF_INET"], false),
            (&["AF_INET6 AF_UNIX"], false),
            (&["~AF_PACKET"], false),
            (&["~AF_INET AF_INET6"], true),
            (&["none"], true),
            (&[], false),
        ] {
            let said = Said {
                address_families: lines(families),
                ..Said::default()
            };
            assert_eq!(cuts_off(&said).is_some(), cut_off, "{families:?}");
        }
    }
}
