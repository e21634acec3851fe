//! The figures of one run, as a table for a person or as JSON for a script. Units are in the names.

use serde_json::{Map, Value, json};

pub(crate) struct Report {
    scenario: &'static str,
    figures: Vec<(String, Value)>,
}

impl Report {
    pub(crate) fn new(scenario: &'static str) -> Self {
        Self {
            scenario,
            figures: Vec::new(),
        }
    }

    /// Three decimals are more than any of this can be repeated to.
    pub(crate) fn add(&mut self, name: &str, figure: f64) {
        let rounded = (figure * 1e3).round() / 1e3;
        let whole = rounded.fract() == 0.0 && rounded.abs() < 1e15;
        let value = if whole {
            json!(rounded as i64)
        } else {
            json!(rounded)
        };
        self.figures.push((name.to_owned(), value));
    }

    pub(crate) fn note(&mut self, name: &str, text: &str) {
        self.figures.push((name.to_owned(), text.into()));
    }

    pub(crate) fn print(&self, as_json: bool) {
        if as_json {
            let mut object = Map::new();
            object.insert("scenario".into(), self.scenario.into());
            object.extend(self.figures.iter().cloned());
            println!("{}", Value::Object(object));
            return;
        }
        println!("{}", self.scenario);
        for (name, value) in &self.figures {
            println!("  {name:<36} {value:>16}");
        }
    }
}
