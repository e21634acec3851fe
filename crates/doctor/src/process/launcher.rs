//! A unit that starts PM2: the programs are PM2's, and the unit says in which environment they run.

use std::path::Path;

use super::{App, Processes, command};
use crate::setting::Setting;

const PROGRAMS: [&str; 4] = ["pm2", "pm2-runtime", "pm2-docker", "pm2-dev"];

const VERBS: [&str; 4] = ["start", "resurrect", "startOrReload", "startOrRestart"];

/// Marks such units, where PM2's file is known too, and chooses what they choose.
pub(super) fn apply(processes: &mut Processes) {
    let (units, mut apps): (Vec<_>, Vec<_>) = std::mem::take(&mut processes.apps)
        .into_iter()
        .partition(|app| app.unit.is_some());
    for mut unit in units {
        let started = apps
            .iter_mut()
            .filter(|app| app.unit.is_none() && starts(&unit, app));
        let mode = command::option(&unit.command, &["--env"]);
        let mut is_launcher = false;
        for app in started {
            is_launcher = true;
            app.inherit(&unit.env);
            match &mode {
                Some(mode) => app.choose(&mode.value),
                // What was saved may have been started otherwise.
                None if resurrects(&unit) => {}
                None => app.modes.clear(),
            }
        }
        unit.is_launcher = is_launcher;
        if !is_launcher && is_pm2(&unit) {
            unit.instances = command::option(&unit.command, &["-i", "--instances"]);
            unit.is_cluster = unit.instances.is_some();
        }
        apps.push(unit);
    }
    processes.apps = apps;
}

/// Whether PM2 is what it runs, perhaps by way of npx or node.
fn is_pm2(unit: &App) -> bool {
    let words = unit.command.iter().map(|word| Path::new(&word.value));
    words.take(3).any(is_program)
}

fn is_program(word: &Path) -> bool {
    let name = word.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| PROGRAMS.contains(&name))
}

/// Whether it brings back what PM2 has saved.
fn resurrects(unit: &App) -> bool {
    unit.command.iter().any(|word| word.value == "resurrect")
}

/// Whether it starts PM2 with the app's file, or with what PM2 has saved.
fn starts(unit: &App, app: &App) -> bool {
    let words = unit.command.iter().map(|word| Path::new(&word.value));
    let words = words.skip_while(|word| !is_program(word)).skip(1);
    let file = app.place.file.as_path();
    let words: Vec<&Path> = words.collect();
    let named = words.iter().find(|word| {
        let extension = word.extension().and_then(|extension| extension.to_str());
        matches!(
            extension,
            Some("js" | "cjs" | "mjs" | "json" | "yml" | "yaml")
        )
    });
    // `pm2 resurrect`; `pm2 start` alone finds the file by itself.
    let is_bare = words.iter().all(|word| {
        let word = word.to_string_lossy();
        word.starts_with('-') || VERBS.contains(&word.as_ref())
    });
    is_pm2(unit)
        && (named.is_some() || is_bare)
        && named.is_none_or(|named| unit.directory.join(named) == file || file.ends_with(named))
}

impl App {
    /// What PM2 was started with holds where the app says nothing else.
    fn inherit(&mut self, env: &[Setting]) {
        let named = |name: &Option<String>| env.iter().any(|setting| setting.name == *name);
        self.env
            .retain(|setting| !setting.is_default || !named(&setting.name));
        self.env.splice(0..0, env.iter().cloned());
    }

    /// Puts PM2's `env_NAME` over its `env`.
    fn choose(&mut self, name: &str) {
        for mode in std::mem::take(&mut self.modes) {
            if mode.name == name {
                self.env.extend(mode.env);
            }
        }
    }
}
