//! The one place that reads wall time. Everything else is told what time it is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use atalaya_store::model::Timestamp;

/// Where the server takes the time from: the system, or a test's hand.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's wall clock.
    #[default]
    System,
    /// Milliseconds since the epoch, moved by a test.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still until [`Clock::advance_ms`].
    pub fn manual(start_ms: i64) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(start_ms)))
    }

    /// Moves a manual clock forward; the system's clock is not ours to move.
    pub fn advance_ms(&self, by_ms: i64) {
        if let Self::Manual(now_ms) = self {
            now_ms.fetch_add(by_ms, Ordering::SeqCst);
        }
    }

    /// The time now, in milliseconds since the epoch, UTC.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that the lint points to"
    )]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp(
                SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .map_or(0, |since| since.as_millis() as i64),
            ),
            Self::Manual(now_ms) => Timestamp(now_ms.load(Ordering::SeqCst)),
        }
    }
}
