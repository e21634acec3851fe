//! The server's address, and the requests to it that are the same for every client.

use std::net::{SocketAddr, ToSocketAddrs};

use http::Uri;

use crate::Error;

/// Where the server is, and where on it Socket.IO is.
#[derive(Clone, Debug)]
pub struct Target {
    url: String,
    address: SocketAddr,
    /// What follows `Host:`.
    host: String,
    /// Before every path, without a slash at its end.
    prefix: String,
    /// The path of Socket.IO, with both slashes.
    path: String,
    namespace: String,
}

impl Target {
    /// Resolves `http://host:port`, possibly with a path in front of all others.
    pub fn new(url: &str, path: &str, namespace: &str) -> Result<Self, Error> {
        let bad = |why: &str| Error::BadUrl {
            url: url.to_owned(),
            why: why.to_owned(),
        };
        let uri: Uri = url
            .parse()
            .map_err(|_| bad("not an address such as http://127.0.0.1:3001"))?;
        if uri.scheme_str() != Some("http") {
            return Err(bad("only http:// is spoken here"));
        }
        let authority = uri.authority().ok_or_else(|| bad("names no host"))?;
        let host = authority.host().trim_matches(['[', ']']);
        let port = authority.port_u16().unwrap_or(80);
        let resolved = (host, port)
            .to_socket_addrs()
            .map_err(|error| bad(&error.to_string()))?;
        let address = resolved.into_iter().next();
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            address: address.ok_or_else(|| bad("the host has no address"))?,
            host: authority.as_str().to_owned(),
            prefix: uri.path().trim_end_matches('/').to_owned(),
            path: path.to_owned(),
            namespace: namespace.to_owned(),
        })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether it is this machine that is put under load.
    pub fn is_loopback(&self) -> bool {
        self.address.ip().is_loopback()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// As it stands in front of a packet's data: nothing for the main namespace.
    pub(crate) fn namespace_prefix(&self) -> String {
        match self.namespace.as_str() {
            "/" => String::new(),
            other => format!("{other},"),
        }
    }

    /// The request that opens a websocket. The key is the same for all: nobody here checks the answer to it.
    pub(crate) fn websocket_request(&self) -> Vec<u8> {
        let Self { prefix, path, .. } = self;
        format!(
            "GET {prefix}{path}?EIO=4&transport=websocket HTTP/1.1\r\n{}Connection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            self.common_headers()
        )
        .into_bytes()
    }

    /// What a request of HTTP long-polling begins with, up to the session id.
    pub(crate) fn polling_line(&self, method: &str) -> String {
        let Self { prefix, path, .. } = self;
        format!("{method} {prefix}{path}?EIO=4&transport=polling")
    }

    /// The rest of that request's head, but for the length of a body.
    pub(crate) fn polling_headers(&self) -> String {
        format!(" HTTP/1.1\r\n{}", self.common_headers())
    }

    /// The head of a publish, up to the value of the length.
    pub(crate) fn publish_head(&self, token: &str) -> String {
        let Self { prefix, .. } = self;
        format!(
            "POST {prefix}/api/notifications HTTP/1.1\r\n{}Authorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: ",
            self.common_headers()
        )
    }

    fn common_headers(&self) -> String {
        format!("Host: {}\r\nUser-Agent: atalaya-bench\r\n", self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_resolved_and_its_path_goes_in_front() {
        let target = Target::new("http://127.0.0.1:3001/under/", "/socket.io/", "/news").unwrap();
        assert_eq!(target.address(), "127.0.0.1:3001".parse().unwrap());
        assert!(target.is_loopback());
        assert_eq!(target.namespace_prefix(), "/news,");
        let request = String::from_utf8(target.websocket_request()).unwrap();
        assert!(
            request.starts_with("GET /under/socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n")
        );
        assert!(request.contains("\r\nHost: 127.0.0.1:3001\r\n"));
    }

    #[test]
    fn another_machine_is_no_loopback() {
        let target = Target::new("http://192.0.2.7", "/socket.io/", "/").unwrap();
        assert!(!target.is_loopback());
        assert_eq!(target.namespace_prefix(), "");
    }

    #[test]
    fn what_cannot_be_spoken_to_is_refused() {
        for wrong in ["https://127.0.0.1", "127.0.0.1:3001", "", "http://"] {
            assert!(Target::new(wrong, "/socket.io/", "/").is_err(), "{wrong}");
        }
    }
}
