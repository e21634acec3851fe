//! The `package.json` beside an app: what `npm run` would run, and what the app is made of.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;

use crate::root::Root;

/// Empty if there is none, or if it cannot be read: what it would have said is then not known.
#[derive(Debug, Default, Deserialize)]
pub struct Package {
    #[serde(default)]
    scripts: BTreeMap<String, String>,
    #[serde(default)]
    dependencies: BTreeMap<String, serde_json::Value>,
}

impl Package {
    pub(super) fn beside(root: &Root, dir: &Path) -> Self {
        let text = root.read(&dir.join("package.json"));
        text.ok()
            .and_then(|text| serde_json::from_str(&text.text).ok())
            .unwrap_or_default()
    }

    /// What a script runs.
    pub fn script(&self, name: &str) -> Option<&str> {
        self.scripts.get(name).map(String::as_str)
    }

    pub fn depends_on(&self, name: &str) -> bool {
        self.dependencies.contains_key(name)
    }
}
