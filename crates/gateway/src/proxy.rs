//! Who the client is when a proxy stands in between.
//!
//! `X-Forwarded-*` is believed only from a trusted proxy, and read from the right: each proxy appends the
//! address that it saw, so everything left of the first untrusted address is the client's own claim.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Who opened a connection, seen through the proxies in between.
pub struct Seen {
    pub remote_addr: IpAddr,
    pub secure: bool,
}

/// The client's address and scheme, as far as they can be believed.
pub fn resolve(headers: &HeaderMap, peer: IpAddr, trusted: &[IpNet]) -> Seen {
    let peer = peer.to_canonical();
    if !is_trusted(peer, trusted) {
        return Seen {
            remote_addr: peer,
            secure: false,
        };
    }
    Seen {
        remote_addr: forwarded_for(headers, peer, trusted),
        secure: last_value(headers, FORWARDED_PROTO)
            .is_some_and(|proto| proto.eq_ignore_ascii_case("https")),
    }
}

fn forwarded_for(headers: &HeaderMap, peer: IpAddr, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer;
    for text in values_from_the_right(headers, FORWARDED_FOR) {
        // A proxy that appends what is no address says nothing; the last one believed is the answer.
        let Some(address) = parse_address(text) else {
            break;
        };
        client = address;
        if !is_trusted(address, trusted) {
            break;
        }
    }
    client
}

/// The comma-separated values of all headers of this name, the last first.
fn values_from_the_right<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    let lines: Vec<&[u8]> = headers
        .get_all(name)
        .iter()
        .map(|it| it.as_bytes())
        .collect();
    // Split before it is read: a client's own nonsense must not hide what the proxy appended to it.
    lines
        .into_iter()
        .rev()
        .flat_map(|line| line.rsplit(|byte| *byte == b','))
        .map(|value| std::str::from_utf8(value).unwrap_or_default().trim())
}

fn last_value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    values_from_the_right(headers, name).next()
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn parse_address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
        .map(|address| address.to_canonical())
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|net| net.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, trusted: &[&str], headers: &[(&'static str, &str)]) -> (String, bool) {
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let seen = resolve(&map, peer.parse().unwrap(), &trusted);
        (seen.remote_addr.to_string(), seen.secure)
    }

    #[test]
    fn headers_of_an_untrusted_peer_are_ignored() {
        let headers = [(FORWARDED_FOR, "1.2.3.4"), (FORWARDED_PROTO, "https")];
        assert_eq!(
            seen("9.9.9.9", &["127.0.0.1/32"], &headers),
            ("9.9.9.9".into(), false)
        );
    }

    #[test]
    fn the_right_most_untrusted_address_is_the_client() {
        let headers = [
            (FORWARDED_FOR, "6.6.6.6, 1.2.3.4, 10.0.0.7"),
            (FORWARDED_PROTO, "https"),
        ];
        let trusted = ["127.0.0.1/32", "10.0.0.0/8"];
        assert_eq!(
            seen("127.0.0.1", &trusted, &headers),
            ("1.2.3.4".into(), true)
        );
        let split = [
            (FORWARDED_FOR, "6.6.6.6"),
            (FORWARDED_FOR, "1.2.3.4,10.0.0.7"),
        ];
        assert_eq!(
            seen("::ffff:127.0.0.1", &trusted, &split),
            ("1.2.3.4".into(), false)
        );
    }

    #[test]
    fn what_the_client_wrote_before_it_hides_nothing() {
        let mut headers = HeaderMap::new();
        let appended = http::HeaderValue::from_bytes(b"\xff\xfe, 1.2.3.4").unwrap();
        headers.insert(FORWARDED_FOR, appended);
        let trusted = ["127.0.0.1/32".parse().unwrap()];
        let seen = resolve(&headers, "127.0.0.1".parse().unwrap(), &trusted);
        assert_eq!(seen.remote_addr.to_string(), "1.2.3.4");
    }

    #[test]
    fn a_chain_of_trusted_proxies_only_names_its_first() {
        let headers = [(FORWARDED_FOR, "10.0.0.9, 10.0.0.7")];
        assert_eq!(seen("10.0.0.1", &["10.0.0.0/8"], &headers).0, "10.0.0.9");
    }

    #[test]
    fn what_is_no_address_ends_the_search() {
        let trusted = ["127.0.0.1/32"];
        assert_eq!(
            seen(
                "127.0.0.1",
                &trusted,
                &[(FORWARDED_FOR, "1.2.3.4, unknown")]
            )
            .0,
            "127.0.0.1"
        );
        assert_eq!(
            seen("127.0.0.1", &trusted, &[(FORWARDED_FOR, "")]).0,
            "127.0.0.1"
        );
        assert_eq!(seen("127.0.0.1", &trusted, &[]).0, "127.0.0.1");
        assert_eq!(
            seen("127.0.0.1", &trusted, &[(FORWARDED_FOR, "1.2.3.4:80")]).0,
            "1.2.3.4"
        );
        assert_eq!(
            seen(
                "127.0.0.1",
                &trusted,
                &[(FORWARDED_FOR, "[2001:db8::1]:80")]
            )
            .0,
            "2001:db8::1"
        );
        assert_eq!(
            seen("127.0.0.1", &trusted, &[(FORWARDED_FOR, "[2001:db8::1]")]).0,
            "2001:db8::1"
        );
    }
}
