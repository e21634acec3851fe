//! A connect storm, as after a deploy: everybody comes at once.

use super::{Bench, Gathered};
use crate::{Error, report::Outcome};

pub(super) fn run(bench: &mut Bench<'_>) -> Result<Outcome, Error> {
    let Gathered {
        joined,
        refused,
        latency,
        rows,
        cost,
    } = bench.gather()?;
    let outcome = bench.outcome(cost, joined, refused, latency.latency());
    Ok(Outcome { rows, ..outcome })
}
