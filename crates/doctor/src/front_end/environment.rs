//! The variables of the environment files of a front end, as a build for production takes them.

use std::path::PathBuf;

use super::{
    precedence::{is_overridden, is_unused},
    tool,
};
use crate::{
    document::{Document, Unreadable},
    dotenv::{self, Variable},
    root::Root,
    setting::Setting,
};

/// A variable as it is written, and its file.
struct Line<'d> {
    document: &'d Document,
    variable: Variable,
}

/// What the files of a front end come to.
pub(super) struct Variables {
    /// Those that go into the pages; of one that several files have, the value that counts.
    pub(super) public: Vec<Setting>,
    /// Those for sockets that a build leaves out for want of the prefix that others of their file have, or because
    /// theirs is another tool's.
    pub(super) left_out: Vec<Setting>,
    /// Those for sockets whose prefix is another one than that of all the others in their file, so that a build may
    /// leave them out.
    pub(super) odd: Vec<Setting>,
}

pub(super) fn variables(root: &Root, files: &[PathBuf]) -> Result<Variables, Unreadable> {
    let has_used = files.iter().any(|file| !is_unused(file));
    let mut documents = Vec::new();
    for file in files.iter().filter(|file| !has_used || !is_unused(file)) {
        documents.push(Document::named(root, file)?);
    }
    let beside = beside(root, &documents);
    let all: Vec<_> = documents.iter().chain(&beside).flat_map(lines).collect();
    let counts = |line: &&Line<'_>| {
        let name = &line.variable.name;
        let mut others = all.iter().filter(|other| other.variable.name == *name);
        !others.any(|other| is_overridden(name, &line.document.path, &other.document.path))
    };
    let counting: Vec<_> = all.iter().filter(counts).collect();
    let is_named =
        |document: &Document| documents.iter().any(|named| std::ptr::eq(named, document));
    let told = || counting.iter().filter(|line| is_named(line.document));
    let is_put_in = |line: &Line<'_>| {
        let name = &line.variable.name;
        let folder = line.document.path.parent();
        line.variable.is_public() && !folder.is_some_and(|folder| tool::drops(root, folder, name))
    };
    let settings = |is_public| {
        let lines = told().filter(move |line| is_put_in(line) == is_public);
        lines.map(|line| line.setting(&counting, &all))
    };
    let has_prefixes = |setting: &Setting| {
        let mut others = told().filter(|line| line.document.path == setting.place.file);
        others.any(|line| line.variable.is_public())
    };
    let is_odd = |setting: &Setting| {
        let prefix = setting.name.as_deref().and_then(dotenv::prefix);
        let others = told().filter(|line| line.document.path == setting.place.file);
        let mut others = others.filter_map(|line| {
            let is_other = Some(&line.variable.name) != setting.name.as_ref();
            dotenv::prefix(&line.variable.name).filter(|_| is_other)
        });
        let first = others.next();
        first.is_some() && first != prefix && others.all(|other| Some(other) == first)
    };
    Ok(Variables {
        odd: settings(true)
            .filter(|setting| setting.is_socket() && is_odd(setting))
            .collect(),
        public: settings(true).collect(),
        left_out: settings(false)
            .filter(|setting| setting.is_socket() && has_prefixes(setting))
            .collect(),
    })
}

/// What stands in `.env` is known to the files beside it.
fn beside(root: &Root, documents: &[Document]) -> Vec<Document> {
    let mut found: Vec<Document> = Vec::new();
    for document in documents {
        let path = document.path.with_file_name(".env");
        let is_known = |other: &Document| other.path == path;
        if !documents.iter().any(is_known) && !found.iter().any(is_known) {
            found.extend(Document::read(root, &path).ok());
        }
    }
    found
}

fn lines(document: &Document) -> Vec<Line<'_>> {
    let variables = dotenv::written(&document.text).into_iter();
    let line = |variable| Line { document, variable };
    variables.map(line).collect()
}

impl Line<'_> {
    /// With the names in it replaced by what counts in its folder, or else by what its own file says.
    fn setting(&self, counting: &[&Line<'_>], all: &[Line<'_>]) -> Setting {
        let folder = self.document.path.parent();
        let is_near = |line: &&Line<'_>| line.document.path.parent() == folder;
        let is_own = |line: &&Line<'_>| line.document.path == self.document.path;
        let names = counting.iter().copied().filter(is_near);
        let names: Vec<_> = names
            .chain(all.iter().filter(is_own))
            .map(|line| line.variable.clone())
            .collect();
        let value = dotenv::expand(&self.variable.value, &names);
        Setting {
            name: Some(self.variable.name.clone()),
            is_literal: value == self.variable.value,
            is_certain: true,
            is_default: false,
            place: self.document.place(self.variable.span),
            value,
        }
    }
}
