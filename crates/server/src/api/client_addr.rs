//! The address of whoever asks, seen through the proxies that are trusted to tell it.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::{HeaderMap, request::Parts};
use ipnet::IpNet;

use crate::App;

/// The client's own address.
pub(super) struct ClientAddr(pub IpAddr);

impl FromRequestParts<Arc<App>> for ClientAddr {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        Ok(Self(behind(
            peer,
            &parts.headers,
            &app.config.trusted_proxies,
        )))
    }
}

/// Walks `X-Forwarded-For` from the nearest hop outwards, as long as the hop that wrote an entry is
/// trusted: what stands before an untrusted hop may be anyone's invention.
fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let mut client = peer.to_canonical();
    let lines = headers.get_all("x-forwarded-for").into_iter().rev();
    let hops = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
    for hop in hops {
        let Ok(address) = hop.trim().parse::<IpAddr>() else {
            return client;
        };
        if !is_trusted(client) {
            return client;
        }
        client = address.to_canonical();
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen_from(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let trusted = [
            "127.0.0.0/8".parse().unwrap(),
            "10.0.0.0/8".parse().unwrap(),
        ];
        behind(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(seen_from("192.0.2.7", &["203.0.113.1"]), "192.0.2.7");
        assert_eq!(seen_from("127.0.0.1", &["203.0.113.1"]), "203.0.113.1");
        assert_eq!(seen_from("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(
            seen_from("::ffff:127.0.0.1", &["203.0.113.1"]),
            "203.0.113.1"
        );
    }

    #[test]
    fn what_the_client_itself_claims_is_not_believed() {
        assert_eq!(
            seen_from("127.0.0.1", &["6.6.6.6, 203.0.113.1"]),
            "203.0.113.1"
        );
        assert_eq!(
            seen_from("127.0.0.1", &["6.6.6.6", "203.0.113.1, 10.1.1.1"]),
            "203.0.113.1"
        );
        assert_eq!(
            seen_from("127.0.0.1", &["nonsense, 203.0.113.1"]),
            "203.0.113.1"
        );
        assert_eq!(seen_from("127.0.0.1", &["nonsense"]), "127.0.0.1");
    }
}
