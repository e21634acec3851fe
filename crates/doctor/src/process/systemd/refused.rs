//! What systemd itself refuses in a unit, so that nothing of it is started (`systemd.service(5)`).

use super::{Line, Service};
use crate::{
    language::Text,
    process::{Unread, Why, command},
    setting::Setting,
};

/// Words that only a shell knows.
const OF_SHELLS: [&str; 5] = ["cd", "export", "source", ".", "ulimit"];

impl Service<'_> {
    /// Why nothing of the unit is started, and where that is said.
    pub(super) fn refused(&self, words: &[Setting]) -> Vec<Unread> {
        let found = [
            self.program_refused(words),
            self.folder_refused(),
            self.type_refused(),
        ];
        let found = found.into_iter().flatten();
        found
            .map(|(setting, why)| Unread {
                place: setting.place,
                why: Why::Refused(why),
            })
            .collect()
    }

    /// A path must be a whole one, and there is no shell.
    fn program_refused(&self, words: &[Setting]) -> Option<(Setting, Text)> {
        let word = words.first()?;
        let program = command::bare(&word.value);
        let is_path = program.contains('/');
        if program.is_empty() || program.starts_with(['/', '%', '$']) {
            return None;
        }
        let why = if OF_SHELLS.contains(&program) || program.contains('=') {
            say!(
                "{program} is a shell's word, and systemd runs no shell",
                "{program} es palabra de un shell, y systemd no ejecuta ninguno"
            )
        } else if is_path {
            say!(
                "{program} is no whole path, from / on",
                "{program} no es una ruta completa, desde /"
            )
        } else {
            return None;
        };
        Some((word.clone(), why))
    }

    fn folder_refused(&self) -> Option<(Setting, Text)> {
        let told = self.last("WorkingDirectory").map(Line::setting)?;
        let is_known = told.value.starts_with(['/', '%', '~', '-']);
        let why = say!(
            "{folder} is no whole path, from / on",
            "{folder} no es una ruta completa, desde /",
            folder = told.value
        );
        (!is_known).then_some((told, why))
    }

    /// What runs once cannot be what is to run always.
    fn type_refused(&self) -> Option<(Setting, Text)> {
        let restart = self.last("Restart").map(Line::setting)?;
        let is_once = self
            .last("Type")
            .is_some_and(|line| line.assignment.value == "oneshot");
        let is_refused = is_once && ["always", "on-success"].contains(&restart.value.as_str());
        let why = say!(
            "Type=oneshot does not go with Restart={value}",
            "Type=oneshot no admite Restart={value}",
            value = restart.value
        );
        is_refused.then_some((restart, why))
    }
}
