//! What a service manager such as systemd is told, if one listens: `sd_notify(3)`, a datagram to the socket
//! in `NOTIFY_SOCKET`.

use std::{
    env,
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixDatagram},
    },
};

/// The service accepts connections.
pub fn tell_ready() {
    tell("READY=1");
}

/// The service has begun to stop.
pub fn tell_stopping() {
    tell("STOPPING=1");
}

fn tell(state: &str) {
    let Ok(path) = env::var("NOTIFY_SOCKET") else {
        return;
    };
    let address = match path.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&path),
    };
    let sent = address
        .and_then(|address| UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address));
    if let Err(error) = sent {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the service manager could not be told {state}"
        );
    }
}
