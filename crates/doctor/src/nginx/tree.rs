//! A configuration as written: directives with their words, blocks and places. It knows no directive by name.

use crate::finding::Span;

/// Which file of a [`super::Config`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub usize);

impl FileId {
    /// Whether it is the main file, which everything else is included from.
    pub fn is_main(self) -> bool {
        self.0 == 0
    }
}

/// Where something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pos {
    pub file: FileId,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    pub span: Span,
}

/// A word with its quotes and escapes taken off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    pub quoted: bool,
    pub pos: Pos,
}

/// `name args;` or `name args { … }`.
#[derive(Clone, Debug)]
pub struct Directive {
    pub name: Word,
    pub args: Vec<Word>,
    pub body: Body,
    /// From the name up to the last argument.
    pub pos: Pos,
    /// The place after the `;`, or of the closing brace.
    pub end: usize,
}

#[derive(Clone, Debug)]
pub enum Body {
    /// It ends in `;`.
    None,
    Block(Vec<Directive>),
    /// Lua: kept as it stands between the braces.
    Opaque(String),
}

impl Directive {
    pub fn is(&self, name: &str) -> bool {
        self.name.text == name
    }

    /// The argument's text, counted from 0.
    pub fn arg(&self, index: usize) -> Option<&str> {
        self.args.get(index).map(|word| word.text.as_str())
    }

    pub fn has_arg(&self, text: &str) -> bool {
        self.args.iter().any(|word| word.text == text)
    }

    /// What stands in its block; nothing if it has none.
    pub fn children(&self) -> &[Directive] {
        match &self.body {
            Body::Block(children) => children,
            Body::None | Body::Opaque(_) => &[],
        }
    }

    /// The directives of this name in its block, in order.
    pub fn all<'d>(&'d self, name: &str) -> impl Iterator<Item = &'d Directive> {
        self.children().iter().filter(move |child| child.is(name))
    }

    pub fn first<'d>(&'d self, name: &str) -> Option<&'d Directive> {
        self.all(name).next()
    }

    /// The directive's head as a person would write it: name and arguments.
    pub fn head(&self) -> String {
        let mut text = super::print::word(&self.name);
        for word in &self.args {
            text.push(' ');
            text.push_str(&super::print::word(word));
        }
        text
    }
}
