//! Free ports on the loopback address.

use std::net::TcpListener;

/// A port that was free a moment ago. Between that moment and its use somebody else may take it, so ask late.
pub fn free() -> u16 {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .expect("the loopback address has free ports")
        .port()
}
