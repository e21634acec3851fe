//! The smaller questions: does a broadcast cost more when more users exist, what does the log cost, and what
//! does Atalaya do that no peer does.

use anyhow::Result;
use atalaya_bench::{Scenario, report::Outcome};

use super::{cell, head, row, spread};
use crate::{
    contender::Contender,
    experiment::{Experiment, LOGGED, SILENT},
    metrics::{CONNECT_CPU, DELIVERY_CPU, Metric},
    results::{Results, Samples},
    spread::{Spread, whole},
};

const OURS: Contender = Contender::AtalayaPostgres;

pub(super) fn users(results: &Results) -> Result<String> {
    let samples = results.samples(Experiment::Users)?;
    let mut variants: Vec<u64> = samples
        .variants()
        .iter()
        .filter_map(|variant| variant.parse().ok())
        .collect();
    variants.sort_unstable();
    let mut titles = vec!["users that exist".to_owned()];
    titles.extend(variants.iter().map(|users| whole(*users)));
    let mut cells = vec![DELIVERY_CPU.title()];
    for users in variants {
        let outcomes = samples.of(OURS, Scenario::Broadcast, Some(&users.to_string()));
        cells.push(cell(spread(&DELIVERY_CPU, &outcomes)));
    }
    Ok(head(&titles) + &row(cells))
}

pub(super) fn log(results: &Results) -> Result<String> {
    let samples = results.samples(Experiment::Log)?;
    let of = |variant| {
        spread(
            &CONNECT_CPU,
            &samples.of(OURS, Scenario::Connect, Some(variant)),
        )
    };
    let (logged, silent) = (of(LOGGED), of(SILENT));
    let mut text = head(&[
        "",
        "log as by default, into a file",
        "no log",
        "share of the log",
    ]);
    let share = logged
        .zip(silent)
        .map(|(logged, silent)| 100.0 * (logged.median - silent.median) / logged.median);
    text.push_str(&row([
        &CONNECT_CPU.title(),
        &cell(logged),
        &cell(silent),
        &share.map_or_else(|| "–".to_owned(), percent),
    ]));
    Ok(text)
}

/// Of two figures that differ by less than they vary, the larger is not the costlier.
fn percent(share: f64) -> String {
    if share > 0.0 {
        format!("{share:.1}%")
    } else {
        "none that shows".to_owned()
    }
}

/// What has no counterpart among the peers.
pub(super) fn inbox(results: &Results) -> Result<String> {
    let contenders = [Contender::AtalayaPostgres, Contender::AtalayaSqlite];
    let mut text = head(&["", "PostgreSQL", "SQLite"]);
    let read = results.samples(Experiment::DirectRead)?;
    for metric in READ {
        text.push_str(&line(&metric.title(), &contenders, |contender| {
            spread(&metric, &read.of(contender, Scenario::DirectRead, None))
        }));
    }
    let mixed = results.samples(Experiment::Mixed)?;
    for kind in kinds_of(&mixed) {
        let name = format!("mixed day: {kind}, 99 of 100, ms");
        text.push_str(&line(&name, &contenders, |contender| {
            let outcomes = mixed.of(contender, Scenario::Mixed, None);
            Spread::of(outcomes.iter().filter_map(|outcome| p99_ms(outcome, &kind)))
        }));
    }
    text.push_str(&line(
        "mixed day: operations that failed",
        &contenders,
        |contender| {
            let outcomes = mixed.of(contender, Scenario::Mixed, None);
            Spread::of(outcomes.iter().map(|outcome| outcome.failed as f64))
        },
    ));
    Ok(text)
}

const READ_CPU: Metric = Metric {
    name: "to one user, and read there: CPU, server + database",
    scenario: Scenario::DirectRead,
    ..crate::metrics::DIRECT_CPU
};
const READ: [Metric; 3] = [
    READ_CPU,
    Metric {
        name: "until received, half of them",
        unit: "ms",
        read: crate::metrics::DIRECT_P50.read,
        ..READ_CPU
    },
    Metric {
        name: "until received, 99 of 100",
        unit: "ms",
        read: crate::metrics::DIRECT_P99.read,
        ..READ_CPU
    },
];

fn line(
    name: &str,
    contenders: &[Contender],
    figure: impl Fn(Contender) -> Option<Spread>,
) -> String {
    let mut cells = vec![name.to_owned()];
    cells.extend(contenders.iter().map(|contender| cell(figure(*contender))));
    row(cells)
}

fn kinds_of(samples: &Samples) -> Vec<String> {
    let outcomes = samples.of(OURS, Scenario::Mixed, None);
    let kinds = outcomes.first().map(|outcome| outcome.kinds.as_slice());
    let timed = kinds
        .unwrap_or_default()
        .iter()
        .filter(|kind| kind.latency.is_some());
    timed.map(|kind| kind.name.clone()).collect()
}

fn p99_ms(outcome: &Outcome, kind: &str) -> Option<f64> {
    let kind = outcome.kinds.iter().find(|found| found.name == kind)?;
    Some(kind.latency?.p99_us as f64 / 1_000.0)
}
