//! What is done with the sockets in each scenario, and what is made of what happened. Every loop here ends: by a
//! count, and by a time after which what is missing counts as failed.

mod broadcast;
mod connect;
mod direct;
mod idle;
mod leave;
mod mixed;
mod publish;

use std::time::{Duration, Instant};

use crate::{
    Error,
    driver::{Driver, Ending, Happening, Kind},
    latency::Recorder,
    meter::{Cost, Meter},
    plan::{Plan, Progress, Scenario},
    report::{Latency, Outcome, Rows, Usage},
    rows::{Ledger, Sampler},
};

/// How often progress is told.
const TOLD_EVERY: Duration = Duration::from_millis(100);
/// Silence for this long means that everything on its way has arrived.
const SILENCE: Duration = Duration::from_millis(200);
const MOST_SILENCE: Duration = Duration::from_secs(5);

/// Carries out one scenario on connections of its own. Blocks its thread until it is over.
pub fn run(plan: &Plan, scenario: Scenario, progress: &dyn Progress) -> Result<Outcome, Error> {
    if plan.clients() == 0 || plan.at_once == 0 {
        return Err(Error::Plan("no clients measure nothing"));
    }
    let mut bench = Bench::new(plan, scenario, progress)?;
    let outcome = match scenario {
        Scenario::Connect => connect::run(&mut bench),
        Scenario::Idle => idle::run(&mut bench),
        Scenario::Broadcast => broadcast::run(&mut bench),
        Scenario::Direct | Scenario::DirectRead => direct::run(&mut bench),
        Scenario::Publish => publish::run(&mut bench),
        Scenario::Leave => leave::run(&mut bench),
        Scenario::Mixed => mixed::run(&mut bench),
    };
    progress.finish();
    bench.clear_up()?;
    outcome
}

/// What every scenario works with.
struct Bench<'a> {
    plan: &'a Plan,
    scenario: Scenario,
    driver: Driver,
    ledger: Option<Ledger>,
    /// Rows that were active before anybody connected.
    active_before: u64,
    progress: &'a dyn Progress,
    told: Instant,
    happened: Vec<Happening>,
}

/// Everybody connected, or refused.
struct Gathered {
    joined: u64,
    refused: u64,
    latency: Recorder,
    rows: Option<Rows>,
    cost: Cost,
}

impl<'a> Bench<'a> {
    fn new(plan: &'a Plan, scenario: Scenario, progress: &'a dyn Progress) -> Result<Self, Error> {
        let mut ledger = plan.database_url.as_deref().map(Ledger::open).transpose()?;
        let active_before = ledger.as_mut().map_or(Ok(0), Ledger::active)?;
        Ok(Self {
            plan,
            scenario,
            driver: Driver::new(plan)?,
            ledger,
            active_before,
            progress,
            told: Instant::now(),
            happened: Vec::new(),
        })
    }

    fn meter(&self) -> Result<Meter, Error> {
        let except = self.ledger.as_ref().and_then(Ledger::backend_pid);
        Meter::start(self.plan.pids, except)
    }

    /// Connects everybody, a bounded number at a time, and looks up some of the rows meanwhile.
    fn gather(&mut self) -> Result<Gathered, Error> {
        let total = self.plan.clients();
        self.progress.phase("connect", total as u64);
        let meter = self.meter()?;
        if let Some(ledger) = self.ledger.take() {
            let users = self.plan.people.iter().map(|person| person.id as i64);
            self.driver
                .sample_rows(Sampler::start(ledger, users.collect()));
        }
        let (mut next, mut joined, mut refused) = (0, 0, 0);
        let mut latency = Recorder::new();
        while joined + refused < total as u64 {
            while next < total && self.driver.under_way() < self.plan.at_once {
                self.driver.dial(next);
                next += 1;
            }
            for happening in self.turn(Duration::from_secs(1))? {
                match happening.kind {
                    Kind::Joined { waited } => {
                        joined += 1;
                        latency.record(waited);
                    }
                    Kind::Refused => refused += 1,
                    _ => {}
                }
            }
            self.tell(joined + refused);
            self.driver.let_more_come(self.driver.under_way());
        }
        let cost = meter.stop()?;
        let rows = self.stop_sampling()?;
        if joined == 0 {
            let why = self.driver.first_failure().unwrap_or("nothing");
            return Err(Error::NobodyConnected(why.to_owned()));
        }
        Ok(Gathered {
            joined,
            refused,
            latency,
            rows,
            cost,
        })
    }

    fn stop_sampling(&mut self) -> Result<Option<Rows>, Error> {
        let Some(sampler) = self.driver.take_sampler() else {
            return Ok(None);
        };
        let (ledger, rows) = sampler.finish()?;
        self.ledger = Some(ledger);
        Ok(Some(rows))
    }

    /// Lets things happen, for `limit` at most.
    fn turn(&mut self, limit: Duration) -> Result<&[Happening], Error> {
        self.driver.turn(limit, &mut self.happened)?;
        Ok(&self.happened)
    }

    /// Keeps everybody connected for a while. Returns how many of them were lost.
    fn wait(&mut self, length: Duration) -> Result<u64, Error> {
        let end = Instant::now() + length;
        let mut lost = 0;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(lost);
            }
            let happened = self.turn(left)?;
            lost += happened
                .iter()
                .filter(|happening| happening.kind == Kind::Lost)
                .count() as u64;
        }
    }

    /// Waits until what was on its way to those who just connected has arrived.
    fn quiet(&mut self) -> Result<(), Error> {
        let end = Instant::now() + MOST_SILENCE;
        while Instant::now() < end {
            self.turn(SILENCE)?;
            if self.driver.was_silent() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn tell(&mut self, done: u64) {
        if self.told.elapsed() >= TOLD_EVERY {
            self.told = Instant::now();
            self.progress.advance(done);
        }
    }

    fn outcome(
        &self,
        cost: Cost,
        succeeded: u64,
        failed: u64,
        latency: Option<Latency>,
    ) -> Outcome {
        let seconds = cost.elapsed.as_secs_f64();
        let each = |us: f64| us / succeeded.max(1) as f64;
        let per_operation = |usage: Usage| Usage {
            cpu_us_per_operation: each(usage.cpu_us as f64),
            ..usage
        };
        Outcome {
            scenario: self.scenario,
            clients: self.plan.clients() as u64,
            seconds,
            succeeded,
            failed,
            rate_per_s: succeeded as f64 / seconds,
            latency,
            server: cost.server.map(per_operation),
            database: cost.database.map(per_operation),
            client_cpu_us_per_operation: each(cost.own_cpu.as_micros() as f64),
            rows: None,
            deliveries: None,
            answer_latency: None,
            rows_closed_seconds: None,
            kinds: Vec::new(),
            first_failure: self.driver.first_failure().map(str::to_owned),
        }
    }

    /// Ends every connection, and waits a little for the server to have noticed.
    fn clear_up(&mut self) -> Result<(), Error> {
        self.stop_sampling()?;
        let joined: Vec<usize> = self.driver.joined().collect();
        for client in joined {
            self.driver.hang_up(client, Ending::Reset);
        }
        self.until_left(MOST_SILENCE)?;
        Ok(())
    }

    /// Waits until no row is active but those that were so before. Returns how many still are.
    fn until_left(&mut self, limit: Duration) -> Result<u64, Error> {
        const ASKED_EVERY: Duration = Duration::from_millis(5);
        let Some(ledger) = &mut self.ledger else {
            return Ok(0);
        };
        let end = Instant::now() + limit;
        loop {
            let left = ledger.active()?.saturating_sub(self.active_before);
            if left == 0 || Instant::now() >= end {
                return Ok(left);
            }
            ledger.sleep(ASKED_EVERY);
        }
    }
}

/// A choice of somebody that is the same in every run.
struct Chance(u64);

impl Chance {
    fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    /// One of the numbers below `bound` (xorshift64*).
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        high as usize % bound.max(1)
    }
}
