//! The time at which a line is written, as the lines of JSON have it: RFC 3339, UTC, milliseconds.

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat, Utc};

/// The last time as text. Within one second only its end is written anew, since the calendar costs more
/// than the rest of a line.
#[derive(Default)]
pub(super) struct Timestamp {
    second: i64,
    text: String,
}

impl Timestamp {
    pub(super) fn text_of(&mut self, now: DateTime<Utc>) -> &str {
        if self.text.is_empty() || self.second != now.timestamp() {
            self.second = now.timestamp();
            self.text = now.to_rfc3339_opts(SecondsFormat::Millis, true);
        } else if let Some(point) = self.text.rfind('.') {
            self.text.truncate(point);
            // Text in memory takes everything.
            let _ = write!(self.text, ".{:03}Z", now.timestamp_subsec_millis());
        }
        &self.text
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a log line says when it was written; nothing is decided by it"
)]
pub(super) fn now() -> DateTime<Utc> {
    Utc::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_calendars_text_within_a_second_and_across() {
        let mut timestamp = Timestamp::default();
        for ms in [
            0,
            7,
            999,
            1_000,
            1_001,
            59_999,
            60_000,
            1_767_225_599_999,
            1_767_225_600_070,
            5,
        ] {
            let now = DateTime::from_timestamp_millis(ms).unwrap();
            assert_eq!(
                timestamp.text_of(now),
                now.to_rfc3339_opts(SecondsFormat::Millis, true)
            );
        }
    }
}
