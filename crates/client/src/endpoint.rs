//! Where a server is: the one place that understands URLs and opens TCP connections.

use std::io;
use std::net::{IpAddr, SocketAddr};

use ::http::Uri;
use tokio::net::{TcpSocket, TcpStream, lookup_host};

use crate::http::HttpError;

/// Host and port of an `http` URL.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// As in the `Host` header: without the port if the URL has none.
    pub(crate) authority: String,
    address: String,
    local: Option<IpAddr>,
}

impl Endpoint {
    /// The endpoint of a URL, and what follows the authority (`/` if nothing does).
    pub(crate) fn parse(url: &str) -> Result<(Self, String), HttpError> {
        let invalid = || HttpError::InvalidUrl(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| invalid())?;
        let authority = uri.authority().ok_or_else(invalid)?;
        if uri.scheme_str() != Some("http") || authority.as_str().contains('@') {
            return Err(invalid());
        }
        let endpoint = Self {
            authority: authority.as_str().to_owned(),
            address: format!(
                "{}:{}",
                authority.host(),
                authority.port_u16().unwrap_or(80)
            ),
            local: None,
        };
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        Ok((endpoint, target.to_owned()))
    }

    /// Connect from this local address.
    pub(crate) fn with_local(mut self, local: Option<IpAddr>) -> Self {
        self.local = local;
        self
    }

    pub(crate) async fn connect(&self) -> Result<TcpStream, HttpError> {
        let stream = match self.local {
            None => TcpStream::connect(&self.address).await,
            Some(local) => self.connect_from(local).await,
        };
        let ready = stream.and_then(|stream| stream.set_nodelay(true).map(|()| stream));
        ready.map_err(|source| HttpError::Unreachable {
            address: self.address.clone(),
            source,
        })
    }

    async fn connect_from(&self, local: IpAddr) -> io::Result<TcpStream> {
        let remote = lookup_host(&self.address)
            .await?
            .find(|remote| remote.is_ipv4() == local.is_ipv4())
            .ok_or(io::ErrorKind::AddrNotAvailable)?;
        let socket = match remote {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.bind(SocketAddr::new(local, 0))?;
        socket.connect(remote).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_http_url_names_an_endpoint_and_a_target() {
        let (endpoint, target) = Endpoint::parse("http://localhost").unwrap();
        assert_eq!(
            (endpoint.authority.as_str(), endpoint.address.as_str()),
            ("localhost", "localhost:80")
        );
        assert_eq!(target, "/");
        let (endpoint, target) = Endpoint::parse("http://[::1]:3001/api/x?y=1").unwrap();
        assert_eq!(endpoint.address, "[::1]:3001");
        assert_eq!(target, "/api/x?y=1");
    }

    #[test]
    fn anything_else_is_refused() {
        for url in [
            "",
            "/api",
            "https://localhost",
            "ws://localhost",
            "http://me@localhost",
            "http://",
        ] {
            assert!(
                matches!(Endpoint::parse(url), Err(HttpError::InvalidUrl(_))),
                "{url}"
            );
        }
    }
}
