//! A case: a folder with a tree below `etc/nginx` and a `case.toml` that says what is true of it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use atalaya_doctor::{
    Diagnosis, diagnose, nginx::request::Origin, question::Question, root::Root, url::Url,
};
use toml::Table;

pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) dir: PathBuf,
    facts: Table,
}

/// A finding that must be there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Expected {
    pub(crate) rule: String,
    pub(crate) file: String,
    pub(crate) line: i64,
}

impl Case {
    /// Every case, by name.
    pub(crate) fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
        let mut cases: Vec<Self> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| Self::load(&entry.unwrap().path()))
            .collect();
        cases.sort_by(|a, b| a.name.cmp(&b.name));
        cases
    }

    fn load(dir: &Path) -> Self {
        let facts = fs::read_to_string(dir.join("case.toml")).unwrap();
        Self {
            name: dir.file_name().unwrap().to_string_lossy().into_owned(),
            dir: dir.to_owned(),
            facts: facts.parse().unwrap(),
        }
    }

    pub(crate) fn question(&self) -> Question {
        let mut question = Question {
            url: self.text("url").map(|url| url.parse().unwrap()),
            direct: self.text("direct").map(|url| url.parse().unwrap()),
            env: self.paths("env"),
            bundles: self.paths("bundle"),
            pm2: self.paths("pm2"),
            systemd: self.paths("systemd"),
            config: self.text("config").map(PathBuf::from),
            ..Question::default()
        };
        if let Some(path) = self.text("path") {
            path.clone_into(&mut question.path);
            question.is_path_given = true;
        }
        question
    }

    /// The question as the page's own client asks it, where its files name another host or path.
    pub(crate) fn of_client(&self) -> Question {
        let mut question = self.question();
        if let Some(asked) = self.asks() {
            if asked.path != "/" {
                question.path.clone_from(&asked.path);
            }
            question.url = Some(asked);
        }
        question
    }

    /// The page's own origin, if it is asked for.
    pub(crate) fn page(&self) -> Option<Origin> {
        Some(self.question().url?.origin)
    }

    /// Where the page's files send its client: the origin, and the path if it is not the usual one.
    pub(crate) fn asks(&self) -> Option<Url> {
        self.text("asks").map(|url| url.parse().unwrap())
    }

    pub(crate) fn diagnose(&self) -> Diagnosis {
        self.diagnose_in(&self.dir)
    }

    /// The same question about another tree.
    pub(crate) fn diagnose_in(&self, dir: &Path) -> Diagnosis {
        diagnose(&Root::new(dir).unwrap(), &self.question()).unwrap()
    }

    /// What a client sees; `None` if it connects and stays.
    pub(crate) fn symptom(&self) -> Option<&str> {
        self.text("symptom")
    }

    /// How many sessions show it: where chance leads each of them to one of two servers, all of them to the right one
    /// is next to impossible.
    pub(crate) fn sessions(&self) -> usize {
        let is_chance = self
            .symptom()
            .is_some_and(|seen| seen.contains("Session ID"));
        if is_chance { 12 } else { 3 }
    }

    /// Whether a real nginx can show it; if not, `not_live` says why.
    pub(crate) fn is_live(&self) -> bool {
        self.text("not_live").is_none()
    }

    pub(crate) fn faults(&self) -> Vec<Expected> {
        self.expected("fault")
    }

    pub(crate) fn hints(&self) -> Vec<Expected> {
        self.expected("hint")
    }

    /// The rules that a careless reader would break here.
    pub(crate) fn looks_like(&self) -> Vec<&str> {
        let rules = self
            .facts
            .get("looks_like")
            .and_then(|rules| rules.as_array());
        rules
            .into_iter()
            .flatten()
            .filter_map(|rule| rule.as_str())
            .collect()
    }

    fn expected(&self, kind: &str) -> Vec<Expected> {
        let all = self.facts.get(kind).and_then(|all| all.as_array());
        let one = |table: &toml::Value| Expected {
            rule: table["rule"].as_str().unwrap().to_owned(),
            file: table["file"].as_str().unwrap().to_owned(),
            line: table["line"].as_integer().unwrap(),
        };
        let mut expected: Vec<_> = all.into_iter().flatten().map(one).collect();
        expected.sort();
        expected
    }

    /// One, or a list of them.
    fn paths(&self, key: &str) -> Vec<PathBuf> {
        let listed = self.facts.get(key).and_then(|paths| paths.as_array());
        let listed = listed.into_iter().flatten();
        let listed = listed.filter_map(|path| path.as_str());
        let paths = listed.chain(self.text(key));
        paths.map(PathBuf::from).collect()
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.facts.get(key)?.as_str()
    }
}

/// A finding in the form of an expectation.
pub(crate) fn found(diagnosis: &Diagnosis, faults: bool) -> Vec<Expected> {
    let judged = diagnosis
        .findings
        .iter()
        .filter(|finding| finding.severity.is_fault() == faults);
    let mut found: Vec<_> = judged
        .map(|finding| {
            let place = finding.place.as_ref().unwrap();
            Expected {
                rule: finding.rule.to_owned(),
                file: place.file.to_string_lossy().into_owned(),
                line: place.line.into(),
            }
        })
        .collect();
    found.sort();
    found
}
