//! A day in a few seconds: some come and go, while those who stay get notifications and read them, and once a second
//! there is one for everybody.

use std::time::{Duration, Instant};

use super::{Bench, Chance};
use crate::{
    Error,
    driver::{Ending, Happening, Kind},
    latency::Recorder,
    report::{self, Deliveries, Outcome},
    schedule::Schedule,
    wire::notification::Recipient,
};

pub(super) fn run(bench: &mut Bench<'_>) -> Result<Outcome, Error> {
    let gathered = bench.gather()?;
    bench.quiet()?;
    let meter = bench.meter()?;
    let mut day = Day::new(bench);
    day.run(bench)?;
    let cost = meter.stop()?;
    let kinds = day.kinds(cost.elapsed.as_secs_f64());
    let succeeded = kinds.iter().map(|kind| kind.succeeded).sum();
    let failed = kinds.iter().map(|kind| kind.failed).sum();
    let outcome = bench.outcome(cost, succeeded, failed, day.deliver.latency.latency());
    Ok(Outcome {
        rows: gathered.rows,
        deliveries: Some(Deliveries {
            expected: day.deliver.expected,
            received: day.deliver.done,
        }),
        kinds,
        ..outcome
    })
}

/// One kind of operation.
struct Work {
    name: &'static str,
    expected: u64,
    done: u64,
    /// Known not to come any more.
    failed: u64,
    latency: Recorder,
}

impl Work {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            expected: 0,
            done: 0,
            failed: 0,
            latency: Recorder::new(),
        }
    }

    fn finish(&mut self, took: Duration) {
        self.done += 1;
        self.latency.record(took);
    }

    fn is_over(&self) -> bool {
        self.done + self.failed >= self.expected
    }
}

/// A notification on its way: when it was due, whom it is for, and when its one receiver asked to read it.
struct Sent {
    due: Instant,
    /// None: everybody who stays.
    to: Option<usize>,
    read_at: Option<Instant>,
}

struct Day {
    direct: Schedule,
    broadcasts: Schedule,
    churn: Schedule,
    /// By client: whether it stays, so that what it is sent must arrive.
    stays: Vec<bool>,
    staying: Vec<usize>,
    moving: Vec<usize>,
    chance: Chance,
    sent: Vec<Sent>,
    connect: Work,
    leave: Work,
    publish: Work,
    deliver: Work,
    read: Work,
}

impl Day {
    fn new(bench: &Bench<'_>) -> Self {
        let plan = bench.plan;
        let now = Instant::now();
        let joined: Vec<usize> = bench.driver.joined().collect();
        // The larger half stays: one client alone gets notifications and goes nowhere.
        let (staying, moving) = joined.split_at(joined.len().div_ceil(2));
        let mut stays = vec![false; plan.clients()];
        for client in staying {
            stays[*client] = true;
        }
        let churn_per_s = if moving.is_empty() {
            0.0
        } else {
            plan.churn_per_s
        };
        Self {
            direct: Schedule::new(now, plan.rate_per_s, plan.length),
            broadcasts: Schedule::new(now, 1.0, plan.length),
            churn: Schedule::new(now, churn_per_s, plan.length),
            stays,
            staying: staying.to_vec(),
            moving: moving.to_vec(),
            chance: Chance::new(),
            sent: Vec::new(),
            connect: Work::new("connect"),
            leave: Work::new("leave"),
            publish: Work::new("publish"),
            deliver: Work::new("deliver"),
            read: Work::new("read"),
        }
    }

    fn run(&mut self, bench: &mut Bench<'_>) -> Result<(), Error> {
        let total = self.direct.total() + self.broadcasts.total() + self.churn.total();
        bench.progress.phase("mixed", u64::from(total));
        let end = Instant::now() + bench.plan.length + bench.plan.patience;
        while !self.is_over() && Instant::now() < end {
            self.do_what_is_due(bench)?;
            bench.turn(Duration::from_secs(1))?;
            let happened = std::mem::take(&mut bench.happened);
            for happening in &happened {
                self.note(happening, bench);
            }
            bench.happened = happened;
            bench.tell(self.publish.done + self.leave.done);
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        let schedules = [&self.direct, &self.broadcasts, &self.churn];
        let works = [&self.connect, &self.publish, &self.deliver, &self.read];
        schedules.iter().all(|schedule| schedule.is_over())
            && works.iter().all(|work| work.is_over())
    }

    fn do_what_is_due(&mut self, bench: &mut Bench<'_>) -> Result<(), Error> {
        let now = Instant::now();
        while let Some(number) = self.direct.take(now) {
            let client = self.staying[self.chance.below(self.staying.len())];
            self.publish(self.direct.at(number), Some(client), bench);
        }
        while let Some(number) = self.broadcasts.take(now) {
            self.publish(self.broadcasts.at(number), None, bench);
        }
        while let Some(number) = self.churn.take(now) {
            let client = self.moving[number as usize % self.moving.len()];
            self.leave_and_come_back(client, bench);
        }
        let schedules = [&self.direct, &self.broadcasts, &self.churn];
        match schedules
            .iter()
            .filter_map(|schedule| schedule.next_at())
            .min()
        {
            Some(next) => bench.driver.wake_at(next),
            None => Ok(()),
        }
    }

    fn publish(&mut self, due: Instant, to: Option<usize>, bench: &mut Bench<'_>) {
        let number = self.sent.len() as u32;
        self.sent.push(Sent {
            due,
            to,
            read_at: None,
        });
        self.publish.expected += 1;
        let recipient = match to {
            Some(client) => {
                self.deliver.expected += 1;
                self.read.expected += 1;
                Recipient::User(bench.plan.people[client].id)
            }
            None => {
                self.deliver.expected += self.staying.len() as u64;
                Recipient::All
            }
        };
        bench.driver.publish(number, recipient);
    }

    fn leave_and_come_back(&mut self, client: usize, bench: &mut Bench<'_>) {
        // One that still tries to connect is left alone.
        if bench.driver.has_joined(client) {
            self.leave.expected += 1;
            self.leave.done += 1;
            bench.driver.hang_up(client, Ending::Orderly);
        } else if bench.driver.is_under_way(client) {
            return;
        }
        self.connect.expected += 1;
        bench.driver.dial(client);
    }

    fn note(&mut self, happening: &Happening, bench: &mut Bench<'_>) {
        match happening.kind {
            Kind::Joined { waited } => self.connect.finish(waited),
            Kind::Refused => self.connect.failed += 1,
            Kind::Lost => self.leave.failed += 1,
            Kind::Notified { number, id } => self.arrived(number, id, happening, bench),
            Kind::Answered { number, ok } => {
                let sent = &self.sent[number as usize];
                if ok {
                    self.publish
                        .finish(happening.at.saturating_duration_since(sent.due));
                } else {
                    // Nobody gets it, so nobody reads it.
                    self.publish.failed += 1;
                    let receivers = sent.to.map_or(self.staying.len(), |_| 1) as u64;
                    self.deliver.failed += receivers;
                    self.read.failed += u64::from(sent.to.is_some());
                }
            }
            Kind::Acknowledged { number, ok } => {
                let asked = self
                    .sent
                    .get_mut(number as usize)
                    .and_then(|sent| sent.read_at.take());
                match asked {
                    Some(asked) if ok => self.read.finish(happening.at - asked),
                    Some(_) => self.read.failed += 1,
                    None => {}
                }
            }
        }
    }

    fn arrived(&mut self, number: u32, id: u64, happening: &Happening, bench: &mut Bench<'_>) {
        let client = happening.client;
        let Some(sent) = self.sent.get_mut(number as usize) else {
            return;
        };
        // Who comes and goes gets it too, perhaps later, from what was kept for them.
        if !self.stays[client] || sent.to.is_some_and(|to| to != client) {
            return;
        }
        self.deliver
            .finish(happening.at.saturating_duration_since(sent.due));
        if sent.to.is_some() && sent.read_at.is_none() {
            sent.read_at = Some(Instant::now());
            bench.driver.read(client, number, id);
        }
    }

    /// What is missing at the end has failed.
    fn kinds(&self, seconds: f64) -> Vec<report::Kind> {
        let works = [
            &self.connect,
            &self.leave,
            &self.publish,
            &self.deliver,
            &self.read,
        ];
        let kind = |work: &&Work| report::Kind {
            name: work.name.to_owned(),
            succeeded: work.done,
            failed: work.failed.max(work.expected.saturating_sub(work.done)),
            rate_per_s: work.done as f64 / seconds,
            latency: work.latency.latency(),
        };
        works.iter().map(kind).collect()
    }
}
