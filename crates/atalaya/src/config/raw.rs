//! The first stage: what was typed, by whom, before anyone asks what it means. Flags win over the
//! environment, the environment over `atalaya.toml`. Mistakes are collected, not thrown, so that a person
//! mends them in one go.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use super::table::{self, SETTINGS, Setting, Unset};

/// The file that is read when none is named; it need not exist.
const USUAL_FILE: &str = "atalaya.toml";

/// Variables with our prefix that are not settings: other flags of ours, and what `config/pm2` reads.
const OTHER_VARIABLES: [&str; 6] = [
    "ATALAYA_CONFIG",
    "ATALAYA_URL",
    "ATALAYA_TOKEN",
    "ATALAYA_BIN",
    "ATALAYA_HOME",
    "ATALAYA_LOGS",
];

/// Where settings may come from. Gathered by `main`, or made up by a test.
#[derive(Default)]
pub struct Sources {
    /// Flags of the command line, by key.
    pub flags: BTreeMap<&'static str, String>,
    /// The environment.
    pub variables: Vec<(OsString, OsString)>,
    /// The file that `--config` or `ATALAYA_CONFIG` names.
    pub config_file: Option<PathBuf>,
}

/// Something wrong with the configuration: what stands there, and what may.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    pub wrong: String,
    pub allowed: String,
}

/// The settings as they were typed.
#[derive(Default)]
pub struct Raw {
    given: BTreeMap<&'static str, Given>,
    pub mistakes: Vec<Mistake>,
    /// Odd, but no reason to stop.
    pub warnings: Vec<String>,
}

struct Given {
    text: String,
    origin: Origin,
}

enum Origin {
    Flag,
    Variable,
    File { path: PathBuf, line: usize },
}

impl Raw {
    /// Reads all sources, the weakest first.
    pub fn gather(sources: &Sources) -> Self {
        let mut raw = Self::default();
        raw.read_file(sources.config_file.as_deref());
        raw.read_variables(&sources.variables);
        for (key, text) in &sources.flags {
            raw.set(key, text.clone(), Origin::Flag);
        }
        raw
    }

    /// Whether anyone set it.
    pub fn is_given(&self, key: &str) -> bool {
        self.given.contains_key(key)
    }

    /// The meaning of a setting that has a default. A mistake is noted, and the default stands in for it
    /// so that the rest can be read.
    pub fn value<T>(&mut self, key: &'static str, parse: fn(&str) -> Option<T>) -> T {
        let given = self.optional(key, parse);
        let Unset::Default(default) = setting(key).default else {
            unreachable!("{key} has no default in the table")
        };
        given.unwrap_or_else(|| parse(default).expect("a test reads every default of the table"))
    }

    /// The meaning of a setting that may be absent.
    pub fn optional<T>(&mut self, key: &'static str, parse: fn(&str) -> Option<T>) -> Option<T> {
        let given = self.given.get(key)?;
        let meaning = parse(&given.text);
        if meaning.is_none() {
            let mistake = given.mistake(setting(key));
            self.mistakes.push(mistake);
        }
        meaning
    }

    fn set(&mut self, key: &'static str, text: String, origin: Origin) {
        self.given.insert(key, Given { text, origin });
    }

    fn read_variables(&mut self, variables: &[(OsString, OsString)]) {
        for (name, value) in variables {
            let Some(name) = name.to_str() else { continue };
            match SETTINGS.iter().find(|setting| setting.variable == name) {
                Some(setting) => self.read_variable(setting, value),
                None => self.warn_of_stranger(name),
            }
        }
    }

    fn read_variable(&mut self, setting: &'static Setting, value: &OsString) {
        match value.to_str() {
            Some(text) => self.set(setting.key, text.to_owned(), Origin::Variable),
            None => self.mistakes.push(Mistake {
                wrong: format!("{} (environment) is not UTF-8", setting.variable),
                allowed: format!("allowed: {}", setting.allowed),
            }),
        }
    }

    /// A mistyped variable must not pass in silence. It may also belong to a newer version, so it does not
    /// stop the start; and what resembles none of ours belongs to somebody else.
    fn warn_of_stranger(&mut self, name: &str) {
        if !name.starts_with("ATALAYA_") || OTHER_VARIABLES.contains(&name) {
            return;
        }
        let known = SETTINGS.iter().map(|setting| setting.variable);
        if let Some(near) = table::nearest(name, known) {
            self.warnings.push(format!(
                "the variable {name} is no setting and has no effect; did you mean {near}?"
            ));
        }
    }

    fn read_file(&mut self, named: Option<&Path>) {
        let path = named.unwrap_or(Path::new(USUAL_FILE));
        match fs::read_to_string(path) {
            Ok(text) => self.read_toml(path, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => {}
            Err(error) => self.mistakes.push(Mistake {
                wrong: format!(
                    "the configuration file {} cannot be read: {error}",
                    path.display()
                ),
                allowed: "allowed: a file that exists and that this user may read".to_owned(),
            }),
        }
    }

    fn read_toml(&mut self, path: &Path, text: &str) {
        type Entries = BTreeMap<String, toml::Spanned<toml::Value>>;
        let entries = match toml::from_str::<Entries>(text) {
            Ok(entries) => entries,
            Err(error) => {
                let place = place(
                    path,
                    line_of(text, error.span().map_or(0, |span| span.start)),
                );
                self.mistakes.push(Mistake {
                    wrong: format!("{place} is not TOML: {}", error.message()),
                    allowed: "allowed: lines such as  listen = \"127.0.0.1:3001\"".to_owned(),
                });
                return;
            }
        };
        for (key, value) in entries {
            let line = line_of(text, value.span().start);
            self.read_entry(path, line, &key, value.get_ref());
        }
    }

    fn read_entry(&mut self, path: &Path, line: usize, key: &str, value: &toml::Value) {
        let place = place(path, line);
        let Some(setting) = table::by_key(key) else {
            self.mistakes.push(unknown_key(&place, key, value));
            return;
        };
        match plain_text(value) {
            Some(text) => {
                let path = path.to_owned();
                self.set(setting.key, text, Origin::File { path, line });
            }
            None => self.mistakes.push(Mistake {
                wrong: format!("{key} ({place}) is a {}", value.type_str()),
                allowed: format!("allowed: {}", setting.allowed),
            }),
        }
    }
}

impl Given {
    fn mistake(&self, setting: &Setting) -> Mistake {
        let name = match &self.origin {
            Origin::Flag => format!("--{}", setting.flag_name()),
            Origin::Variable => format!("{} (environment)", setting.variable),
            Origin::File { path, line } => format!("{} ({})", setting.key, place(path, *line)),
        };
        Mistake {
            wrong: format!("{name} is {}", self.shown(setting)),
            allowed: format!("allowed: {}", setting.allowed),
        }
    }

    /// The value as a person may see it: short, and never a secret.
    fn shown(&self, setting: &Setting) -> String {
        let text = &self.text;
        if text.is_empty() {
            "empty".to_owned()
        } else if setting.secret {
            match text.split_once("://") {
                Some((scheme, _)) => format!("\"{scheme}://…\""),
                None => "something else (not shown)".to_owned(),
            }
        } else if text.chars().count() > 80 {
            format!("{:?}…", text.chars().take(80).collect::<String>())
        } else {
            format!("{text:?}")
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.wrong, self.allowed)
    }
}

fn setting(key: &str) -> &'static Setting {
    table::by_key(key).expect("the code asks only for keys of the table")
}

fn unknown_key(place: &str, key: &str, value: &toml::Value) -> Mistake {
    let known = SETTINGS.iter().map(|setting| setting.key);
    let allowed = if value.is_table() {
        "allowed: settings stand at the top, under no [heading]".to_owned()
    } else if let Some(near) = table::nearest(key, known) {
        format!("did you mean {near}?")
    } else {
        "allowed: the settings that `atalaya serve --help` lists".to_owned()
    };
    Mistake {
        wrong: format!("{key} ({place}) is no setting"),
        allowed,
    }
}

/// A number, a switch or a list reads the same here as it would in a variable.
fn plain_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(toml::Value::as_str).collect();
            items.map(|items| items.join(","))
        }
        _ => None,
    }
}

fn place(path: &Path, line: usize) -> String {
    format!("{}:{line}", path.display())
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text
        .bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
}
