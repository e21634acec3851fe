//! What a command line runs: which script of a package, and whether that is for a developer's machine.

use super::{App, Package};
use crate::setting::Setting;

const RUNNERS: [&str; 5] = ["npm", "npm-cli.js", "yarn", "pnpm", "bun"];

/// Servers of Python that share their port among processes.
const WORKERS: [&str; 3] = ["gunicorn", "uvicorn", "hypercorn"];

/// Programs that build anew, or start anew, with every change.
const DEVELOPERS: [&str; 10] = [
    "nodemon",
    "nodemon.js",
    "ts-node-dev",
    "tsnd",
    "node-dev",
    "webpack-dev-server",
    "--watch",
    "--watch-path",
    "--hot",
    "NODE_ENV=development",
];

/// Programs that do so with one of these words after them, or with none where that is empty.
const DEVELOPING: [(&str, &[&str]); 10] = [
    ("next", &["dev"]),
    ("nuxt", &["dev"]),
    ("nuxi", &["dev"]),
    ("astro", &["dev"]),
    ("remix", &["dev"]),
    ("vite", &["", "dev", "serve"]),
    ("ng", &["serve"]),
    ("react-scripts", &["start"]),
    ("vue-cli-service", &["serve"]),
    ("tsx", &["watch"]),
];

/// Names that packages give to the script that is for production, the surest first.
const PRODUCTION: [&str; 5] = [
    "start:prod",
    "start:production",
    "production",
    "prod",
    "start",
];

/// Scripts may lead to others.
const MAX_DEPTH: usize = 4;

impl App {
    /// The word by which it runs for a developer's machine.
    pub fn developing(&self) -> Option<&Setting> {
        if let Some(at) = developing(&words(&self.interpreter)) {
            return Some(&self.interpreter[at]);
        }
        let words = words(&self.command);
        let script = script_at(&words).map(|at| &self.command[at]);
        match script {
            Some(script) => is_developers(&script.value, &self.package, 0).then_some(script),
            None => developing(&words).map(|at| &self.command[at]),
        }
    }

    /// Whether the word is the name of a package's script.
    pub fn is_script(&self, word: &Setting) -> bool {
        let script = script_at(&words(&self.command)).map(|at| &self.command[at]);
        script.is_some_and(|script| std::ptr::eq(script, word))
    }

    /// The script of its package that is meant for production.
    pub fn production_script(&self) -> Option<&'static str> {
        let fits = |name: &&&str| {
            self.package.script(name).is_some() && !is_developers(name, &self.package, 0)
        };
        PRODUCTION.iter().find(fits).copied()
    }
}

fn words(settings: &[Setting]) -> Vec<&str> {
    settings.iter().map(|word| word.value.as_str()).collect()
}

/// The value of one of these flags: the word after it, or what stands behind its `=`.
pub(super) fn option(words: &[Setting], names: &[&str]) -> Option<Setting> {
    words.iter().enumerate().find_map(|(at, word)| {
        let flag = word.value.as_str();
        if names.contains(&flag) {
            return words.get(at + 1).cloned();
        }
        let (name, value) = flag.split_once('=')?;
        names.contains(&name).then(|| word.ending(value.len()))
    })
}

/// The port that a server of pages is told, which counts more there than the environment's.
pub(super) fn page_port(words: &[Setting]) -> Option<Setting> {
    let is_pages = |word: &Setting| ["next", "serve"].contains(&program(&word.value));
    let named = words.iter().take(2).any(is_pages);
    option(words, &["-p", "--port"]).filter(|_| named)
}

/// Whether it runs a script of the package in its folder.
pub(super) fn is_package(settings: &[Setting]) -> bool {
    let mut words = settings.iter().take(3);
    words.any(|word| RUNNERS.contains(&program(&word.value)))
}

/// The file that a command gives to what interprets it: the first word behind it that is no flag.
pub(super) fn script(words: &[Setting]) -> Option<&Setting> {
    let at = words.iter().position(|word| !is_passed(word))?;
    let interpreter = program(bare(&words[at].value));
    let runs_files =
        ["node", "nodejs", "bun"].contains(&interpreter) || interpreter.starts_with("python");
    let mut rest = words[at + 1..].iter().filter(|_| runs_files);
    let word = rest.find(|word| !is_flag_alone(&word.value))?;
    let is_file = word.value.contains('/') || word.value.contains('.');
    (is_file && !is_flag(word)).then_some(word)
}

/// Flags that have no value behind them; others end the search, for what follows them may look like a script.
fn is_flag_alone(word: &str) -> bool {
    let starts = ["--enable-", "--no-", "--trace-"];
    word.starts_with("--") && word.contains('=')
        || starts.iter().any(|start| word.starts_with(start))
}

/// Programs that write machine code while they run.
const ENGINES: [&str; 11] = [
    "node",
    "nodejs",
    "deno",
    "bun",
    "npm",
    "npx",
    "yarn",
    "pnpm",
    "pm2",
    "pm2-runtime",
    "npm-cli.js",
];

/// What starts another program with the same limits.
const STARTERS: [&str; 5] = ["env", "sh", "bash", "dash", "exec"];

/// Whether another program stands behind it.
fn is_passed(word: &Setting) -> bool {
    let value = word.value.as_str();
    STARTERS.contains(&program(bare(value))) || value == "-c" || value.contains('=')
}

/// Where an engine for JavaScript stands in a command.
fn engine(words: &[Setting]) -> Option<usize> {
    let at = words.iter().position(|word| !is_passed(word))?;
    let value = words[at].value.as_str();
    let is_engine = ENGINES.contains(&program(bare(value)));
    (is_engine || value.contains("/node_modules/")).then_some(at)
}

/// A program without what systemd takes off it.
pub(super) fn bare(word: &str) -> &str {
    word.trim_start_matches(['-', '@', ':', '+', '!', '|'])
}

impl App {
    /// Whether it is run by an engine for JavaScript.
    pub fn has_engine(&self) -> bool {
        if self.unit.is_some() {
            return engine(&self.command).is_some();
        }
        // PM2 runs a script with Node.js if it is told nothing else.
        let is_node = |word: &Setting| program(&word.value).starts_with("node");
        let told = self.interpreter.iter().find(|word| !is_flag(word));
        let is_script = |word: &Setting| {
            let ending = word.value.rsplit('.').next();
            matches!(ending, Some("js" | "cjs" | "mjs")) || word.value.contains("node_modules/")
        };
        told.is_none_or(is_node)
            && (engine(&self.command).is_some() || self.command.first().is_some_and(is_script))
    }
}

fn is_flag(word: &Setting) -> bool {
    word.value.starts_with('-')
}

/// How many processes a server of Python is told to run at one port.
pub(super) fn workers(words: &[Setting]) -> Option<Setting> {
    let program = |word: &Setting| WORKERS.contains(&program(&word.value));
    let named = words.iter().take(3).any(program);
    option(words, &["-w", "--workers"]).filter(|_| named)
}

/// Where the name of a package's script stands: `npm run NAME`, `yarn NAME`, `npm start`.
fn script_at(words: &[&str]) -> Option<usize> {
    let runner = words
        .iter()
        .position(|word| RUNNERS.contains(&program(word)))?;
    let arguments = words.iter().enumerate().skip(runner + 1);
    let mut plain = arguments.filter(|(_, word)| !word.starts_with('-'));
    let (at, first) = plain.next()?;
    match *first {
        "run" | "run-script" => plain.next().map(|(at, _)| at),
        _ => Some(at),
    }
}

/// By its name, or by what it runs.
fn is_developers(script: &str, package: &Package, depth: usize) -> bool {
    let for_developers =
        |word: &str| matches!(word, "dev" | "develop" | "development" | "watch" | "debug");
    if script.split([':', '-', '_', '.']).any(for_developers) {
        return true;
    }
    let Some(command) = package.script(script).filter(|_| depth < MAX_DEPTH) else {
        return false;
    };
    let words: Vec<&str> = command.split_whitespace().collect();
    match script_at(&words) {
        Some(at) => is_developers(words[at], package, depth + 1),
        None => developing(&words).is_some(),
    }
}

/// The word that is for developers.
fn developing(words: &[&str]) -> Option<usize> {
    words.iter().enumerate().position(|(at, word)| {
        let program = program(word);
        let next = words
            .get(at + 1)
            .copied()
            .filter(|next| !next.starts_with('-'));
        let next = next.unwrap_or_default();
        let is_first = at == 0 || DEVELOPING.iter().any(|(name, _)| name == word);
        DEVELOPERS.contains(&program)
            || is_first
                && DEVELOPING
                    .iter()
                    .any(|(name, verbs)| *name == program && verbs.contains(&next))
    })
}

/// The name of a program without its folder.
fn program(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(scripts: &[(&str, &str)]) -> Package {
        let scripts: serde_json::Map<_, _> = scripts
            .iter()
            .map(|(name, command)| ((*name).to_owned(), (*command).into()))
            .collect();
        serde_json::from_value(serde_json::json!({ "scripts": scripts })).unwrap()
    }

    fn split(command: &str) -> Vec<&str> {
        command.split_whitespace().collect()
    }

    #[test]
    fn a_scripts_name_is_found_behind_its_runner() {
        let named = |command: &str| {
            let words = split(command);
            script_at(&words).map(|at| words[at].to_owned())
        };
        for command in [
            "npm run dev",
            "/usr/bin/npm run --silent dev",
            "yarn dev",
            "bash -c pnpm run-script dev",
        ] {
            assert_eq!(named(command).as_deref(), Some("dev"), "{command}");
        }
        assert_eq!(named("npm start").as_deref(), Some("start"));
        assert_eq!(named("npm run"), None);
        assert_eq!(named("dist/main.js"), None);
    }

    #[test]
    fn commands_for_developers_are_told_from_others() {
        for command in [
            "nodemon src/main.ts",
            "./node_modules/nodemon/bin/nodemon.js x",
            "nest start --watch",
            "next dev",
            "vite",
            "vite --host",
            "tsx watch a.ts",
            "cross-env NODE_ENV=development node a.js",
        ] {
            assert!(developing(&split(command)).is_some(), "{command}");
        }
        for command in [
            "node dist/main.js",
            "vite preview",
            "vite build",
            "next start",
            "nest start",
            "node --max-old-space-size=4096 dist/dev.js",
            "serve dist",
            "tsx a.ts",
        ] {
            assert!(developing(&split(command)).is_none(), "{command}");
        }
    }

    #[test]
    fn a_script_is_judged_by_what_it_leads_to() {
        let package = package(&[
            ("start", "npm run start:local"),
            ("start:local", "nest start --watch"),
            ("prod", "node dist/main"),
            ("loop", "npm run loop"),
        ]);
        assert!(is_developers("start", &package, 0));
        assert!(!is_developers("prod", &package, 0));
        assert!(!is_developers("loop", &package, 0));
        assert!(is_developers("start:dev", &Package::default(), 0));
        assert!(!is_developers("start", &Package::default(), 0));
    }
}
