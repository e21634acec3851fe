//! How costs grow with the number of connections.

use anyhow::Result;

use super::{cell, head, row, spread};
use crate::{
    contender::Contender,
    experiment::Experiment,
    metrics::{CONNECT_CPU, DELIVERY_CPU, IDLE_MEMORY, Metric},
    results::Results,
    spread::{Spread, number, whole},
};

/// The lines of the table and of the plot.
pub const GROWING: [Metric; 3] = [CONNECT_CPU, IDLE_MEMORY, DELIVERY_CPU];
/// The first two are to stay within this of each other at all sizes.
const BOUND: f64 = 1.15;

/// A metric at each size.
pub type Line = Vec<(u64, Option<Spread>)>;

/// What the plot shows.
pub fn line(results: &Results, metric: &Metric) -> Result<Line> {
    let samples = results.samples(Experiment::Growth)?;
    let at = |size: &&str| {
        let outcomes = samples.of(Contender::AtalayaPostgres, metric.scenario, Some(size));
        (size.parse().unwrap_or(0), spread(metric, &outcomes))
    };
    let mut line: Line = samples.variants().iter().map(at).collect();
    // The rounds begin at different sizes.
    line.sort_by_key(|(size, _)| *size);
    Ok(line)
}

pub(super) fn table(results: &Results) -> Result<String> {
    let lines = GROWING
        .iter()
        .map(|metric| line(results, metric))
        .collect::<Result<Vec<_>>>()?;
    let sizes: Vec<u64> = lines[0].iter().map(|(size, _)| *size).collect();
    let mut titles = vec!["connections".to_owned()];
    titles.extend(sizes.iter().map(|size| whole(*size)));
    titles.push("largest to smallest".to_owned());
    let mut text = head(&titles);
    for (metric, line) in GROWING.iter().zip(&lines) {
        let mut cells = vec![metric.title()];
        cells.extend(line.iter().map(|(_, spread)| cell(*spread)));
        cells.push(range(line).map_or_else(|| "–".to_owned(), number));
        text.push_str(&row(cells));
    }
    let is_flat = lines[..2]
        .iter()
        .all(|line| range(line).is_some_and(|range| range <= BOUND));
    let verdict = if is_flat { "met" } else { "**not met**" };
    text.push_str(&format!(
        "\nThe bar, CPU per connect and memory per connection within 15% at all sizes: {verdict}.\n"
    ));
    Ok(text)
}

/// The largest median by the smallest.
fn range(line: &Line) -> Option<f64> {
    let medians = line
        .iter()
        .map(|(_, spread)| spread.map(|spread| spread.median));
    let medians: Vec<f64> = medians.collect::<Option<_>>()?;
    let all = Spread::of(medians)?;
    Some(all.max / all.min)
}
