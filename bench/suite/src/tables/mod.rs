//! The results as Markdown: a section for each part of `docs/performance.md` that is written by this program.

mod bars;
mod conditions;
pub mod growth;
mod peers;
mod rest;

use anyhow::Result;
use atalaya_bench::report::Outcome;

use crate::{experiment::Experiment, metrics::Metric, results::Results, spread::Spread};

/// A part of the document: the name of its markers, and what stands between them.
pub struct Section {
    pub name: &'static str,
    pub text: String,
}

/// The name of a section, the experiments it tells of, and what writes it.
type Maker = (
    &'static str,
    &'static [Experiment],
    fn(&Results) -> Result<String>,
);

const COMPARED: &[Experiment] = &[
    Experiment::Connect,
    Experiment::Warm,
    Experiment::Leave,
    Experiment::Idle,
    Experiment::Broadcast,
    Experiment::Direct,
    Experiment::Ghosts,
];

const MAKERS: [Maker; 7] = [
    ("conditions", &Experiment::ALL, conditions::text),
    ("peers", COMPARED, peers::table),
    ("bars", COMPARED, bars::table),
    ("growth", &[Experiment::Growth], growth::table),
    ("users", &[Experiment::Users], rest::users),
    ("log", &[Experiment::Log], rest::log),
    (
        "inbox",
        &[Experiment::DirectRead, Experiment::Mixed],
        rest::inbox,
    ),
];

/// Every section for which something was measured.
pub fn sections(results: &Results) -> Result<Vec<Section>> {
    let mut sections = Vec::new();
    for (name, needed, make) in MAKERS {
        if is_any_measured(results, needed)? {
            let text = make(results)?;
            sections.push(Section { name, text });
        }
    }
    Ok(sections)
}

fn is_any_measured(results: &Results, experiments: &[Experiment]) -> Result<bool> {
    for experiment in experiments {
        let measured = match experiment {
            Experiment::Ghosts => !results.ghosts()?.is_empty(),
            other => !results.samples(*other)?.is_empty(),
        };
        if measured {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A figure over all rounds; none if it was not measured.
fn spread(metric: &Metric, outcomes: &[&Outcome]) -> Option<Spread> {
    Spread::of(outcomes.iter().filter_map(|outcome| (metric.read)(outcome)))
}

fn cell(spread: Option<Spread>) -> String {
    spread.map_or_else(|| "–".to_owned(), |spread| spread.to_string())
}

/// A line of a table.
fn row<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> String {
    let mut line = String::from("|");
    for cell in cells {
        line.push_str(&format!(" {} |", cell.as_ref()));
    }
    line + "\n"
}

/// The head of a table, and the line below it.
fn head<T: AsRef<str>>(cells: &[T]) -> String {
    row(cells) + "|" + &"---|".repeat(cells.len()) + "\n"
}
