//! One TCP connection that never blocks: dialled, written to, read from, ended.

use std::{
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    time::Duration,
};

use rustix::{
    event::epoll,
    fd::{AsFd, OwnedFd},
    io::{self, Errno},
    net::{self, AddressFamily, SendFlags, SocketFlags, SocketType, sockopt},
};

/// The kernel gives out about 14,000 ports of one address quickly; then it looks through all of them each time.
const CLIENTS_PER_ADDRESS: usize = 10_000;

/// Where a client's connection comes from, if it is not to be the address that all share: on the loopback, where any
/// address will do.
pub(super) fn source(client: usize, server: SocketAddr) -> Option<SocketAddrV4> {
    let group = u8::try_from(client / CLIENTS_PER_ADDRESS).ok()?;
    let is_loopback = server.is_ipv4() && server.ip().is_loopback();
    (group > 0 && is_loopback).then(|| SocketAddrV4::new(Ipv4Addr::new(127, 0, 1, group), 0))
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// As when a page is closed.
    Orderly,
    /// At once, so that no port waits: for when a measurement is over.
    Reset,
}

#[derive(Debug)]
pub(crate) struct Socket {
    fd: OwnedFd,
    /// What could not be written yet, because the connection is not established.
    unsent: Vec<u8>,
}

/// What a read found.
pub(crate) enum Read {
    /// This many bytes, and there may be more.
    Full(usize),
    /// This many bytes, and for now no more.
    Last(usize),
    Nothing,
    Gone,
}

impl Socket {
    /// Dials and says the first thing. On the loopback the connection stands when `connect` returns.
    pub(crate) fn dial(
        address: SocketAddr,
        source: Option<SocketAddrV4>,
        first: &[u8],
        epoll: &OwnedFd,
        token: u64,
    ) -> Result<Self, Errno> {
        let family = match address {
            SocketAddr::V4(_) => AddressFamily::INET,
            SocketAddr::V6(_) => AddressFamily::INET6,
        };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let fd = net::socket_with(family, SocketType::STREAM, flags, None)?;
        sockopt::set_tcp_nodelay(&fd, true)?;
        // The handshake's last packet carries the request, and what is received is acknowledged with what is said next:
        // two packets fewer for each connection, which the kernel would charge to whoever runs.
        sockopt::set_tcp_quickack(&fd, false)?;
        if let Some(source) = source {
            net::bind(&fd, &source)?;
        }
        match net::connect(&fd, &address) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(error) => return Err(error),
        }
        let mut interest = epoll::EventFlags::IN | epoll::EventFlags::RDHUP | epoll::EventFlags::ET;
        let unsent = match net::send(&fd, first, SendFlags::NOSIGNAL) {
            Ok(sent) => first[sent..].to_vec(),
            Err(Errno::AGAIN) => first.to_vec(),
            Err(error) => return Err(error),
        };
        if !unsent.is_empty() {
            interest |= epoll::EventFlags::OUT;
        }
        epoll::add(epoll, &fd, epoll::EventData::new_u64(token), interest)?;
        Ok(Self { fd, unsent })
    }

    /// Writes what waited for the connection to be established.
    pub(crate) fn flush(&mut self) -> Result<(), Errno> {
        while !self.unsent.is_empty() {
            match net::send(&self.fd, &self.unsent, SendFlags::NOSIGNAL) {
                Ok(sent) => drop(self.unsent.drain(..sent)),
                Err(Errno::AGAIN) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        self.unsent = Vec::new();
        Ok(())
    }

    /// Says one more thing. What is said here is far smaller than any socket's buffer: if it does not fit, the other
    /// side has long stopped reading.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        match net::send(&self.fd, bytes, SendFlags::NOSIGNAL)? {
            sent if sent == bytes.len() => Ok(()),
            _ => Err(Errno::AGAIN),
        }
    }

    pub(crate) fn read(&self, buffer: &mut [u8]) -> Read {
        loop {
            return match io::read(&self.fd, &mut *buffer) {
                Ok(0) => Read::Gone,
                Ok(read) if read == buffer.len() => Read::Full(read),
                Ok(read) => Read::Last(read),
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => Read::Nothing,
                Err(_) => Read::Gone,
            };
        }
    }

    /// Nothing is read from it any more, and the kernel keeps as little for it as it may.
    pub(crate) fn deafen(&self, epoll: &OwnedFd) {
        // If either fails, it is read from as before, which the measurement shows.
        let _ = epoll::delete(epoll, &self.fd);
        let _ = sockopt::set_socket_recv_buffer_size(&self.fd, 1);
    }

    /// Why it broke, if the kernel knows.
    pub(crate) fn error(&self) -> Option<Errno> {
        sockopt::socket_error(self.fd.as_fd()).ok()?.err()
    }

    pub(crate) fn end(self, ending: Ending) {
        if ending == Ending::Reset {
            // If it fails, the connection ends in order.
            let _ = sockopt::set_socket_linger(&self.fd, Some(Duration::ZERO));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_comes_from_several_addresses_of_the_loopback() {
        let (here, there) = (
            "127.0.0.1:80".parse().unwrap(),
            "192.0.2.7:80".parse().unwrap(),
        );
        assert_eq!(source(9_999, here), None);
        assert_eq!(source(10_000, here), Some("127.0.1.1:0".parse().unwrap()));
        assert_eq!(source(25_000, here), Some("127.0.1.2:0".parse().unwrap()));
        assert_eq!(source(25_000, there), None);
    }
}
