//! The rounds: in each, every experiment; in each of those, every contender in turn, so that what changes on the
//! machine in the meantime touches all of them alike.

use std::{collections::BTreeMap, time::Instant};

use anyhow::Result;
use atalaya_bench::report::Outcome;

use crate::{
    contender::Contender,
    database::Postgres,
    experiment::{Experiment, Step},
    load,
    progress::Progress,
    results::{Results, Sample},
    sizes::Sizes,
    stage::Stage,
};

/// What to measure.
pub struct Course {
    pub experiments: Vec<Experiment>,
    pub contenders: Vec<Contender>,
    pub rounds: u32,
    pub sizes: Sizes,
}

/// Measures, and keeps each measurement as soon as it is there. One that fails is told and left out; how many
/// did is the answer.
pub async fn run(course: &Course, postgres: &Postgres, results: &Results) -> Result<usize> {
    let total = course.steps_of_a_round(1).count() * course.rounds as usize;
    let mut progress = Progress::new(total);
    let mut samples: BTreeMap<Experiment, Vec<Sample>> = BTreeMap::new();
    let mut failures = 0;
    for round in 1..=course.rounds {
        for (experiment, step) in course.steps_of_a_round(round) {
            progress.begin(&format!(
                "round {round} of {}: {}, {}",
                course.rounds,
                describe(experiment, &step),
                step.contender.title().trim_matches('*'),
            ));
            let begun = Instant::now();
            match measure(&step, postgres, &course.sizes).await {
                Ok(outcome) => {
                    progress.end(&in_short(&outcome), begun.elapsed());
                    failures += usize::from(outcome.failed > 0);
                    let kept = samples.entry(experiment).or_default();
                    kept.push(Sample {
                        contender: step.contender,
                        round,
                        variant: step.variant,
                        outcome,
                    });
                    results.keep_samples(experiment, kept)?;
                }
                Err(error) => {
                    progress.end(&format!("NOT MEASURED: {error:#}"), begun.elapsed());
                    failures += 1;
                }
            }
        }
    }
    Ok(failures)
}

impl Course {
    /// Another contender comes first in each round.
    fn steps_of_a_round(&self, round: u32) -> impl Iterator<Item = (Experiment, Step)> {
        self.experiments.iter().flat_map(move |experiment| {
            let mut steps = experiment.steps(&self.sizes, &self.contenders);
            let turn = (round as usize - 1) % steps.len().max(1);
            steps.rotate_left(turn);
            steps.into_iter().map(|step| (*experiment, step))
        })
    }
}

async fn measure(step: &Step, postgres: &Postgres, sizes: &Sizes) -> Result<Outcome> {
    let stage = Stage::set(step.contender, postgres, step.users, step.logs).await?;
    let measured = load::measure(&stage, step, sizes).await;
    measured.map_err(|error| error.context(format!("its log ends: {}", stage.log())))
}

fn describe(experiment: Experiment, step: &Step) -> String {
    let name = experiment.name();
    match experiment {
        Experiment::Growth => format!("{name} ({} at {})", step.scenario.name(), step.variant),
        Experiment::Users => format!("{name} ({} exist)", step.variant),
        Experiment::Log => format!("{name} ({})", step.variant),
        _ => format!("{name} with {}", step.clients),
    }
}

fn in_short(outcome: &Outcome) -> String {
    let mut text = format!("{:.0}/s", outcome.rate_per_s);
    if outcome.failed > 0 {
        let why = outcome
            .first_failure
            .as_deref()
            .unwrap_or("no reason known");
        text.push_str(&format!(", {} FAILED ({why})", outcome.failed));
    }
    text
}
