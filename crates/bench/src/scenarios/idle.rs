//! What a connection costs in memory when nothing happens on it, and after it has been of use.

use super::{Bench, broadcast::Broadcasts};
use crate::{
    Error, meter,
    report::{Deliveries, Outcome, Usage},
};

const BROADCASTS: u32 = 50;

pub(super) fn run(bench: &mut Bench<'_>) -> Result<Outcome, Error> {
    if bench.plan.pids.server.is_none() {
        return Err(Error::Plan(
            "memory is read from a process: say which is the server's",
        ));
    }
    let gathered = bench.gather()?;
    let (settle, pids) = (bench.plan.settle, bench.plan.pids);
    bench.progress.phase("wait", 0);
    let mut lost = bench.wait(settle)?;
    let idle_pss = meter::server_pss(pids)?;

    let mut broadcasts = Broadcasts::new(bench);
    broadcasts.send(bench, BROADCASTS)?;
    bench.progress.phase("wait", 0);
    lost += bench.wait(settle)?;
    let used_pss = meter::server_pss(pids)?;

    // Time and CPU are those of connecting; what idleness costs is memory.
    let remained = gathered.joined.saturating_sub(lost);
    let outcome = bench.outcome(
        gathered.cost,
        remained,
        gathered.refused + lost,
        gathered.latency.latency(),
    );
    let server = outcome.server.map(|server| {
        let each =
            |after: u64| (after as f64 - server.pss_before_bytes as f64) / gathered.joined as f64;
        Usage {
            pss_after_bytes: idle_pss.unwrap_or(0),
            pss_per_connection_bytes: idle_pss.map(each),
            pss_after_broadcasts_bytes: used_pss,
            pss_per_connection_after_broadcasts_bytes: used_pss.map(each),
            ..server
        }
    });
    Ok(Outcome {
        server,
        rows: gathered.rows,
        deliveries: Some(Deliveries {
            expected: broadcasts.expected,
            received: broadcasts.received,
        }),
        ..outcome
    })
}
