//! What a unit says that keeps its program from starting: folders that are not there, or that it does not see.

use std::path::{Path, PathBuf};

use super::{Line, Service};
use crate::{
    document::Document,
    process::{Obstacle, command, start},
    setting::Setting,
};

/// What `ProtectHome=` hides.
const HOMES: [&str; 3] = ["/home", "/root", "/run/user"];

impl Service<'_> {
    /// What is put together of the unit's other words (`%h`) is not judged.
    pub(super) fn obstacles(&self, unit: &Document, words: &[Setting]) -> Vec<Obstacle> {
        let plain = |setting: &Setting| !setting.value.contains('%');
        let directory = self.last("WorkingDirectory").map(Line::setting);
        let directory = directory.filter(|told| told.value.starts_with('/') && plain(told));
        let elsewhere = directory
            .as_ref()
            .and_then(|told| start::of_directory(self.root, told, words));
        let folder = directory
            .as_ref()
            .map_or(Path::new("/"), |told| Path::new(&told.value));
        let script = command::script(words).filter(|script| plain(script));
        // Without a folder of its own only a whole path says where the script is.
        let script = script.filter(|script| directory.is_some() || script.value.starts_with('/'));
        let script = script.and_then(|script| start::of_script(self.root, folder, script));
        let named = directory
            .iter()
            .map(|told| told.value.as_str())
            .chain(words.first().map(|word| command::bare(&word.value)))
            .chain(command::script(words).map(|word| word.value.as_str()));
        let hidden = self.hidden(named);
        let program = self.program(words).filter(|program| plain(program));
        let program = program.and_then(|it| start::of_script(self.root, Path::new("/"), &it));
        let found = [elsewhere, script, program, hidden].into_iter().flatten();
        // A socket that systemd opens for it (`NAME.socket`) is made all the same.
        let is_opened = self.root.is_file(&unit.path.with_extension("socket"));
        let sockets = self.sockets(words).into_iter().filter(|_| !is_opened);
        found.chain(sockets).collect()
    }

    /// The program itself, where it is none of the system's.
    fn program(&self, words: &[Setting]) -> Option<Setting> {
        let word = words.first()?;
        let program = word.ending(command::bare(&word.value).len());
        let path = Path::new(&program.value);
        let of_system = ["/usr", "/bin", "/sbin", "/snap"];
        let is_own = path.is_absolute() && !of_system.iter().any(|dir| path.starts_with(dir));
        is_own.then_some(program)
    }

    /// What the unit needs to start, and does not see.
    fn hidden<'n>(&self, mut named: impl Iterator<Item = &'n str>) -> Option<Obstacle> {
        let line = self.last("ProtectHome")?;
        let hides = line.is_yes() || line.assignment.value == "tmpfs";
        // What is bound to where it was is seen again; another root has homes of its own.
        let shown = [
            "BindPaths",
            "BindReadOnlyPaths",
            "RootDirectory",
            "RootImage",
        ];
        if !hides || shown.iter().any(|key| self.last(key).is_some()) {
            return None;
        }
        let path = named.find(|path| HOMES.iter().any(|home| Path::new(path).starts_with(home)))?;
        Some(Obstacle::Hidden {
            by: line.setting(),
            path: PathBuf::from(path),
        })
    }
}
