//! `atalaya doctor --watch`: rounds until somebody stops it.

use std::{future::Future, pin::pin, time::Duration};

use anyhow::Result;
use atalaya_doctor::{
    CouldNotRun, Diagnosis, Verdict, report,
    watch::{Watch, not_examined},
};
use chrono::{Local, SecondsFormat};
use tokio::{
    select,
    signal::unix::{SignalKind, signal},
    time::sleep,
};

use super::{DOING, Examination, Show, failure};
use crate::{
    cli::{Files, Format},
    output::{self, Failure},
};

/// The verdict of the last round that came to its end. What could not be examined at first is an error, later a finding.
pub(super) async fn run(
    examination: &mut Examination,
    every: Duration,
    show: &Show,
    files: &Files,
) -> Result<Verdict> {
    if matches!(show.format, Format::Sarif | Format::Markdown) {
        let failure = Failure::could_not_run(DOING, "--watch shows text or JSON");
        return Err(failure
            .try_this("atalaya doctor --watch --format json")
            .into());
    }
    let mut stop = pin!(stop()?);
    let mut watch = Watch::default();
    let mut last = None;
    loop {
        let round = select! {
            biased;
            () = &mut stop => break,
            round = round(examination) => round?,
        };
        let diagnosis = match round {
            Err(error) if last.is_none() => return Err(failure(error, files).into()),
            round => round.unwrap_or_else(|error| not_examined(&error)),
        };
        tell(&diagnosis, &mut watch, show)?;
        last = Some(diagnosis.verdict);
        select! {
            biased;
            () = &mut stop => break,
            () = sleep(every) => {}
        }
    }
    let interrupted = || Failure::could_not_run(DOING, "stopped before the first round was over");
    last.ok_or_else(|| interrupted().into())
}

async fn round(examination: &mut Examination) -> Result<Result<Diagnosis, CouldNotRun>> {
    examination.round(|_, _| {}).await
}

fn tell(diagnosis: &Diagnosis, watch: &mut Watch, show: &Show) -> Result<()> {
    let now = Local::now();
    let text = match show.format {
        Format::Json => {
            let at = now.to_rfc3339_opts(SecondsFormat::Secs, false);
            format!("{}\n", report::watched_json(diagnosis, &at, show.language))
        }
        _ => {
            let changes = watch.changes(diagnosis);
            let time = now.format("%H:%M:%S").to_string();
            report::watched(diagnosis, &changes, &time, show.language, show.coloured)
        }
    };
    Ok(output::print(&text)?)
}

/// Ctrl-C, or whoever else asks it to end.
fn stop() -> Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
