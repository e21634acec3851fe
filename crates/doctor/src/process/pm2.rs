//! PM2's `ecosystem.config.js`, or the same as JSON or YAML: its apps, as PM2 takes them (`lib/API/schema.json` and `lib/Common.js` there).

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    App, LostOutput, Mode, Obstacle, Package, Processes, Unread, Why,
    javascript::{self, Field, Kind, Language, Node, Object},
    start, yaml,
};
use crate::{
    document::{Document, Unreadable},
    edit,
    finding::{Edit, Span},
    language::Text,
    root::Root,
    setting::Setting,
};

/// What PM2 takes for "keep nothing".
const NOWHERE: [&str; 2] = ["/dev/null", "NULL"];

/// The program and its arguments.
const COMMAND: [&str; 3] = ["script", "exec", "args"];

/// What runs the program, by all its names, and what that is told.
const INTERPRETER: [&str; 5] = [
    "interpreter",
    "exec_interpreter",
    "interpreter_args",
    "interpreterArgs",
    "node_args",
];

/// What makes PM2 start an app anew while it runs.
const ENDS: [&str; 2] = ["max_memory_restart", "cron_restart"];

/// Folders that a server writes to while it runs, and all of its own.
const WRITTEN_TO: [&str; 12] = [
    "", "*", "**", "uploads", "upload", "logs", "log", "tmp", "temp", "data", "storage", "cache",
];
/// Each stream's file, by all its names.
const STREAMS: [&[&str]; 2] = [
    &["out_file", "out", "output", "out_log"],
    &["error_file", "error", "err", "err_file", "err_log"],
];

/// Of a folder, the file that PM2 would find there.
pub(super) fn file(root: &Root, path: &Path) -> PathBuf {
    let endings = [
        "config.js",
        "config.cjs",
        "config.mjs",
        "json",
        "config.json",
        "yml",
        "yaml",
        "config.yml",
        "config.yaml",
    ];
    let endings = endings.iter();
    let mut files = endings.map(|ending| path.join(format!("ecosystem.{ending}")));
    files
        .find(|file| root.is_file(file))
        .unwrap_or_else(|| path.to_owned())
}

/// Reads a file into the apps that it has. What PM2 would refuse is told by a rule.
pub(super) fn read(
    root: &Root,
    document: &Document,
    processes: &mut Processes,
) -> Result<(), Unreadable> {
    let reader = Reader { root, document };
    let export = match language(&document.path)? {
        Written::Yaml => yaml::read(&document.text),
        Written::Script(language) => javascript::read(&document.text, language),
    };
    match export {
        Err(mistake) => processes.unread.push(Unread {
            place: document.place(mistake.span),
            why: Why::Refused(Text::same(mistake.message)),
        }),
        Ok(export) => {
            for node in apps(&export) {
                match node.object() {
                    Some(app) => processes.apps.push(reader.app(node, app)),
                    None => processes.unread.push(Unread {
                        place: document.place(node.span),
                        why: Why::Computed,
                    }),
                }
            }
        }
    }
    Ok(())
}

enum Written {
    Script(Language),
    Yaml,
}

fn language(path: &Path) -> Result<Written, Unreadable> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("js" | "cjs" | "mjs") => Ok(Written::Script(Language::Module)),
        Some("json") => Ok(Written::Script(Language::Json)),
        Some("yml" | "yaml") => Ok(Written::Yaml),
        _ => Err(Unreadable {
            path: path.to_owned(),
            source: io::Error::new(
                io::ErrorKind::Unsupported,
                "PM2's file is read as .js, .cjs, .mjs, .json, .yml or .yaml only",
            ),
        }),
    }
}

/// The file says `{ apps: [ … ] }`, or is the list, or one app.
fn apps(export: &Node) -> Vec<&Node> {
    let listed = export
        .object()
        .and_then(|object| object.get("apps").or(object.get("pm2")))
        .unwrap_or(export);
    match &listed.kind {
        Kind::List(apps) => apps.iter().collect(),
        _ => vec![listed],
    }
}

struct Reader<'r> {
    root: &'r Root,
    document: &'r Document,
}

impl Reader<'_> {
    fn app(&self, node: &Node, app: &Object) -> App {
        let instances = app.get("instances").and_then(|node| self.instances(node));
        let directory = self.directory(app);
        App {
            name: self.name(app),
            place: self.document.place(self.head(node)),
            command: self.command(app, &COMMAND),
            interpreter: self.command(app, &INTERPRETER),
            env: self.environment(app, "env"),
            modes: self.modes(app),
            is_cluster: is_cluster(app, instances.is_some()),
            instances,
            counts_ports: app.get("increment_var").is_some(),
            watch: app.get("watch").and_then(|node| self.watch(node)),
            lost_outputs: self.lost_outputs(app),
            package: Package::beside(self.root, &directory),
            obstacles: self.obstacles(app, &directory),
            ends: self.ends(app),
            directory,
            unit: None,
            is_launcher: false,
        }
    }

    fn name(&self, app: &Object) -> String {
        let name = app.get("name").or(app.get("script"));
        name.and_then(Node::as_value)
            .unwrap_or_else(|| "app".to_owned())
    }

    /// The first line of an app; all of it would be too much to underline.
    fn head(&self, node: &Node) -> Span {
        let text = &self.document.text[node.span.start..node.span.end];
        let length = text.find('\n').unwrap_or(text.len());
        Span {
            start: node.span.start,
            end: node.span.start + length,
        }
    }

    fn directory(&self, app: &Object) -> PathBuf {
        let beside = self.document.path.parent().unwrap_or(Path::new("/"));
        let given = app.get("cwd").and_then(Node::text);
        given.map_or_else(|| beside.to_owned(), |given| beside.join(given))
    }

    /// Only what the file says by itself is judged.
    fn obstacles(&self, app: &Object, directory: &Path) -> Vec<Obstacle> {
        let certain = |name: &str| {
            let setting = self.setting(Some(name), app.get(name)?)?;
            Some(setting).filter(|setting| setting.is_certain)
        };
        let cwd = app.get("cwd").map(|_| certain("cwd"));
        // A folder that only running the file would tell.
        if cwd.as_ref().is_some_and(Option::is_none) {
            return Vec::new();
        }
        let words = self.command(app, &COMMAND);
        let cwd = cwd.flatten().map(|cwd| Setting {
            value: directory.to_string_lossy().into_owned(),
            ..cwd
        });
        let elsewhere = cwd.and_then(|cwd| start::of_directory(self.root, &cwd, &words));
        let script = certain("script").or_else(|| certain("exec"));
        // With blanks it is a command.
        let script = script.filter(|script| !script.value.contains(char::is_whitespace));
        let script = script.and_then(|script| start::of_script(self.root, directory, &script));
        elsewhere.into_iter().chain(script).collect()
    }

    fn ends(&self, app: &Object) -> Vec<Setting> {
        // What is not started again by itself is a job, and the clock starts it.
        let again = app.get("autorestart").map(|node| &node.kind);
        let is_job = again == Some(&Kind::Bool(false));
        let names = ENDS
            .iter()
            .filter(|name| !is_job || **name != "cron_restart");
        let told = names.filter_map(|name| {
            let setting = self.setting(Some(name), app.get(name)?)?;
            Some(setting).filter(|setting| setting.is_certain)
        });
        told.collect()
    }

    fn setting(&self, name: Option<&str>, node: &Node) -> Option<Setting> {
        Some(Setting {
            name: name.map(str::to_owned),
            value: node.as_value()?,
            place: self.document.place(node.span),
            is_literal: node.is_literal,
            is_certain: node.is_certain,
            // What reads its own file of variables has its values from there.
            is_default: node.is_default && !self.document.text.contains("dotenv"),
        })
    }

    /// What is put together of these fields, in their order: each a text, or a list of them.
    fn command(&self, app: &Object, names: &[&str]) -> Vec<Setting> {
        let parts = names.iter().filter_map(|name| app.get(name));
        let texts = parts.flat_map(|part| match &part.kind {
            Kind::List(list) => list.iter().collect(),
            _ => vec![part],
        });
        texts
            .filter_map(|text| self.setting(None, text))
            .flat_map(|text| text.words(self.document))
            .collect()
    }

    fn environment(&self, app: &Object, name: &str) -> Vec<Setting> {
        let fields = app.get(name).and_then(Node::object);
        let fields = fields.into_iter().flat_map(|env| &env.fields);
        let env = fields.filter_map(|field| self.setting(Some(&field.name), &field.value));
        // `port` is PM2's own word for the variable.
        let port = app.get("port").filter(|_| name == "env");
        port.and_then(|port| self.setting(Some("PORT"), port))
            .into_iter()
            .chain(env)
            .collect()
    }

    fn modes(&self, app: &Object) -> Vec<Mode> {
        let modes = app.fields.iter().filter_map(|field| {
            Some(Mode {
                name: field.name.strip_prefix("env_")?.to_owned(),
                env: self.environment(app, &field.name),
            })
        });
        modes.collect()
    }

    /// A number or `max`; as many as there are cores, where the file asks for them itself.
    fn instances(&self, node: &Node) -> Option<Setting> {
        if node.kind != Kind::Computed {
            return self.setting(None, node);
        }
        let written = &self.document.text[node.span.start..node.span.end];
        written.contains("cpus()").then(|| Setting {
            name: None,
            value: "max".to_owned(),
            place: self.document.place(node.span),
            is_literal: true,
            is_certain: true,
            is_default: false,
        })
    }

    /// `true`, a folder, or a list of them. Whoever watches what the server writes to, watches all.
    fn watch(&self, node: &Node) -> Option<Setting> {
        let is_written = |node: &Node| node.text().is_some_and(is_written_to);
        let (value, is_literal) = match &node.kind {
            Kind::Bool(true) => ("true", node.is_literal),
            Kind::Text(_) if is_written(node) => ("true", false),
            Kind::List(items) if items.iter().any(is_written) => ("true", false),
            Kind::Text(_) | Kind::List(_) => ("folders", false),
            _ => return None,
        };
        Some(Setting {
            name: None,
            value: value.to_owned(),
            place: self.document.place(node.span),
            is_literal,
            is_certain: node.is_certain,
            is_default: node.is_default,
        })
    }

    fn lost_outputs(&self, app: &Object) -> Vec<LostOutput> {
        let streams = STREAMS.iter().filter_map(|names| app.field(names));
        let files = streams.filter(|field| {
            let file = field.value.text();
            file.is_some_and(|file| NOWHERE.contains(&file))
        });
        let lost = files.map(|field| (field, self.without(field)));
        let off = app.field(&["disable_logs"]);
        let off = off.filter(|field| field.value.kind == Kind::Bool(true));
        lost.chain(off.map(|field| (field, self.without(field))))
            .filter_map(|(field, edit)| {
                let setting = self.setting(Some(&field.name), &field.value)?;
                Some(LostOutput { setting, edit })
            })
            .collect()
    }

    /// Takes a field away, with its comma: PM2 then does what it does by itself, and keeps the output.
    fn without(&self, field: &Field) -> Edit {
        let text = &self.document.text;
        let after = &text[field.whole.end..];
        let blank = after.len() - after.trim_start().len();
        let comma = after.trim_start().starts_with(',');
        let end = if comma {
            field.whole.end + blank + 1
        } else {
            field.whole.end
        };
        Edit {
            file: self.document.path.clone(),
            span: edit::with_its_line(text, field.whole.start, end),
            text: String::new(),
        }
    }
}

/// PM2 shares the port if it is told so, or if a number of processes is given for a program of Node.js.
fn is_written_to(folder: &str) -> bool {
    let folder = folder
        .trim_start_matches("./")
        .trim_end_matches(['/', '*', '.']);
    let last = folder.rsplit('/').next().unwrap_or(folder);
    WRITTEN_TO.contains(&last)
}

fn is_cluster(app: &Object, has_instances: bool) -> bool {
    let interpreter = app.field(&["interpreter", "exec_interpreter"]);
    let interpreter = interpreter.and_then(|field| field.value.text());
    match app.get("exec_mode").and_then(Node::text) {
        Some(mode) => mode.starts_with("cluster"),
        None => has_instances && interpreter.is_none_or(|name| name.ends_with("node")),
    }
}
