//! What a phase cost: wall time, CPU of the server, of its database and of this tool, memory before and after.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::{Error, plan::Pids, process, report::Usage};

pub(crate) struct Meter {
    pids: Pids,
    /// The process of the database that serves our own lookups.
    except: Option<u32>,
    pss_before: Both<Option<u64>>,
    cpu_before: Both<Option<Duration>>,
    own_cpu_before: Duration,
    started: Instant,
}

struct Both<T> {
    server: T,
    database: T,
}

/// The cost of a phase.
pub(crate) struct Cost {
    pub(crate) elapsed: Duration,
    pub(crate) own_cpu: Duration,
    pub(crate) server: Option<Usage>,
    pub(crate) database: Option<Usage>,
}

impl Meter {
    pub(crate) fn start(pids: Pids, except: Option<u32>) -> Result<Self, Error> {
        // Memory first: looking at it takes a while, and the phase is not to pay for that.
        let pss_before = pss(pids)?;
        Ok(Self {
            pids,
            except,
            pss_before,
            cpu_before: cpu(pids, except)?,
            own_cpu_before: own_cpu(),
            started: Instant::now(),
        })
    }

    pub(crate) fn stop(&self) -> Result<Cost, Error> {
        let elapsed = self.started.elapsed();
        let own_cpu = own_cpu().saturating_sub(self.own_cpu_before);
        let cpu = cpu(self.pids, self.except)?;
        let pss = pss(self.pids)?;
        Ok(Cost {
            elapsed,
            own_cpu,
            server: usage(
                self.cpu_before.server,
                cpu.server,
                self.pss_before.server,
                pss.server,
            ),
            database: usage(
                self.cpu_before.database,
                cpu.database,
                self.pss_before.database,
                pss.database,
            ),
        })
    }
}

/// Memory of the server alone, at this moment.
pub(crate) fn server_pss(pids: Pids) -> Result<Option<u64>, Error> {
    Ok(pids.server.map(process::pss_bytes).transpose()?.flatten())
}

fn usage(
    cpu_before: Option<Duration>,
    cpu_after: Option<Duration>,
    pss_before: Option<u64>,
    pss_after: Option<u64>,
) -> Option<Usage> {
    let used = cpu_after?.saturating_sub(cpu_before?);
    Some(Usage {
        cpu_us: used.as_micros() as u64,
        pss_before_bytes: pss_before.unwrap_or(0),
        pss_after_bytes: pss_after.unwrap_or(0),
        ..Usage::default()
    })
}

fn cpu(pids: Pids, except: Option<u32>) -> Result<Both<Option<Duration>>, Error> {
    let of = |pid: Option<u32>| pid.map(|pid| process::cpu_time(pid, except)).transpose();
    Ok(Both {
        server: of(pids.server)?,
        database: of(pids.database)?,
    })
}

fn pss(pids: Pids) -> Result<Both<Option<u64>>, Error> {
    Ok(Both {
        server: server_pss(pids)?,
        database: pids.database.map(process::pss_bytes).transpose()?.flatten(),
    })
}

/// Of the thread that drives the clients.
fn own_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}
