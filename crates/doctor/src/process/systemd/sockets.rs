//! Folders for sockets that a unit does not let its server have: one that nobody makes, or that it may not write to.

use std::path::Path;

use super::{FOLDERS, Line, Service};
use crate::{
    process::{Obstacle, socket_file},
    setting::Setting,
};

/// Where it is said what is made at boot (`tmpfiles.d(5)`).
const TEMPORARY: [&str; 3] = ["/etc/tmpfiles.d", "/run/tmpfiles.d", "/usr/lib/tmpfiles.d"];

/// Folders that a unit makes, which its server may write to, and where they are.
const MADE: [(&str, &str); 4] = [
    ("RuntimeDirectory", "/run"),
    ("StateDirectory", "/var/lib"),
    ("CacheDirectory", "/var/cache"),
    ("LogsDirectory", "/var/log"),
];

/// What else gives it folders to write to.
const WRITABLE: [&str; 4] = [
    "ReadWritePaths",
    "BindPaths",
    "TemporaryFileSystem",
    "ReadWriteDirectories",
];

impl Service<'_> {
    /// Of each socket that the unit names; whether it is the server's own is known only to whoever knows nginx.
    pub(super) fn sockets(&self, words: &[Setting]) -> Vec<Obstacle> {
        let env = self.all("Environment");
        let env = env.into_iter().flat_map(Line::variables);
        let told: Vec<Setting> = words.iter().cloned().chain(env).collect();
        let sockets = told.iter().filter_map(socket_file);
        let sockets = sockets.filter(|file| !file.contains(['%', '$']));
        sockets
            .filter_map(|socket| {
                self.other_folder(socket, &told)
                    .or_else(|| self.sealed(socket))
            })
            .collect()
    }

    /// `RuntimeDirectory=` makes a folder, and the socket's is another one of nearly the same name.
    fn other_folder(&self, socket: &str, told: &[Setting]) -> Option<Obstacle> {
        let line = self.last("RuntimeDirectory")?;
        let below = socket.strip_prefix("/run/")?;
        let (first, _) = below.split_once('/')?;
        let made = self.made("RuntimeDirectory");
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
        let is_missed = !made.contains(&first)
            && made.iter().any(is_akin)
            && !made.iter().any(|one| is_used(one) || one.contains('%'));
        let folder = Path::new("/run").join(first);
        let by_root = self
            .last("User")
            .is_none_or(|line| line.assignment.value == "root");
        let is_made = by_root
            || self.last("ExecStartPre").is_some()
            || self.root.is_dir(&folder)
            || self.makes(first);
        (is_missed && !is_made).then(|| Obstacle::OtherFolder {
            made: line.setting(),
            socket: socket.to_owned(),
            folder,
        })
    }

    /// With `ProtectSystem=strict` only what the unit names may be written to.
    fn sealed(&self, socket: &str) -> Option<Obstacle> {
        let line = self.last("ProtectSystem")?;
        let folder = Path::new(socket).parent()?;
        let of_run = folder
            .strip_prefix("/var/run")
            .map(|below| Path::new("/run").join(below));
        let folder = of_run.unwrap_or_else(|_| folder.to_owned());
        let is_free = |place: &str| folder.starts_with(place);
        let has_own = |key: &str| self.last(key).is_some_and(Line::is_yes);
        let is_temporary = has_own("PrivateTmp") && (is_free("/tmp") || is_free("/var/tmp"));
        let is_made = MADE.iter().any(|(key, place)| {
            let mut made = self.made(key).into_iter();
            made.any(|one| one.contains('%') || folder.starts_with(Path::new(place).join(one)))
        });
        // What these say may be put together, and have links in it.
        let is_opened = WRITABLE.iter().any(|key| self.last(key).is_some());
        let is_sealed = line.assignment.value == "strict"
            && !(is_opened || is_made || is_temporary)
            && !has_own("DynamicUser")
            && ["/run", "/tmp", "/var", "/srv", "/opt"]
                .iter()
                .any(|place| is_free(place));
        is_sealed.then(|| Obstacle::Sealed {
            by: line.setting(),
            socket: socket.to_owned(),
        })
    }

    /// The folders that a key makes.
    fn made(&self, key: &str) -> Vec<&str> {
        let lines = self.all(key).into_iter();
        let names = lines.flat_map(|line| line.assignment.value.split([' ', ':']));
        names
            .map(|name| name.split('/').next().unwrap_or(name))
            .filter(|name| !name.is_empty())
            .collect()
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
