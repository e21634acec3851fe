//! How far it is, for the person who waits: a line for each measurement, with the time that is left.

use std::time::{Duration, Instant};

pub struct Progress {
    total: usize,
    done: usize,
    begun: Instant,
}

impl Progress {
    pub fn new(total: usize) -> Self {
        Self {
            total,
            done: 0,
            begun: Instant::now(),
        }
    }

    pub fn begin(&self, what: &str) {
        let (next, total) = (self.done + 1, self.total);
        eprint!("[{next:>3}/{total}{}] {what}: ", self.time_left());
    }

    pub fn end(&mut self, result: &str, took: Duration) {
        self.done += 1;
        eprintln!("{result} ({:.0} s)", took.as_secs_f64());
    }

    /// As if the rest took as long as what is done, once enough is done to say so.
    fn time_left(&self) -> String {
        if self.done < 5 {
            return String::new();
        }
        let each = self.begun.elapsed().as_secs_f64() / self.done as f64;
        let minutes = each * (self.total - self.done) as f64 / 60.0;
        format!(", {minutes:.0} min left")
    }
}
