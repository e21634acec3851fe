//! The server's heartbeat: a ping every interval, and an end when its answer does not come in time.
//!
//! An answer may be late because it stands behind other packets, which are read no faster than the handler
//! works: while something else is heard, and for a while when nothing is read, nobody is taken for dead.
//!
//! The times are planned from each other and not from when a timer happened to fire, so that a client
//! which counts for itself comes to the same end.

use std::time::Duration;

use tokio::time::Instant;

/// How many time-outs a client is excused for because nothing of it was read. Bounded, since the handler may
/// itself wait for a client that is gone.
const MOST_EXCUSES: u8 = 3;

#[derive(Debug)]
pub(super) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    next: Instant,
    awaits_pong: bool,
    /// Something other than the answer has come since it is awaited.
    has_heard: bool,
    /// How many times it was excused since anything was heard.
    excuses: u8,
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
            has_heard: false,
            excuses: 0,
        }
    }

    /// When to ask again what is due.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// `is_busy`: nothing is being read just now, so that nothing can be heard.
    pub(super) fn due(&mut self, now: Instant, is_busy: bool) -> Beat {
        if now < self.next {
            return Beat::Nothing;
        }
        if !self.awaits_pong {
            self.awaits_pong = true;
            self.next += self.timeout;
            return Beat::Ping;
        }
        if std::mem::take(&mut self.has_heard) {
            self.excuses = 0;
        } else if is_busy && self.excuses < MOST_EXCUSES {
            self.excuses += 1;
        } else {
            return Beat::Dead;
        }
        self.next = now + self.timeout;
        Beat::Nothing
    }

    /// The client sent something.
    pub(super) fn heard(&mut self) {
        self.has_heard = self.awaits_pong;
    }

    /// The client answered. An answer to nothing is nothing.
    pub(super) fn pong(&mut self, now: Instant) {
        if self.awaits_pong {
            self.awaits_pong = false;
            self.has_heard = false;
            self.excuses = 0;
            self.next = now + self.interval;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A heartbeat of 25 and 20 seconds, and what is due after so many seconds.
    struct Case(Instant, Heartbeat);

    impl Case {
        fn new() -> Self {
            let start = Instant::now();
            let seconds = Duration::from_secs;
            Self(start, Heartbeat::new(seconds(25), seconds(20), start))
        }

        fn at(&self, second: u64) -> Instant {
            self.0 + Duration::from_secs(second)
        }

        fn due(&mut self, second: u64) -> Beat {
            let now = self.at(second);
            self.1.due(now, false)
        }

        fn pong(&mut self, second: u64) {
            let now = self.at(second);
            self.1.heard();
            self.1.pong(now);
        }
    }

    #[test]
    fn a_ping_is_answered_or_ends_it() {
        let mut case = Case::new();
        assert_eq!(case.due(24), Beat::Nothing);
        assert_eq!(case.due(26), Beat::Ping);
        assert_eq!(case.due(44), Beat::Nothing);
        case.pong(44);
        assert_eq!(case.due(68), Beat::Nothing);
        assert_eq!(case.due(69), Beat::Ping);
        case.pong(70);
        case.pong(80);
        assert_eq!(case.due(95), Beat::Ping);
        assert_eq!(case.due(115), Beat::Dead);
    }

    #[test]
    fn a_client_of_whom_nothing_is_read_is_excused_for_a_while() {
        let mut case = Case::new();
        assert_eq!(case.due(25), Beat::Ping);
        for second in [45, 65, 85] {
            let now = case.at(second);
            assert_eq!(case.1.due(now, true), Beat::Nothing);
        }
        let now = case.at(105);
        assert_eq!(case.1.due(now, true), Beat::Dead);
    }

    #[test]
    fn whoever_is_heard_is_not_dead() {
        let mut case = Case::new();
        case.1.heard();
        assert_eq!(case.due(25), Beat::Ping);
        case.1.heard();
        assert_eq!(case.due(45), Beat::Nothing);
        assert_eq!(case.due(65), Beat::Dead);
    }
}
