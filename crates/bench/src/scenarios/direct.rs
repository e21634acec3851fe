//! Notifications to one random user each, at a rate that does not wait for answers. Latency counts from the moment
//! when each was due.

use std::time::{Duration, Instant};

use super::{Bench, Chance};
use crate::{
    Error,
    driver::{Happening, Kind},
    latency::Recorder,
    plan::Scenario,
    report::{self, Deliveries, Outcome},
    schedule::Schedule,
    wire::notification::Recipient,
};

pub(super) fn run(bench: &mut Bench<'_>) -> Result<Outcome, Error> {
    let gathered = bench.gather()?;
    bench.quiet()?;
    let is_read = bench.scenario == Scenario::DirectRead;
    let joined: Vec<usize> = bench.driver.joined().collect();
    let meter = bench.meter()?;
    let schedule = Schedule::new(Instant::now(), bench.plan.rate_per_s, bench.plan.length);
    let mut course = Course::new(schedule, joined, is_read);
    course.run(bench)?;
    let cost = meter.stop()?;

    let total = u64::from(course.schedule.total());
    let complete = course.complete;
    let seconds = cost.elapsed.as_secs_f64();
    let latency = course.received.latency();
    let outcome = bench.outcome(cost, complete, total - complete, latency);
    let reads = is_read.then(|| report::Kind {
        name: "read".to_owned(),
        succeeded: course.reads,
        failed: total - course.reads,
        rate_per_s: course.reads as f64 / seconds,
        latency: course.read.latency(),
    });
    Ok(Outcome {
        rows: gathered.rows,
        deliveries: Some(Deliveries {
            expected: total,
            received: course.deliveries,
        }),
        answer_latency: course.answered.latency(),
        kinds: reads.into_iter().collect(),
        ..outcome
    })
}

/// A notification on its way.
#[derive(Clone, Copy)]
struct Sent {
    client: usize,
    is_answered: bool,
    is_received: bool,
    /// When its receiver asked for it to be marked as read.
    read_at: Option<Instant>,
    is_over: bool,
}

struct Course {
    schedule: Schedule,
    clients: Vec<usize>,
    is_read: bool,
    chance: Chance,
    sent: Vec<Sent>,
    answered: Recorder,
    received: Recorder,
    read: Recorder,
    deliveries: u64,
    reads: u64,
    complete: u64,
    refused: u64,
}

impl Course {
    fn new(schedule: Schedule, clients: Vec<usize>, is_read: bool) -> Self {
        Self {
            sent: Vec::with_capacity(schedule.total() as usize),
            schedule,
            clients,
            is_read,
            chance: Chance::new(),
            answered: Recorder::new(),
            received: Recorder::new(),
            read: Recorder::new(),
            deliveries: 0,
            reads: 0,
            complete: 0,
            refused: 0,
        }
    }

    fn run(&mut self, bench: &mut Bench<'_>) -> Result<(), Error> {
        let total = self.schedule.total();
        bench
            .progress
            .phase(bench.scenario.name(), u64::from(total));
        let end = self.schedule.at(total) + bench.plan.patience;
        while self.complete + self.refused < u64::from(total) && Instant::now() < end {
            self.send_what_is_due(bench)?;
            bench.turn(Duration::from_secs(1))?;
            let happened = std::mem::take(&mut bench.happened);
            for happening in &happened {
                self.note(happening, bench);
            }
            bench.happened = happened;
            bench.tell(self.complete);
        }
        Ok(())
    }

    fn send_what_is_due(&mut self, bench: &mut Bench<'_>) -> Result<(), Error> {
        while let Some(number) = self.schedule.take(Instant::now()) {
            let client = self.clients[self.chance.below(self.clients.len())];
            self.sent.push(Sent {
                client,
                is_answered: false,
                is_received: false,
                read_at: None,
                is_over: false,
            });
            let user = bench.plan.people[client].id;
            bench.driver.publish(number, Recipient::User(user));
        }
        match self.schedule.next_at() {
            Some(at) => bench.driver.wake_at(at),
            None => Ok(()),
        }
    }

    fn note(&mut self, happening: &Happening, bench: &mut Bench<'_>) {
        let number = match happening.kind {
            Kind::Notified { number, .. } | Kind::Answered { number, .. } => number,
            Kind::Acknowledged { number, .. } => number as u32,
            _ => return,
        };
        let due = self.schedule.at(number);
        let Some(sent) = self
            .sent
            .get_mut(number as usize)
            .filter(|sent| !sent.is_over)
        else {
            return;
        };
        let took = happening.at.saturating_duration_since(due);
        match happening.kind {
            Kind::Notified { id, .. } if happening.client == sent.client && !sent.is_received => {
                sent.is_received = true;
                self.deliveries += 1;
                self.received.record(took);
                if self.is_read {
                    sent.read_at = Some(Instant::now());
                    bench.driver.read(happening.client, number, id);
                }
            }
            Kind::Answered { ok: true, .. } => {
                sent.is_answered = true;
                self.answered.record(took);
            }
            Kind::Answered { ok: false, .. } | Kind::Acknowledged { ok: false, .. } => {
                sent.is_over = true;
                self.refused += 1;
                return;
            }
            Kind::Acknowledged { ok: true, .. } => {
                if let Some(asked) = sent.read_at.take() {
                    self.reads += 1;
                    self.read.record(happening.at - asked);
                }
            }
            _ => return,
        }
        let is_read = !self.is_read || sent.read_at.is_none();
        if sent.is_answered && sent.is_received && is_read {
            sent.is_over = true;
            self.complete += 1;
        }
    }
}
