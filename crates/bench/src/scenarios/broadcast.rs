//! One notification to everybody, again and again; the next when all have the last.

use std::time::{Duration, Instant};

use super::Bench;
use crate::{
    Error,
    driver::Kind,
    latency::Recorder,
    report::{Deliveries, Outcome},
    wire::notification::Recipient,
};

pub(super) fn run(bench: &mut Bench<'_>) -> Result<Outcome, Error> {
    let gathered = bench.gather()?;
    bench.quiet()?;
    bench.driver.stop_reading(bench.plan.stuck);
    let mut broadcasts = Broadcasts::new(bench);
    let meter = bench.meter()?;
    broadcasts.send(bench, bench.plan.count)?;
    let cost = meter.stop()?;
    let missing = broadcasts.expected - broadcasts.received;
    let failed = missing + broadcasts.refused;
    let latency = broadcasts.latency.latency();
    let outcome = bench.outcome(cost, broadcasts.received, failed, latency);
    Ok(Outcome {
        rows: gathered.rows,
        deliveries: Some(Deliveries {
            expected: broadcasts.expected,
            received: broadcasts.received,
        }),
        ..outcome
    })
}

/// Broadcasts, and what came of them.
pub(super) struct Broadcasts {
    next: u32,
    pub(super) expected: u64,
    pub(super) received: u64,
    /// Publishes that were not taken.
    refused: u64,
    pub(super) latency: Recorder,
    /// The last one that each client received, so that none counts twice.
    last: Vec<Option<u32>>,
}

impl Broadcasts {
    pub(super) fn new(bench: &Bench<'_>) -> Self {
        Self {
            next: 0,
            expected: 0,
            received: 0,
            refused: 0,
            latency: Recorder::new(),
            last: vec![None; bench.plan.clients()],
        }
    }

    pub(super) fn send(&mut self, bench: &mut Bench<'_>, count: u32) -> Result<(), Error> {
        bench.progress.phase("broadcast", u64::from(count));
        for sent in 0..count {
            self.send_one(bench)?;
            bench.tell(u64::from(sent));
        }
        Ok(())
    }

    /// Waits until everybody has it, or for as long as patience lasts.
    fn send_one(&mut self, bench: &mut Bench<'_>) -> Result<(), Error> {
        let number = self.next;
        self.next += 1;
        let expected = bench.driver.joined().count() as u64;
        let (mut received, mut is_answered) = (0, false);
        let begun = Instant::now();
        bench.driver.publish(number, Recipient::All);
        while (received < expected || !is_answered) && begun.elapsed() < bench.plan.patience {
            for happening in bench.turn(Duration::from_secs(1))? {
                match happening.kind {
                    Kind::Notified { number: found, .. }
                        if found == number && self.is_first(happening.client, number) =>
                    {
                        received += 1;
                        self.latency.record(happening.at - begun);
                    }
                    Kind::Answered { number: found, ok } if found == number => {
                        is_answered = true;
                        self.refused += u64::from(!ok);
                    }
                    _ => {}
                }
            }
            let awaited = expected - received;
            bench.driver.let_more_come(awaited as usize);
        }
        self.expected += expected;
        self.received += received;
        Ok(())
    }

    fn is_first(&mut self, client: usize, number: u32) -> bool {
        self.last[client].replace(number) != Some(number)
    }
}
