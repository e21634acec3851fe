//! Free ports on the loopback address.

use std::{
    net::TcpListener,
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// Below these the system takes ports for outgoing connections, one of which may be met a moment later.
const FIRST: u32 = 10_000;
const COUNT: u32 = 22_000;
/// Far apart for processes that are started one after the other.
const STRIDE: u32 = 641;

/// A port that was free a moment ago, and that this process gives to nobody else. Another process may take it, so ask
/// late.
pub fn free() -> u16 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let start = process::id().wrapping_mul(STRIDE);
    let ports = std::iter::repeat_with(|| {
        let given = GIVEN.fetch_add(1, Ordering::Relaxed);
        FIRST + start.wrapping_add(given) % COUNT
    });
    let ports = ports
        .take(COUNT as usize)
        .filter_map(|port| u16::try_from(port).ok());
    ports
        .into_iter()
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("the loopback address has free ports")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice() {
        let mut ports: Vec<u16> = (0..200).map(|_| free()).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 200);
    }
}
