//! Everybody goes at once, as when a network goes down politely: how long until the ledger says so.

use super::Bench;
use crate::{Error, driver::Ending, report::Outcome};

pub(super) fn run(bench: &mut Bench<'_>) -> Result<Outcome, Error> {
    if bench.ledger.is_none() {
        return Err(Error::Plan(
            "who has left is seen in the database: say which it is",
        ));
    }
    let gathered = bench.gather()?;
    bench.quiet()?;
    let leaving: Vec<usize> = bench.driver.joined().collect();
    bench.progress.phase("leave", leaving.len() as u64);
    let meter = bench.meter()?;
    for client in &leaving {
        bench.driver.hang_up(*client, Ending::Orderly);
    }
    let left = bench.until_left(bench.plan.patience)?;
    let cost = meter.stop()?;
    let seconds = cost.elapsed.as_secs_f64();
    let closed = (leaving.len() as u64).saturating_sub(left);
    let outcome = bench.outcome(cost, closed, left, None);
    Ok(Outcome {
        rows: gathered.rows,
        rows_closed_seconds: (left == 0).then_some(seconds),
        ..outcome
    })
}
