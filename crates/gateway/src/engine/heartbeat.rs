//! The server's heartbeat: a ping every interval, and an end when its answer does not come in time.
//!
//! The times are planned from each other and not from when a timer happened to fire, so that a client
//! which counts for itself comes to the same end.

use std::time::Duration;

use tokio::time::Instant;

#[derive(Debug)]
pub(super) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    next: Instant,
    awaits_pong: bool,
}

/// What is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Nothing,
    Ping,
    /// The client did not answer.
    Dead,
}

impl Heartbeat {
    pub(super) fn new(interval: Duration, timeout: Duration, now: Instant) -> Self {
        Self {
            interval,
            timeout,
            next: now + interval,
            awaits_pong: false,
        }
    }

    /// When to ask again what is due.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    pub(super) fn due(&mut self, now: Instant) -> Beat {
        if now < self.next {
            return Beat::Nothing;
        }
        if self.awaits_pong {
            return Beat::Dead;
        }
        self.awaits_pong = true;
        self.next += self.timeout;
        Beat::Ping
    }

    /// The client answered. An answer to nothing is nothing.
    pub(super) fn pong(&mut self, now: Instant) {
        if self.awaits_pong {
            self.awaits_pong = false;
            self.next = now + self.interval;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_is_answered_or_ends_it() {
        let seconds = Duration::from_secs;
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(seconds(25), seconds(20), start);
        assert_eq!(heartbeat.due(start + seconds(24)), Beat::Nothing);
        assert_eq!(heartbeat.due(start + seconds(26)), Beat::Ping);
        assert_eq!(heartbeat.due(start + seconds(44)), Beat::Nothing);
        heartbeat.pong(start + seconds(44));
        assert_eq!(heartbeat.due(start + seconds(68)), Beat::Nothing);
        assert_eq!(heartbeat.due(start + seconds(69)), Beat::Ping);
        heartbeat.pong(start + seconds(70));
        heartbeat.pong(start + seconds(80));
        assert_eq!(heartbeat.due(start + seconds(95)), Beat::Ping);
        assert_eq!(heartbeat.due(start + seconds(115)), Beat::Dead);
    }
}
