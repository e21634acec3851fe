//! What a unit says that keeps its program from starting: folders that are not there, or that it does not see.

use std::path::{Path, PathBuf};

use super::{FOLDERS, Line, Service};
use crate::{
    process::{Obstacle, command, start},
    setting::Setting,
};

/// What `ProtectHome=` hides.
const HOMES: [&str; 3] = ["/home", "/root", "/run/user"];

/// Where it is said what is made at boot (`tmpfiles.d(5)`).
const TEMPORARY: [&str; 3] = ["/etc/tmpfiles.d", "/run/tmpfiles.d", "/usr/lib/tmpfiles.d"];

impl Service<'_> {
    /// What is put together of the unit's other words (`%h`) is not judged.
    pub(super) fn obstacles(&self, words: &[Setting]) -> Vec<Obstacle> {
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
        let other = self.other_folder(words);
        [elsewhere, script, hidden, other]
            .into_iter()
            .flatten()
            .collect()
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

    /// `RuntimeDirectory=` makes a folder, and the socket's is another one of nearly the same name.
    fn other_folder(&self, words: &[Setting]) -> Option<Obstacle> {
        let line = self.last("RuntimeDirectory")?;
        let env = self.all("Environment");
        let env = env.into_iter().flat_map(Line::variables);
        let told: Vec<Setting> = words.iter().cloned().chain(env).collect();
        let socket = told.iter().find_map(|setting| {
            let value = setting.value.rsplit('=').next()?;
            let path = value.strip_prefix("unix:").unwrap_or(value);
            path.ends_with(".sock").then_some(path)
        })?;
        let below = socket.strip_prefix("/run/");
        let below = below.or_else(|| socket.strip_prefix("/var/run/"))?;
        let (first, _) = below.split_once('/')?;
        let made: Vec<&str> = self
            .all("RuntimeDirectory")
            .into_iter()
            .flat_map(|line| line.assignment.value.split([' ', ':', '/']))
            .collect();
        let is_akin = |one: &&str| {
            one.split(['-', '_'])
                .any(|word| first.split(['-', '_']).any(|other| word == other))
        };
        // Whoever uses the folder that is made may have another one for the socket.
        let is_used = |one: &&str| {
            told.iter().any(|setting| {
                let value = &setting.value;
                value.contains(&format!("/run/{one}/")) || value.contains("RUNTIME_DIRECTORY")
            })
        };
        let is_plain = !socket.contains(['%', '$']) && !made.iter().any(|one| one.contains('%'));
        let folder = Path::new("/run").join(first);
        let is_missed = is_plain
            && !made.contains(&first)
            && made.iter().any(|one| is_akin(one))
            && !made.iter().any(|one| is_used(one));
        let is_made =
            self.last("ExecStartPre").is_some() || self.root.is_dir(&folder) || self.makes(first);
        (is_missed && !is_made).then(|| Obstacle::OtherFolder {
            made: line.setting(),
            socket: socket.to_owned(),
            folder,
        })
    }

    /// Whether another unit, or what is made at boot, makes the folder under `/run`.
    fn makes(&self, folder: &str) -> bool {
        let units = FOLDERS
            .iter()
            .flat_map(|place| self.root.glob(&Path::new(place).join("*.service")));
        let at_boot = TEMPORARY
            .iter()
            .flat_map(|place| self.root.glob(&Path::new(place).join("*.conf")));
        units.chain(at_boot).any(|path| {
            let text = self.root.read(&path).map(|read| read.text);
            text.is_ok_and(|text| {
                text.lines().any(|line| {
                    let mut words = line.split([' ', '=', ':', '/', '\t']);
                    let of_unit = line.starts_with("RuntimeDirectory=");
                    let at_boot = line.starts_with(['d', 'D']) && line.contains("/run/");
                    (of_unit || at_boot) && words.any(|word| word == folder)
                })
            })
        })
    }
}
