//! Ids of sessions on PostgreSQL, drawn from the table's own sequence before the rows are written: so that which
//! row is whose is certain, and so that the rows of a commit whose outcome is unknown can be named afterwards.
//!
//! In a storm a reserve is drawn for the next commits too, which spares each of them a round trip. It is kept for a
//! moment only: the ledger is listed by id, and an id that was drawn long before its row would stand in the
//! wrong place. A lone connection draws exactly one.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// How long a reserve may be used.
const FRESH: Duration = Duration::from_millis(250);

/// How many times the batch at hand are drawn where commits follow on each other.
const AHEAD: usize = 8;
const MOST_AHEAD: usize = 1_024;

pub(super) const DRAW: &str = "SELECT nextval(CAST((SELECT pg_get_serial_sequence('user_sessions', 'id')) AS regclass)) \
     FROM generate_series(1, $1)";

/// What was drawn and not yet used.
#[derive(Default)]
pub(crate) struct Reserve {
    ids: VecDeque<i64>,
    drawn_at: Option<Instant>,
}

impl Reserve {
    /// How many to draw before `wanted` can be taken; 0 if there are enough.
    pub(super) fn missing(&mut self, wanted: usize, now: Instant) -> usize {
        let is_fresh = self.drawn_at.is_some_and(|at| now - at < FRESH);
        if !is_fresh {
            self.ids.clear();
            return wanted;
        }
        if self.ids.len() >= wanted {
            return 0;
        }
        (wanted * AHEAD).min(MOST_AHEAD).max(wanted)
    }

    pub(super) fn put(&mut self, drawn: Vec<i64>, now: Instant) {
        // What is left of the last draw comes first: it is a little older, and smaller.
        self.ids.extend(drawn);
        self.drawn_at = Some(now);
    }

    pub(super) fn take(&mut self, wanted: usize) -> Vec<i64> {
        self.ids.drain(..wanted.min(self.ids.len())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_lone_connection_draws_one_and_a_storm_draws_ahead() {
        let mut reserve = Reserve::default();
        let now = Instant::now();
        assert_eq!(reserve.missing(1, now), 1);
        reserve.put(vec![7], now);
        assert_eq!(reserve.take(1), [7]);
        // The next one follows at once.
        assert_eq!(reserve.missing(20, now), 160);
        reserve.put((8..168).collect(), now);
        assert_eq!(reserve.take(20), (8..28).collect::<Vec<_>>());
        assert_eq!(reserve.missing(140, now), 0);
        assert_eq!(reserve.missing(400, now), 1_024);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_used_at_once_is_dropped() {
        let mut reserve = Reserve::default();
        let now = Instant::now();
        reserve.put((1..9).collect(), now);
        assert_eq!(reserve.missing(1, now + FRESH), 1);
        reserve.put(vec![9], now + FRESH);
        assert_eq!(reserve.take(1), [9]);
    }
}
