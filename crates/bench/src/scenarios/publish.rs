//! As many notifications as go, each to one random user: whoever publishes has so many under way at once, and sends the
//! next when one is answered. Latency counts from the moment when each was sent.

use std::time::{Duration, Instant};

use super::{Bench, Chance};
use crate::{
    Error,
    driver::{Happening, Kind},
    latency::Recorder,
    report::{Deliveries, Outcome},
    wire::notification::Recipient,
};

pub(super) fn run(bench: &mut Bench<'_>) -> Result<Outcome, Error> {
    let gathered = bench.gather()?;
    bench.quiet()?;
    let joined: Vec<usize> = bench.driver.joined().collect();
    let mut course = Course::new(joined);
    let meter = bench.meter()?;
    let until = Instant::now() + bench.plan.length;
    course.run(bench, until)?;
    let cost = meter.stop()?;
    let failed = course.sent.len() as u64 - course.published;
    let outcome = bench.outcome(cost, course.published, failed, course.received.latency());
    Ok(Outcome {
        rows: gathered.rows,
        deliveries: Some(Deliveries {
            expected: course.published,
            received: course.deliveries,
        }),
        answer_latency: course.answered.latency(),
        ..outcome
    })
}

struct Course {
    clients: Vec<usize>,
    chance: Chance,
    /// To whom each went, and when.
    sent: Vec<(usize, Instant)>,
    answered: Recorder,
    received: Recorder,
    published: u64,
    deliveries: u64,
    under_way: u64,
}

impl Course {
    fn new(clients: Vec<usize>) -> Self {
        Self {
            clients,
            chance: Chance::new(),
            sent: Vec::new(),
            answered: Recorder::new(),
            received: Recorder::new(),
            published: 0,
            deliveries: 0,
            under_way: 0,
        }
    }

    fn run(&mut self, bench: &mut Bench<'_>, until: Instant) -> Result<(), Error> {
        bench.progress.phase(bench.scenario.name(), 0);
        let end = until + bench.plan.patience;
        let at_once = bench.plan.at_once as u64;
        loop {
            let now = Instant::now();
            while self.under_way < at_once && now < until {
                self.send(bench);
            }
            let is_over = self.under_way == 0 && self.deliveries >= self.published;
            if (now >= until && is_over) || now >= end {
                return Ok(());
            }
            bench.turn(Duration::from_millis(100))?;
            let happened = std::mem::take(&mut bench.happened);
            for happening in &happened {
                self.note(happening);
            }
            bench.happened = happened;
            bench.tell(self.published);
        }
    }

    fn send(&mut self, bench: &mut Bench<'_>) {
        let client = self.clients[self.chance.below(self.clients.len())];
        let number = self.sent.len() as u32;
        self.sent.push((client, Instant::now()));
        self.under_way += 1;
        let user = bench.plan.people[client].id;
        bench.driver.publish(number, Recipient::User(user));
    }

    fn note(&mut self, happening: &Happening) {
        match happening.kind {
            Kind::Answered { number, ok } => {
                self.under_way -= 1;
                if ok && let Some((_, sent_at)) = self.sent.get(number as usize) {
                    self.published += 1;
                    self.answered
                        .record(happening.at.saturating_duration_since(*sent_at));
                }
            }
            Kind::Notified { number, .. } => {
                if let Some((client, sent_at)) = self.sent.get(number as usize)
                    && *client == happening.client
                {
                    self.deliveries += 1;
                    self.received
                        .record(happening.at.saturating_duration_since(*sent_at));
                }
            }
            _ => {}
        }
    }
}
