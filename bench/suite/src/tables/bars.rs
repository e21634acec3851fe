//! The bars: what was asked for, what was measured, whether it is met.

use anyhow::Result;

use super::{head, peers::missing_of, row, spread};
use crate::{
    contender::Contender,
    metrics::{
        Better, COMPARED, CONNECT_CPU, CONNECT_DATABASE_CPU, CONNECT_RATE, DELIVERY_CPU,
        DIRECT_CPU, DIRECT_P50, DIRECT_P99, IDLE_MEMORY, LEAVE, Metric, USED_MEMORY,
    },
    results::Results,
    spread::number,
};

const OURS: Contender = Contender::AtalayaPostgres;
const NODE: Contender = Contender::Node;

enum Bar {
    AtLeast(f64),
    /// As it is written, and as it is meant.
    AtMost(&'static str, f64),
}

/// Ratios of medians, Atalaya's to Node's.
const BARS: [(Metric, Contender, Bar); 10] = [
    (CONNECT_RATE, OURS, Bar::AtLeast(8.0)),
    (CONNECT_CPU, OURS, Bar::AtMost("1/12", 1.0 / 12.0)),
    (DELIVERY_CPU, OURS, Bar::AtMost("0.5", 0.5)),
    (IDLE_MEMORY, OURS, Bar::AtMost("0.4", 0.4)),
    (USED_MEMORY, OURS, Bar::AtMost("0.4", 0.4)),
    (LEAVE, OURS, Bar::AtMost("1/4", 0.25)),
    (DIRECT_P50, OURS, Bar::AtMost("4", 4.0)),
    (DIRECT_P99, OURS, Bar::AtMost("1", 1.0)),
    (DIRECT_CPU, OURS, Bar::AtMost("1/2", 0.5)),
    (CONNECT_RATE, Contender::AtalayaSqlite, Bar::AtLeast(5.0)),
];

pub(super) fn table(results: &Results) -> Result<String> {
    let mut text = head(&["", "bar", "measured", "met"]);
    for (metric, contender, bar) in &BARS {
        let of = format!("{}, to Node's", name_of(metric, *contender));
        let ratio = ratio(results, metric, *contender, NODE)?;
        let (wanted, is_met) = match bar {
            Bar::AtLeast(least) => (
                format!("at least {least} times"),
                ratio.map(|r| r >= *least),
            ),
            Bar::AtMost(written, most) => (format!("at most {written}"), ratio.map(|r| r <= *most)),
        };
        text.push_str(&verdict(&of, &wanted, ratio.map(as_ratio), is_met));
    }
    text.push_str(&memory_after_use(results)?);
    text.push_str(&rows(results)?);
    text.push_str(&ghosts(results)?);
    text.push_str(&against_socketioxide(results)?);
    Ok(text)
}

fn name_of(metric: &Metric, contender: Contender) -> String {
    match contender {
        Contender::AtalayaSqlite => format!("{} with SQLite", metric.name),
        _ => metric.name.to_owned(),
    }
}

/// A small one as a part, which is how the bars are written.
fn as_ratio(ratio: f64) -> String {
    if ratio < 0.3 {
        format!("{ratio:.3} (1/{:.1})", 1.0 / ratio)
    } else {
        number(ratio)
    }
}

fn verdict(what: &str, wanted: &str, measured: Option<String>, is_met: Option<bool>) -> String {
    let measured = measured.unwrap_or_else(|| "–".to_owned());
    let met = match is_met {
        Some(true) => "yes",
        Some(false) => "**no**",
        None => "not measured",
    };
    row([what, wanted, &measured, met])
}

fn ratio(
    results: &Results,
    metric: &Metric,
    contender: Contender,
    to: Contender,
) -> Result<Option<f64>> {
    let samples = results.samples(metric.experiment)?;
    let median = |who| {
        let found = spread(metric, &samples.of(who, metric.scenario, None));
        found.map(|spread| spread.median)
    };
    Ok(median(contender)
        .zip(median(to))
        .map(|(ours, theirs)| ours / theirs))
}

fn memory_after_use(results: &Results) -> Result<String> {
    let samples = results.samples(IDLE_MEMORY.experiment)?;
    let outcomes = samples.of(OURS, IDLE_MEMORY.scenario, None);
    let idle = spread(&IDLE_MEMORY, &outcomes).map(|spread| spread.median);
    let used = spread(&USED_MEMORY, &outcomes).map(|spread| spread.median);
    let ratio = idle.zip(used).map(|(idle, used)| used / idle);
    Ok(verdict(
        "memory after 50 broadcasts, to that before",
        "within 10%",
        ratio.map(number),
        ratio.map(|ratio| (0.9..=1.1).contains(&ratio)),
    ))
}

fn rows(results: &Results) -> Result<String> {
    let missing = missing_of(results, OURS)?;
    Ok(verdict(
        "CONNECTs with no row yet",
        "0",
        missing.map(|(missing, _)| missing.to_string()),
        missing.map(|(missing, _)| missing == 0),
    ))
}

fn ghosts(results: &Results) -> Result<String> {
    let found = results.ghosts()?;
    let ours = found.iter().find(|ghosts| ghosts.contender == OURS);
    Ok(verdict(
        "rows active after `kill -9`, a restart and the lease",
        "0",
        ours.map(|ghosts| ghosts.active_for_ever.to_string()),
        ours.map(|ghosts| ghosts.active_for_ever == 0),
    ))
}

/// Ahead in every row of the comparison, but for the one that is a part of another.
fn against_socketioxide(results: &Results) -> Result<String> {
    let (mut behind, mut is_measured) = (Vec::new(), false);
    for metric in COMPARED
        .iter()
        .filter(|metric| metric.name != CONNECT_DATABASE_CPU.name)
    {
        let Some(ratio) = ratio(results, metric, OURS, Contender::Socketioxide)? else {
            continue;
        };
        is_measured = true;
        let is_ahead = match metric.better {
            Better::More => ratio > 1.0,
            Better::Less => ratio < 1.0,
        };
        if !is_ahead {
            behind.push(format!("{}: {}", metric.name, as_ratio(ratio)));
        }
    }
    let measured = match behind.as_slice() {
        [] => "in every row".to_owned(),
        behind => format!("behind in {}", behind.join("; ")),
    };
    Ok(verdict(
        "against socketioxide",
        "ahead in every row",
        is_measured.then_some(measured),
        is_measured.then_some(behind.is_empty()),
    ))
}
