//! The address of whoever asks, seen through the proxies that are trusted to tell it.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use atalaya_gateway::proxy;
use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;

use crate::App;

/// The client's own address.
pub(super) struct ClientAddr(pub IpAddr);

impl FromRequestParts<Arc<App>> for ClientAddr {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        let seen = proxy::resolve(&parts.headers, peer, &app.config.trusted_proxies);
        Ok(Self(seen.remote_addr))
    }
}
