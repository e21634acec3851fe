//! A unit of systemd with its drop-ins, as systemd puts them together.

mod obstacles;
mod refused;
mod sockets;

use std::path::{Path, PathBuf};

use super::{
    App, LostOutput, Package, Processes, Unit, Unread, Why, command, isolation, start,
    unit_file::{Assignment, parse, words},
};
use crate::{
    document::{Document, Unreadable},
    dotenv, edit,
    finding::{Edit, Span},
    root::{Root, is_pattern},
    setting::Setting,
};

/// Where drop-ins are looked for, besides where the unit is; of one name, the first counts.
const FOLDERS: [&str; 4] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// What makes systemd end a service that runs.
const ENDS: [&str; 3] = ["MemoryMax", "RuntimeMaxSec", "Type"];

/// The unit that a drop-in (`NAME.service.d/*.conf`) belongs to, or the unit itself.
pub(super) fn unit_of(path: &Path) -> PathBuf {
    let folder = path.parent().and_then(Path::to_str);
    let unit = folder.and_then(|folder| folder.strip_suffix(".service.d"));
    unit.map_or_else(
        || path.to_owned(),
        |unit| PathBuf::from(format!("{unit}.service")),
    )
}

/// Reads a unit into the app that it runs.
pub(super) fn read(root: &Root, path: &Path, processes: &mut Processes) -> Result<(), Unreadable> {
    let main = Document::named(root, path)?;
    let mut documents = vec![main];
    for path in drop_ins(root, &documents[0].path) {
        documents.push(Document::named(root, &path)?);
    }
    let lines = documents.iter().flat_map(|document| {
        let assignments = parse(&document.text).into_iter();
        assignments.map(move |assignment| Line {
            document,
            assignment,
        })
    });
    let service = Service {
        root,
        lines: lines
            .filter(|line| line.assignment.section == "Service")
            .collect(),
    };
    match service.app(&documents[0], &mut processes.unread) {
        Some(app) => processes.apps.push(app),
        None => processes.unread.push(Unread {
            place: documents[0].place(Span { start: 0, end: 0 }),
            why: Why::Refused(say!(
                "it has no ExecStart in a section [Service]",
                "no tiene ExecStart en una sección [Service]"
            )),
        }),
    }
    Ok(())
}

/// `NAME.service.d/*.conf`, in the order of their names.
fn drop_ins(root: &Root, unit: &Path) -> Vec<PathBuf> {
    let mut folder = unit.file_name().unwrap_or_default().to_owned();
    folder.push(".d");
    let beside = unit.parent().unwrap_or(Path::new("/"));
    let mut found: Vec<PathBuf> = Vec::new();
    for place in std::iter::once(beside).chain(FOLDERS.iter().map(Path::new)) {
        for path in root.glob(&place.join(&folder).join("*.conf")) {
            if !found
                .iter()
                .any(|other| other.file_name() == path.file_name())
            {
                found.push(path);
            }
        }
    }
    found.sort_by(|a, b| a.file_name().cmp(&b.file_name()));
    found
}

struct Line<'d> {
    document: &'d Document,
    assignment: Assignment,
}

struct Service<'d> {
    root: &'d Root,
    lines: Vec<Line<'d>>,
}

impl Service<'_> {
    fn app(&self, unit: &Document, unread: &mut Vec<Unread>) -> Option<App> {
        let start = self.last("ExecStart")?;
        let name = unit.path.file_stem().unwrap_or_default();
        let directory = self.last("WorkingDirectory");
        let directory = directory.map_or("/", |line| line.assignment.value.trim_start_matches('-'));
        let words = start.setting().words(start.document);
        let workers = command::workers(&words);
        let obstacles = self.obstacles(unit, &words);
        unread.extend(self.refused(&words));
        Some(App {
            name: name.to_string_lossy().into_owned(),
            place: start.setting().place,
            instances: workers.clone(),
            is_cluster: workers.is_some(),
            command: words,
            interpreter: Vec::new(),
            env: self.environment(unread),
            modes: Vec::new(),
            counts_ports: false,
            watch: None,
            lost_outputs: self.lost_outputs(),
            directory: PathBuf::from(directory),
            package: Package::beside(self.root, Path::new(directory)),
            obstacles,
            ends: ENDS
                .iter()
                .filter_map(|key| self.last(key))
                .map(Line::setting)
                .collect(),
            is_launcher: false,
            unit: Some(Unit {
                restart: self.last("Restart").map(Line::setting),
                open_files: self.last("LimitNOFILE").map(Line::setting),
                cut_off: self.cut_off(unit),
                private_tmp: self
                    .last("PrivateTmp")
                    .filter(|line| line.is_yes())
                    .map(Line::setting),
                no_machine_code: self
                    .last("MemoryDenyWriteExecute")
                    .filter(|line| line.is_yes())
                    .map(Line::setting),
                after_start: Edit {
                    file: start.document.path.clone(),
                    span: start.end(),
                    text: String::new(),
                },
            }),
        })
    }

    /// What is said of a key; to say nothing takes back what was said before.
    fn all(&self, key: &str) -> Vec<&Line<'_>> {
        let mut all = Vec::new();
        for line in self.lines.iter().filter(|line| line.assignment.key == key) {
            if line.assignment.value.is_empty() {
                all.clear();
            } else {
                all.push(line);
            }
        }
        all
    }

    fn last(&self, key: &str) -> Option<&Line<'_>> {
        self.all(key).pop()
    }

    /// What files say counts more than what the unit says.
    fn environment(&self, unread: &mut Vec<Unread>) -> Vec<Setting> {
        let lines = self.all("Environment").into_iter();
        let mut env: Vec<Setting> = lines.flat_map(Line::variables).collect();
        for line in self.all("EnvironmentFile") {
            let value = &line.assignment.value;
            let name = value.trim_start_matches('-');
            let paths = match is_pattern(name) {
                true => self.root.glob(Path::new(name)),
                false => vec![PathBuf::from(name)],
            };
            for path in paths {
                match Document::read(self.root, &path) {
                    Ok(document) => env.extend(variables(&document)),
                    // A copy of some files lacks others, which says nothing of the machine.
                    Err(_) if value.starts_with('-') => {}
                    Err(_)
                        if self.root.is_copy() && start::near_file(self.root, &path).is_none() => {}
                    Err(error) => unread.push(Unread {
                        place: line.setting().place,
                        why: Why::Refused(say!(
                            "{path} cannot be read: {error}",
                            "{path} no se puede leer: {error}",
                            path = path.display()
                        )),
                    }),
                }
            }
        }
        env
    }

    /// A socket that systemd opens for it (`NAME.socket`) is reached all the same.
    fn cut_off(&self, unit: &Document) -> Option<Setting> {
        if Document::read(self.root, &unit.path.with_extension("socket")).is_ok() {
            return None;
        }
        let said = |key| {
            let lines = self.all(key).into_iter();
            lines.map(Line::setting).collect::<Vec<_>>()
        };
        isolation::cuts_off(&isolation::Said {
            private_network: said("PrivateNetwork"),
            address_families: said("RestrictAddressFamilies"),
            denied: said("IPAddressDeny"),
            allowed: said("IPAddressAllow"),
        })
    }

    fn lost_outputs(&self) -> Vec<LostOutput> {
        let streams = ["StandardOutput", "StandardError"].into_iter();
        let lost = streams.filter_map(|key| self.last(key)).filter(|line| {
            let value = &line.assignment.value;
            value == "null" || value.ends_with(":/dev/null")
        });
        lost.map(|line| LostOutput {
            setting: line.setting(),
            edit: line.taken_away(),
        })
        .collect()
    }
}

impl Line<'_> {
    fn setting(&self) -> Setting {
        let Assignment {
            key, value, span, ..
        } = &self.assignment;
        Setting {
            name: Some(key.clone()),
            value: value.clone(),
            place: self.document.place(*span),
            is_literal: self.assignment.is_literal,
            is_certain: true,
            is_default: false,
        }
    }

    fn is_yes(&self) -> bool {
        isolation::is_yes(&self.assignment.value)
    }

    /// The pairs of an `Environment=`.
    fn variables(&self) -> Vec<Setting> {
        let whole = self.setting();
        let pairs = words(&whole.value).into_iter().filter_map(|word| {
            let (name, value) = word.text.split_once('=')?;
            let start = whole.place.span.start + word.start + name.len() + 1;
            let span = Span {
                start,
                end: start + value.len(),
            };
            Some(Setting {
                name: Some(name.to_owned()),
                value: value.to_owned(),
                place: match whole.is_literal {
                    true => self.document.place(span),
                    false => whole.place.clone(),
                },
                ..whole
            })
        });
        pairs.collect()
    }

    /// Where its line ends.
    fn end(&self) -> Span {
        let text = &self.document.text;
        let mut at = self.assignment.span.end;
        loop {
            let end = text[at..].find('\n').map_or(text.len(), |found| at + found);
            if !text[at..end].trim_end().ends_with('\\') || end == text.len() {
                return Span { start: end, end };
            }
            at = end + 1;
        }
    }

    fn taken_away(&self) -> Edit {
        let Span { start, end } = self.assignment.span;
        let text = &self.document.text;
        let line = text[..start].rfind('\n').map_or(0, |found| found + 1);
        Edit {
            file: self.document.path.clone(),
            span: edit::with_its_line(text, line, end),
            text: String::new(),
        }
    }
}

/// Of a file of variables.
fn variables(document: &Document) -> Vec<Setting> {
    let variables = dotenv::parse(&document.text).into_iter();
    variables
        .map(|variable| Setting {
            is_literal: document.text[variable.span.start..variable.span.end] == variable.value,
            is_certain: true,
            is_default: false,
            name: Some(variable.name),
            value: variable.value,
            place: document.place(variable.span),
        })
        .collect()
}
