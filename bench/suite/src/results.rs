//! What was measured, as it is kept: one file for each experiment, so that one can be repeated alone.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use atalaya_bench::{Scenario, report::Outcome};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{conditions::Conditions, contender::Contender, experiment::Experiment};

/// One measurement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sample {
    pub contender: Contender,
    pub round: u32,
    /// What tells it from others of the same experiment, contender and scenario.
    pub variant: String,
    pub outcome: Outcome,
}

/// What `kill -9` left behind.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ghosts {
    pub contender: Contender,
    pub connected: u64,
    pub active_after_kill: u64,
    /// After the server was started again and the lease was over.
    pub active_for_ever: u64,
    /// From the end of the start until no row was active, if that came.
    pub seconds_until_none: Option<f64>,
}

/// A folder of results.
pub struct Results {
    folder: PathBuf,
}

impl Results {
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn keep_conditions(&self, conditions: &Conditions) -> Result<()> {
        self.keep("conditions", conditions)
    }

    pub fn conditions(&self) -> Result<Conditions> {
        self.read("conditions")?
            .with_context(|| format!("there are no results in {}", self.folder.display()))
    }

    pub fn keep_samples(&self, experiment: Experiment, samples: &[Sample]) -> Result<()> {
        self.keep(experiment.name(), samples)
    }

    /// None if it was not measured.
    pub fn samples(&self, experiment: Experiment) -> Result<Samples> {
        Ok(Samples(self.read(experiment.name())?.unwrap_or_default()))
    }

    pub fn keep_ghosts(&self, ghosts: &[Ghosts]) -> Result<()> {
        self.keep(Experiment::Ghosts.name(), ghosts)
    }

    pub fn ghosts(&self) -> Result<Vec<Ghosts>> {
        Ok(self.read(Experiment::Ghosts.name())?.unwrap_or_default())
    }

    fn keep<T: Serialize + ?Sized>(&self, name: &str, value: &T) -> Result<()> {
        let file = self.folder.join(name).with_extension("json");
        let text = serde_json::to_string_pretty(value)? + "\n";
        fs::create_dir_all(&self.folder)
            .and_then(|()| fs::write(&file, text))
            .with_context(|| format!("writing {}", file.display()))
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let file = self.folder.join(name).with_extension("json");
        if !file.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&file)?;
        serde_json::from_str(&text)
            .map(Some)
            .with_context(|| format!("reading {}", file.display()))
    }
}

/// The measurements of one experiment.
pub struct Samples(Vec<Sample>);

impl Samples {
    /// The outcomes of all rounds of one step.
    pub fn of(
        &self,
        contender: Contender,
        scenario: Scenario,
        variant: Option<&str>,
    ) -> Vec<&Outcome> {
        self.0
            .iter()
            .filter(|sample| sample.contender == contender && sample.outcome.scenario == scenario)
            .filter(|sample| variant.is_none_or(|variant| variant == sample.variant))
            .map(|sample| &sample.outcome)
            .collect()
    }

    /// In the order of their first measurement.
    pub fn variants(&self) -> Vec<&str> {
        let mut variants = Vec::new();
        for sample in &self.0 {
            if !variants.contains(&sample.variant.as_str()) {
                variants.push(&sample.variant);
            }
        }
        variants
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
