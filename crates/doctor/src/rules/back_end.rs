//! Which of the programs that are run is Socket.IO's server.

use super::Site;
use crate::{
    finding::{Finding, Severity},
    process::{App, Processes},
    setting::Setting,
};

/// What people call it, where they run other programs too.
const NAMES: [&str; 11] = [
    "api",
    "back",
    "backend",
    "server",
    "socket",
    "sockets",
    "ws",
    "gateway",
    "realtime",
    "notifications",
    "atalaya",
];

/// What people call what is something else.
const OTHER_NAMES: [&str; 12] = [
    "web",
    "front",
    "frontend",
    "ui",
    "next",
    "nuxt",
    "worker",
    "workers",
    "queue",
    "cron",
    "jobs",
    "scheduler",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    BackEnd,
    /// It may be, and so may others.
    Perhaps,
    Other,
}

impl Standing {
    /// A fault of the back end's is none of another program's.
    pub(super) fn warning(self) -> Severity {
        match self {
            Self::BackEnd | Self::Perhaps => Severity::Warning,
            Self::Other => Severity::Hint,
        }
    }

    /// The same for what leaves clients without a server.
    pub(super) fn error(self) -> Severity {
        match self {
            Self::BackEnd => Severity::Error,
            Self::Perhaps => Severity::Warning,
            Self::Other => Severity::Hint,
        }
    }
}

/// Judges what Atalaya is told of one of its keys, for each back end that is Atalaya.
pub(super) fn each_own(
    processes: &Processes,
    site: &Site<'_>,
    key: &str,
    judge: fn(&Setting, &Site<'_>) -> Option<Finding>,
) -> Vec<Finding> {
    let standings = standings(processes, site).into_iter();
    let back_ends = standings.filter(|(_, standing)| *standing == Standing::BackEnd);
    let told = back_ends.filter_map(|(app, _)| app.own(key));
    told.filter_map(|setting| judge(&setting, site)).collect()
}

/// Every app, and what it is.
pub(super) fn standings<'p>(processes: &'p Processes, site: &Site<'_>) -> Vec<(&'p App, Standing)> {
    let apps = processes.apps.iter().filter(|app| !app.is_launcher);
    let apps: Vec<&App> = apps.collect();
    let back_ends = back_ends(&apps, site);
    let standing = |app: &'p App| match back_ends
        .iter()
        .any(|back_end| std::ptr::eq(*back_end, app))
    {
        true => (app, Standing::BackEnd),
        false if app.is_launcher => (app, Standing::Perhaps),
        false if back_ends.is_empty() => (app, Standing::Perhaps),
        false => (app, Standing::Other),
    };
    processes.apps.iter().map(standing).collect()
}

/// The apps at the port that nginx asks, or the only one that may be it, or the only one of such a name.
fn back_ends<'p>(apps: &[&'p App], site: &Site<'_>) -> Vec<&'p App> {
    let mut asked = site.local_ports();
    if asked.is_empty() {
        // Perhaps by an address that this machine has in the network.
        asked = site
            .asked()
            .iter()
            .map(|(address, _)| address.port)
            .collect();
    }
    let at_port = |app: &&App| app.ports().any(|port| asked.contains(&port));
    let at_port: Vec<_> = apps.iter().copied().filter(at_port).collect();
    if !at_port.is_empty() {
        return at_port;
    }
    let is_asked = |app: &App| app.ports().any(|port| site.is_asked(port));
    if let [only] = apps {
        // A name decides among several; of one alone, only where it listens nowhere.
        let is_other = is_named(only, &OTHER_NAMES) && only.port().is_none();
        return match is_asked(only) || is_other {
            true => Vec::new(),
            false => vec![only],
        };
    }
    let left = apps
        .iter()
        .copied()
        .filter(|app| !is_asked(app) && !is_named(app, &OTHER_NAMES));
    let left: Vec<_> = left.collect();
    let of = |fits: &dyn Fn(&App) -> bool| -> Vec<&'p App> {
        left.iter().copied().filter(|app| fits(app)).collect()
    };
    let named = of(&|app| is_named(app, &NAMES));
    // Of those that listen, nginx asks all the others for something else.
    let listening = of(&|app| app.port().is_some());
    [named, listening]
        .into_iter()
        .find(|found| found.len() == 1)
        .unwrap_or_default()
}

/// Files that servers of Node.js are started by.
const MAIN_FILES: [&str; 6] = [
    "main",
    "main.js",
    "main.cjs",
    "app.js",
    "server.js",
    "index.js",
];

/// What those of pages are made of, in their commands or their packages.
const OF_PAGES: [&str; 8] = [
    "next",
    "nuxt",
    "astro",
    "@sveltejs/kit",
    ".next",
    ".output",
    "standalone",
    "build",
];

/// Whether it is a server, by its name, its command and its package, and not one that makes pages.
pub(super) fn is_server(app: &App) -> bool {
    let directory = app.directory.to_string_lossy();
    let words = || app.command.iter().map(|word| word.value.as_str());
    let is_main = |word: &str| MAIN_FILES.contains(&word.rsplit('/').next().unwrap_or(word));
    let is_of_pages = |word: &str| word.split('/').any(|part| OF_PAGES.contains(&part));
    let depends = OF_PAGES.iter().any(|name| app.package.depends_on(name));
    let makes_pages = depends || words().chain([&*directory]).any(is_of_pages);
    words().any(is_main) && !makes_pages && !is_named(app, &OTHER_NAMES)
}

/// Whether its name says that it is something else.
pub(super) fn is_other(app: &App) -> bool {
    is_named(app, &OTHER_NAMES)
}

fn is_named(app: &App, names: &[&str]) -> bool {
    let name = app.name.to_ascii_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| names.contains(&word))
}
