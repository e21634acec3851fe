//! How long things took, to three digits.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::report::Latency;

/// Longer than anything here is waited for; what is longer counts as this.
const MAX_US: u64 = 600_000_000;

pub(crate) struct Recorder(Histogram<u64>);

impl Recorder {
    pub(crate) fn new() -> Self {
        Self(Histogram::new_with_bounds(1, MAX_US, 3).expect("these bounds are in order"))
    }

    pub(crate) fn record(&mut self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(MAX_US);
        self.0.saturating_record(us.clamp(1, MAX_US));
    }

    /// Nothing when nothing was recorded.
    pub(crate) fn latency(&self) -> Option<Latency> {
        let at = |quantile| self.0.value_at_quantile(quantile);
        (!self.0.is_empty()).then(|| Latency {
            p50_us: at(0.5),
            p90_us: at(0.9),
            p99_us: at(0.99),
            p999_us: at(0.999),
            max_us: self.0.max(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_to_three_digits() {
        let mut recorder = Recorder::new();
        assert_eq!(recorder.latency(), None);
        for us in 1..=10_000 {
            recorder.record(Duration::from_micros(us));
        }
        let found = recorder.latency().unwrap();
        for (found, wanted) in [
            (found.p50_us, 5_000),
            (found.p90_us, 9_000),
            (found.p99_us, 9_900),
            (found.p999_us, 9_990),
            (found.max_us, 10_000),
        ] {
            assert!(
                found.abs_diff(wanted) * 1_000 <= wanted,
                "{found} for {wanted}"
            );
        }
    }
}
