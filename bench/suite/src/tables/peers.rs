//! Everybody's figures, side by side.

use anyhow::Result;
use atalaya_bench::Scenario;

use super::{cell, head, row, spread};
use crate::{
    contender::Contender, experiment::Experiment, metrics::COMPARED, results::Results,
    spread::whole,
};

pub(super) fn table(results: &Results) -> Result<String> {
    let mut titles = vec![String::new()];
    titles.extend(Contender::ALL.map(|contender| contender.title().to_owned()));
    let mut text = head(&titles);
    for metric in COMPARED {
        let samples = results.samples(metric.experiment)?;
        let mut cells = vec![metric.title()];
        for contender in Contender::ALL {
            cells.push(cell(spread(
                &metric,
                &samples.of(contender, metric.scenario, None),
            )));
        }
        text.push_str(&row(cells));
    }
    text.push_str(&rows_missing(results)?);
    text.push_str(&ghosts(results)?);
    text.push_str(&failures(results)?);
    Ok(text)
}

/// CONNECTs whose row was not there, of those that were looked up, over all rounds.
pub(super) fn missing_of(results: &Results, contender: Contender) -> Result<Option<(u64, u64)>> {
    let samples = results.samples(Experiment::Connect)?;
    let outcomes = samples.of(contender, Scenario::Connect, None);
    let rows: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.rows).collect();
    let missing = rows.iter().map(|rows| rows.missing).sum();
    let sampled: u64 = rows.iter().map(|rows| rows.sampled).sum();
    Ok((sampled > 0).then_some((missing, sampled)))
}

fn rows_missing(results: &Results) -> Result<String> {
    let mut cells = vec!["CONNECTs with no row yet, of those looked up".to_owned()];
    for contender in Contender::ALL {
        let found = missing_of(results, contender)?;
        let text = found.map(|(missing, sampled)| format!("{missing} of {}", whole(sampled)));
        cells.push(text.unwrap_or_else(|| "–".to_owned()));
    }
    Ok(row(cells))
}

fn ghosts(results: &Results) -> Result<String> {
    let found = results.ghosts()?;
    let connected = found.first().map_or(0, |ghosts| ghosts.connected);
    let mut cells = vec![format!(
        "rows left active for ever by `kill -9` with {} connected",
        whole(connected)
    )];
    for contender in Contender::ALL {
        let left = found.iter().find(|ghosts| ghosts.contender == contender);
        let text = left.map(|ghosts| match ghosts.seconds_until_none {
            Some(seconds) => format!("0 (after {seconds:.1} s)"),
            None => whole(ghosts.active_for_ever),
        });
        cells.push(text.unwrap_or_else(|| "–".to_owned()));
    }
    Ok(if found.is_empty() {
        String::new()
    } else {
        row(cells)
    })
}

/// Operations that failed, over all experiments and rounds.
fn failures(results: &Results) -> Result<String> {
    let mut cells = vec!["operations that failed".to_owned()];
    for contender in Contender::ALL {
        let (mut failed, mut is_measured) = (0, false);
        for metric in COMPARED {
            let samples = results.samples(metric.experiment)?;
            let outcomes = samples.of(contender, metric.scenario, None);
            is_measured |= !outcomes.is_empty();
            // An experiment with several figures would count several times.
            let is_first = COMPARED
                .iter()
                .find(|other| other.experiment == metric.experiment)
                .is_some_and(|first| first.name == metric.name);
            if is_first {
                failed += outcomes.iter().map(|outcome| outcome.failed).sum::<u64>();
            }
        }
        cells.push(if is_measured {
            failed.to_string()
        } else {
            "–".to_owned()
        });
    }
    Ok(row(cells))
}
