//! A configuration as nginx loads it: the main file with every `include` replaced by what it names.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
};

use crate::{
    document::{Document, Unreadable, under_root},
    finding::Place,
    root::{Root, is_pattern},
};

use super::{
    parser::{Mistake, parse},
    tree::{Body, Directive, FileId, Pos, Word},
};

/// A file that includes itself is refused here; nginx would run out of file descriptors.
const MAX_INCLUDE_DEPTH: usize = 24;
/// As many files as no configuration has, so that includes that multiply come to an end.
const MAX_INCLUDED: usize = 20_000;

/// Everything that was read.
#[derive(Clone, Debug)]
pub struct Config {
    /// The first is the main file.
    pub files: Vec<Document>,
    /// The main file's directives, includes replaced.
    pub directives: Vec<Directive>,
    /// What nginx would refuse to load.
    pub mistakes: Vec<Mistake>,
    /// Every `include` that was replaced, once for each time.
    pub includes: Vec<Include>,
}

/// An `include`, and what it named.
#[derive(Clone, Debug)]
pub struct Include {
    pub directive: Directive,
    pub files: Vec<FileId>,
}

impl Config {
    /// Reads the main file, and what it includes. What is missing below it is a mistake, not an error.
    pub fn load(root: &Root, main: &Path) -> Result<Self, Unreadable> {
        let main = under_root(main);
        let mut loader = Loader::new(root, &main);
        let file = loader.open(&main).map_err(|source| Unreadable {
            path: main.clone(),
            source,
        })?;
        let directives = loader.expand(file, 0);
        let mut mistakes = loader.mistakes;
        mistakes.sort_by_key(|mistake| mistake.pos);
        Ok(Self {
            files: loader.files,
            directives,
            mistakes,
            includes: loader.includes,
        })
    }

    /// The same configuration with one more file, as if it were included at the end of `http`.
    pub fn with_site(&self, root: &Root, site: &Path) -> Option<Self> {
        let main = self.files.first()?.path.clone();
        let mut loader = Loader::new(root, &main);
        loader.files = self.files.clone();
        loader.includes = self.includes.clone();
        let file = loader.open(site).ok()?;
        let added = loader.expand(file, 1);
        let mut directives = self.directives.clone();
        let http = directives.iter_mut().find(|block| block.is("http"))?;
        if let Body::Block(children) = &mut http.body {
            children.extend(added);
        }
        Some(Self {
            files: loader.files,
            directives,
            mistakes: loader.mistakes,
            includes: loader.includes,
        })
    }

    /// The `include` that brought a file's directive into a block of another file.
    pub fn brought_by(&self, directive: &Directive, block: &Directive) -> Option<&Include> {
        let inside = |include: &&Include| {
            let at = include.directive.pos;
            at.file == block.pos.file
                && (block.pos.span.start..block.end).contains(&at.span.start)
                && include.files.contains(&directive.pos.file)
        };
        self.includes.iter().find(inside)
    }

    /// Whether a file is others' too: it is included in several places, or comes with nginx.
    pub fn is_shared(&self, file: FileId) -> bool {
        let path = &self.source(file).path;
        let times = self.includes.iter().filter(|include| {
            let mut files = include.files.iter();
            files.any(|other| self.source(*other).real == self.source(file).real)
        });
        times.count() > 1 || path.ends_with("proxy_params")
    }

    pub fn source(&self, file: FileId) -> &Document {
        &self.files[file.0]
    }

    /// A place as a finding shows it.
    pub fn place(&self, pos: Pos) -> Place {
        let source = self.source(pos.file);
        Place {
            file: source.path.clone(),
            real_file: source.real.clone(),
            line: pos.line,
            column: pos.column,
            span: pos.span,
        }
    }

    /// A directive's head as it stands in the file, on one line.
    pub fn written(&self, directive: &Directive) -> String {
        let text = &self.source(directive.pos.file).text;
        let span = directive.pos.span;
        let words: Vec<&str> = text[span.start..span.end].split_whitespace().collect();
        words.join(" ")
    }

    /// `file:line`, as people write it.
    pub fn at(&self, pos: Pos) -> String {
        format!("{}:{}", self.source(pos.file).path.display(), pos.line)
    }
}

struct Loader<'r> {
    root: &'r Root,
    /// The directory of the main file: what relative paths start from.
    prefix: PathBuf,
    files: Vec<Document>,
    parsed: HashMap<PathBuf, (FileId, Vec<Directive>)>,
    mistakes: Vec<Mistake>,
    includes: Vec<Include>,
    included: usize,
}

impl<'r> Loader<'r> {
    fn new(root: &'r Root, main: &Path) -> Self {
        Self {
            root,
            prefix: main.parent().unwrap_or(Path::new("/")).to_owned(),
            files: Vec::new(),
            parsed: HashMap::new(),
            mistakes: Vec::new(),
            includes: Vec::new(),
            included: 0,
        }
    }

    /// Reads a file once, however often it is included.
    fn open(&mut self, path: &Path) -> io::Result<FileId> {
        if let Some((file, _)) = self.parsed.get(path) {
            return Ok(*file);
        }
        let document = Document::read(self.root, path)?;
        let file = FileId(self.files.len());
        let parsed = parse(&document.text, file);
        self.mistakes.extend(parsed.mistakes);
        self.parsed
            .insert(document.path.clone(), (file, parsed.directives));
        self.files.push(document);
        Ok(file)
    }

    fn expand(&mut self, file: FileId, depth: usize) -> Vec<Directive> {
        let path = &self.files[file.0].path;
        let directives = self.parsed[path].1.clone();
        self.expand_list(directives, depth)
    }

    fn expand_list(&mut self, directives: Vec<Directive>, depth: usize) -> Vec<Directive> {
        let mut expanded = Vec::with_capacity(directives.len());
        for mut directive in directives {
            if directive.is("include") {
                expanded.extend(self.include(&directive, depth));
                continue;
            }
            if let Body::Block(children) = directive.body {
                directive.body = Body::Block(self.expand_list(children, depth));
            }
            expanded.push(directive);
        }
        expanded
    }

    fn include(&mut self, directive: &Directive, depth: usize) -> Vec<Directive> {
        let [pattern] = &directive.args[..] else {
            self.refuse(
                directive.pos,
                "invalid number of arguments in \"include\" directive",
            );
            return Vec::new();
        };
        if depth >= MAX_INCLUDE_DEPTH {
            self.refuse(pattern.pos, "the files include each other without end");
            return Vec::new();
        }
        let mut expanded = Vec::new();
        let mut files = Vec::new();
        for path in self.named(pattern) {
            self.included += 1;
            if self.included > MAX_INCLUDED {
                self.refuse(pattern.pos, "too many files are included");
                break;
            }
            match self.open(&path) {
                Ok(file) => {
                    files.push(file);
                    expanded.extend(self.expand(file, depth + 1));
                }
                Err(error) => {
                    let message = format!("\"{}\" cannot be read: {error}", path.display());
                    self.mistakes.push(Mistake {
                        pos: pattern.pos,
                        message,
                        missing: Some(path),
                    });
                }
            }
        }
        self.includes.push(Include {
            directive: directive.clone(),
            files,
        });
        expanded
    }

    /// The files that an `include` names. A pattern may match none; a plain name is there or refused.
    fn named(&self, pattern: &Word) -> Vec<PathBuf> {
        let path = self.prefix.join(&pattern.text);
        if is_pattern(&pattern.text) {
            self.root.glob(&path)
        } else {
            vec![path]
        }
    }

    fn refuse(&mut self, pos: Pos, message: &str) {
        self.mistakes.push(Mistake {
            pos,
            message: message.to_owned(),
            missing: None,
        });
    }
}
