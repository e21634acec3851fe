//! Atalaya's own settings, where it is Atalaya that is run: its `atalaya.toml`, which counts less than the
//! environment, as that counts less than the flags.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use toml::{Spanned, Value};

use super::{App, Package, Processes, Unread, Why, command};
use crate::{
    document::{Document, Unreadable},
    finding::Span,
    language::Text,
    nginx::units,
    question::{Heartbeat, Known},
    root::Root,
    setting::Setting,
};

/// The file that it reads in its working directory if none is named.
const USUAL_FILE: &str = "atalaya.toml";

/// A number below this may be of seconds.
const LEAST_MS: u64 = 1_000;

/// Adds what the files say: those that the apps name, and `named` for one that names none. Where no app is
/// Atalaya, `named` alone stands for it.
pub(super) fn read(
    root: &Root,
    named: Option<&Path>,
    processes: &mut Processes,
) -> Result<(), Unreadable> {
    let Processes { apps, unread } = processes;
    let mut named = named;
    for app in apps.iter_mut().filter(|app| app.is_atalaya()) {
        let own = file_of(app);
        let usual = || app.directory.join(USUAL_FILE);
        let document = match (own, named) {
            (Some(own), _) => Document::read(root, &own).ok(),
            (None, Some(path)) => Some(Document::named(root, path)?),
            (None, None) => Document::read(root, &usual()).ok(),
        };
        named = None;
        if let Some(document) = document {
            let weaker = settings(&document, unread);
            app.env.splice(0..0, weaker);
        }
    }
    if let Some(path) = named {
        let document = Document::named(root, path)?;
        let env = settings(&document, unread);
        apps.push(App {
            name: "Atalaya".to_owned(),
            place: document.place(Span { start: 0, end: 0 }),
            command: Vec::new(),
            interpreter: Vec::new(),
            env,
            modes: Vec::new(),
            instances: None,
            is_cluster: false,
            counts_ports: false,
            watch: None,
            lost_outputs: Vec::new(),
            directory: PathBuf::from("/"),
            package: Package::default(),
            obstacles: Vec::new(),
            ends: Vec::new(),
            unit: None,
            is_launcher: false,
        });
    }
    Ok(())
}

/// The file that the command or the environment names.
fn file_of(app: &App) -> Option<PathBuf> {
    let flagged = command::option(&app.command, &["--config"]);
    let named = flagged.or_else(|| app.variable("ATALAYA_CONFIG").cloned())?;
    Some(app.directory.join(&named.value))
}

/// Each key as the variable that means the same.
fn settings(document: &Document, unread: &mut Vec<Unread>) -> Vec<Setting> {
    type Entries = BTreeMap<String, Spanned<Value>>;
    let entries = match toml::from_str::<Entries>(&document.text) {
        Ok(entries) => entries,
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            unread.push(Unread {
                place: document.place(Span {
                    start: span.start,
                    end: span.end,
                }),
                why: Why::Refused(Text::same(error.message().to_owned())),
            });
            return Vec::new();
        }
    };
    let settings = entries.iter().filter_map(|(key, value)| {
        let text = plain(value.get_ref())?;
        let written = written(document, value.span());
        Some(Setting {
            name: Some(format!("ATALAYA_{}", key.to_uppercase())),
            is_literal: document.text[written.start..written.end] == text,
            place: document.place(written),
            value: text,
            is_certain: true,
            is_default: false,
        })
    });
    settings.collect()
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(Value::as_str).collect();
            Some(items?.join(","))
        }
        _ => None,
    }
}

/// Where a value stands, without its quotes.
fn written(document: &Document, span: std::ops::Range<usize>) -> Span {
    let text = &document.text[span.clone()];
    let is_quoted = text.len() >= 2 && (text.starts_with('"') || text.starts_with('\''));
    let quote = usize::from(is_quoted);
    Span {
        start: span.start + quote,
        end: span.end - quote,
    }
}

impl App {
    /// Whether it is Atalaya that is run, as far as its settings or its command tell.
    pub fn is_atalaya(&self) -> bool {
        let program = self.command.first().map(|word| word.value.as_str());
        let program = program.and_then(|word| Path::new(word).file_name());
        program.is_some_and(|name| name == "atalaya")
            || self.command.is_empty() && self.env.iter().any(is_own)
    }

    /// A setting of Atalaya's by its key, such as `allowed_origins`; `None` for another program.
    pub fn own(&self, key: &str) -> Option<Setting> {
        let flag = format!("--{}", key.replace('_', "-"));
        let variable = || {
            self.variable(&format!("ATALAYA_{}", key.to_uppercase()))
                .cloned()
        };
        let told = command::option(&self.command, &[&flag]).or_else(variable);
        told.filter(|_| self.is_atalaya())
    }
}

fn is_own(setting: &Setting) -> bool {
    let name = setting.name.as_deref();
    name.is_some_and(|name| name.starts_with("ATALAYA_"))
}

impl Processes {
    /// The path of the only one of its apps that is told one.
    fn socket_path(&self) -> Option<String> {
        let mut told = self.apps.iter().filter_map(App::socket_path);
        let first = told.next()?.value;
        told.all(|other| other.value == first).then_some(first)
    }

    /// What the only variable of such a name says, as Socket.IO's options do: in milliseconds.
    fn milliseconds(&self, name: &str) -> Option<Duration> {
        let fits =
            |setting: &&Setting| setting.name.as_deref().is_some_and(|it| it.ends_with(name));
        let mut told = self.apps.iter().flat_map(|app| &app.env).filter(fits);
        let first = told.next()?;
        let milliseconds: u64 = first.value.parse().ok()?;
        let is_sure = told.all(|other| other.value == first.value);
        (is_sure && milliseconds >= LEAST_MS).then(|| Duration::from_millis(milliseconds))
    }

    /// What the servers' settings say of their handshake and of where it is.
    pub fn known(&self) -> Known {
        let own = |key| self.apps.iter().find_map(|app| app.own(key));
        // Atalaya and nginx write times alike.
        let own_time = |key| own(key).and_then(|setting| units::time(&setting.value));
        let time = |key, variable| own_time(key).or_else(|| self.milliseconds(variable));
        let default = Heartbeat::default();
        let interval = time("ping_interval_seconds", "PING_INTERVAL");
        let timeout = time("ping_timeout_seconds", "PING_TIMEOUT");
        let is_told = interval.is_some() || timeout.is_some();
        Known {
            heartbeat: is_told.then_some(Heartbeat {
                interval: interval.unwrap_or(default.interval),
                timeout: timeout.unwrap_or(default.timeout),
            }),
            max_payload: own("max_payload_bytes").and_then(|setting| setting.value.parse().ok()),
            socket_path: self.socket_path(),
            ports: self.apps.iter().flat_map(App::ports).collect(),
        }
    }
}
