//! The addresses that a person gives.

use std::str::FromStr;

use http::Uri;
use thiserror::Error;

use crate::nginx::{
    listen::without_brackets,
    request::{Origin, default_port},
};

/// `http://host[:port][/path]`, or with `https`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    pub origin: Origin,
    /// Starts with a slash.
    pub path: String,
    /// Without the question mark; may be empty.
    pub query: String,
}

/// Not such an address.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("expected an address such as http://apps.example.com or https://apps.example.com:8443/")]
pub struct NotAUrl;

impl FromStr for Url {
    type Err = NotAUrl;

    fn from_str(text: &str) -> Result<Self, NotAUrl> {
        let uri: Uri = text.parse().map_err(|_| NotAUrl)?;
        let scheme = match uri.scheme_str() {
            Some("http" | "ws") => "http",
            Some("https" | "wss") => "https",
            _ => return Err(NotAUrl),
        };
        let host = uri.host().ok_or(NotAUrl)?;
        Ok(Self {
            origin: Origin {
                scheme,
                host: without_brackets(host)
                    .trim_end_matches('.')
                    .to_ascii_lowercase(),
                port: uri.port_u16().unwrap_or_else(|| default_port(scheme)),
            },
            path: uri.path().to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_a_host_and_a_port() {
        let url: Url = "https://Apps.Example.com./x?y=1".parse().unwrap();
        assert_eq!(url.origin.to_string(), "https://apps.example.com");
        assert_eq!((url.origin.port, url.path.as_str()), (443, "/x"));
        let url: Url = "ws://[::1]:3001".parse().unwrap();
        assert_eq!(url.origin.to_string(), "http://[::1]:3001");
        for wrong in ["", "apps.example.com", "ftp://x", "http://"] {
            assert_eq!(wrong.parse::<Url>(), Err(NotAUrl), "{wrong}");
        }
    }
}
