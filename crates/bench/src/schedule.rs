//! Moments at a steady rate. They do not wait for answers: what is late counts from when it was due, so that a
//! server that stalls is not asked less and does not look better for it.

use std::time::{Duration, Instant};

pub(crate) struct Schedule {
    start: Instant,
    rate_per_s: f64,
    total: u32,
    next: u32,
}

impl Schedule {
    /// `rate_per_s` times `length` moments, the first at `start`.
    pub(crate) fn new(start: Instant, rate_per_s: f64, length: Duration) -> Self {
        Self {
            start,
            rate_per_s,
            total: (rate_per_s * length.as_secs_f64()).floor() as u32,
            next: 0,
        }
    }

    pub(crate) fn total(&self) -> u32 {
        self.total
    }

    pub(crate) fn is_over(&self) -> bool {
        self.next == self.total
    }

    /// When the one of this number is due.
    pub(crate) fn at(&self, number: u32) -> Instant {
        self.start + Duration::from_secs_f64(f64::from(number) / self.rate_per_s)
    }

    /// When the next one is due.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        (!self.is_over()).then(|| self.at(self.next))
    }

    /// Takes the next one, if it is due.
    pub(crate) fn take(&mut self, now: Instant) -> Option<u32> {
        let due = self.next_at().is_some_and(|at| at <= now);
        due.then(|| {
            self.next += 1;
            self.next - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_come_at_the_rate_and_end() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, 500.0, Duration::from_secs(2));
        assert_eq!(schedule.total(), 1_000);
        assert_eq!(schedule.at(250), start + Duration::from_millis(500));
        assert_eq!(schedule.take(start), Some(0));
        assert_eq!(schedule.take(start), None);
        // A stall of a second: everything that was due is still sent, each from its own moment.
        let later = start + Duration::from_secs(1);
        let caught_up = std::iter::from_fn(|| schedule.take(later)).count();
        assert_eq!(caught_up, 500);
        let end = start + Duration::from_secs(10);
        assert_eq!(std::iter::from_fn(|| schedule.take(end)).count(), 499);
        assert!(schedule.is_over());
    }

    #[test]
    fn no_rate_means_no_moments() {
        let schedule = Schedule::new(Instant::now(), 0.0, Duration::from_secs(2));
        assert!(schedule.is_over());
        assert_eq!(schedule.next_at(), None);
    }
}
