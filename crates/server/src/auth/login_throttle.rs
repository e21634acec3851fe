//! The brake on guessing passwords: after a few failures each further try has to wait twice as long.
//!
//! Counted by user name *and* address, so that a stranger who guesses cannot lock the owner out (behind
//! a proxy, as long as it is among the trusted ones and so the address is the client's own). An
//! attempt is charged before the password is looked at and given back when it was right, so that a
//! thousand tries at the same moment are a thousand tries.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use atalaya_store::model::Timestamp;

/// Failures that cost nothing: people mistype.
const FREE_FAILURES: u32 = 5;

/// The longest wait, and how long a failure is remembered.
const MAX_WAIT_MS: i64 = 15 * 60 * 1_000;

/// How many pairs of user and address are remembered; the one unused for longest makes place.
const MAX_ENTRIES: usize = 10_000;

/// Who has failed to log in lately. In memory: each server counts for itself.
#[derive(Default)]
pub struct LoginThrottle {
    failures: Mutex<HashMap<Key, Failures>>,
}

type Key = (Box<str>, IpAddr);

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last_at: Timestamp,
}

impl LoginThrottle {
    /// Remembers nobody yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Charges one attempt, or says how long to wait before the next (at least a second).
    pub fn attempt(&self, username: &str, from: IpAddr, now: Timestamp) -> Result<(), Duration> {
        let mut failures = self.lock();
        let key = key(username, from);
        if !failures.contains_key(&key) {
            make_room(&mut failures, now);
        }
        let entry = failures.entry(key).or_insert(Failures {
            count: 0,
            last_at: now,
        });
        if entry.is_forgotten(now) {
            entry.count = 0;
        }
        let wait_ms = entry.wait_ms(now);
        if wait_ms > 0 {
            return Err(Duration::from_secs((wait_ms as u64).div_ceil(1_000)));
        }
        entry.count += 1;
        entry.last_at = now;
        Ok(())
    }

    /// The password was right: what failed before is forgotten.
    pub fn succeeded(&self, username: &str, from: IpAddr) {
        self.lock().remove(&key(username, from));
    }

    /// The password was never looked at: the attempt was charged for nothing.
    pub fn excused(&self, username: &str, from: IpAddr) {
        if let Some(entry) = self.lock().get_mut(&key(username, from)) {
            entry.count = entry.count.saturating_sub(1);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Failures>> {
        // A panic while the lock was held leaves a map that is still a map: go on.
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failures {
    fn wait_ms(self, now: Timestamp) -> i64 {
        if self.count < FREE_FAILURES {
            return 0;
        }
        let doublings = (self.count - FREE_FAILURES).min(20);
        let pause_ms = (1_000_i64 << doublings).min(MAX_WAIT_MS);
        self.last_at.0 + pause_ms - now.0
    }

    fn is_forgotten(self, now: Timestamp) -> bool {
        now.0 - self.last_at.0 > MAX_WAIT_MS
    }
}

fn key(username: &str, from: IpAddr) -> Key {
    (username.into(), network(from))
}

/// One customer has a whole /64 of IPv6, and can change the address with every try.
fn network(from: IpAddr) -> IpAddr {
    match from {
        IpAddr::V4(_) => from,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
        },
    }
}

fn make_room(failures: &mut HashMap<Key, Failures>, now: Timestamp) {
    if failures.len() < MAX_ENTRIES {
        return;
    }
    failures.retain(|_, entry| !entry.is_forgotten(now));
    if failures.len() < MAX_ENTRIES {
        return;
    }
    let oldest = failures.iter().min_by_key(|(_, entry)| entry.last_at.0);
    if let Some(key) = oldest.map(|(key, _)| key.clone()) {
        failures.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn at(ms: i64) -> Timestamp {
        Timestamp(1_700_000_000_000 + ms)
    }

    fn fail(throttle: &LoginThrottle, times: u32, now: Timestamp) {
        for _ in 0..times {
            throttle.attempt("ana", HOME, now).unwrap();
        }
    }

    #[test]
    fn an_attempt_that_was_never_judged_costs_nothing() {
        let throttle = LoginThrottle::new();
        for _ in 0..100 {
            throttle.attempt("ana", HOME, at(0)).unwrap();
            throttle.excused("ana", HOME);
        }
        fail(&throttle, FREE_FAILURES, at(0));
        assert!(throttle.attempt("ana", HOME, at(0)).is_err());
    }

    #[test]
    fn after_five_failures_the_wait_doubles_with_each_further_one() {
        let throttle = LoginThrottle::default();
        fail(&throttle, 5, at(0));
        assert_eq!(
            throttle.attempt("ana", HOME, at(0)),
            Err(Duration::from_secs(1))
        );
        fail(&throttle, 1, at(1_000));
        assert_eq!(
            throttle.attempt("ana", HOME, at(1_001)),
            Err(Duration::from_secs(2))
        );
        fail(&throttle, 1, at(3_000));
        assert_eq!(
            throttle.attempt("ana", HOME, at(3_000)),
            Err(Duration::from_secs(4))
        );
    }

    #[test]
    fn the_wait_ends_at_a_quarter_of_an_hour_and_is_then_forgotten() {
        let throttle = LoginThrottle::default();
        let mut now = 0;
        for _ in 0..40 {
            while throttle.attempt("ana", HOME, at(now)).is_err() {
                now += 1_000;
            }
        }
        let wait = throttle.attempt("ana", HOME, at(now)).unwrap_err();
        assert!(wait <= Duration::from_secs(15 * 60));
        fail(&throttle, 5, at(now + MAX_WAIT_MS + 1));
    }

    #[test]
    fn a_right_password_and_another_address_start_afresh() {
        let throttle = LoginThrottle::default();
        fail(&throttle, 5, at(0));
        let elsewhere = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 9));
        assert!(throttle.attempt("ana", elsewhere, at(0)).is_ok());
        throttle.succeeded("ana", HOME);
        fail(&throttle, 5, at(0));
    }

    #[test]
    fn all_of_an_ipv6_network_counts_as_one_address() {
        let throttle = LoginThrottle::default();
        for host in 1..=5_u128 {
            let from = Ipv6Addr::from_bits((0x2001_0db8_u128 << 96) + host).into();
            throttle.attempt("ana", from, at(0)).unwrap();
        }
        let sixth = Ipv6Addr::from_bits((0x2001_0db8_u128 << 96) + 6).into();
        assert!(throttle.attempt("ana", sixth, at(0)).is_err());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let throttle = LoginThrottle::default();
        for n in 0..MAX_ENTRIES as i64 + 100 {
            throttle.attempt(&format!("user-{n}"), HOME, at(n)).unwrap();
        }
        assert_eq!(throttle.lock().len(), MAX_ENTRIES);
    }
}
