//! A JavaScript file that says something by what it exports, read without being run. Literals, constants, spreads
//! and defaults are followed; what only running it could tell is [`Kind::Computed`].

mod evaluate;

use std::thread;

use oxc_allocator::Allocator;
use oxc_ast::ast::{Expression, Program, Statement};
use oxc_parser::Parser;
use oxc_span::SourceType;

use self::evaluate::Evaluator;
use crate::finding::Span;

/// No configuration is as long; with `STACK` it keeps a hostile one, nested without end, from ending the process.
pub(super) const MAX_BYTES: usize = 64 << 10;
/// Only what is used of it takes memory.
const STACK: usize = 512 << 20;

/// A value, and where it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    /// Of a text, without its quotes.
    pub(super) span: Span,
    pub(super) kind: Kind,
    /// Whether nothing outside of the file decides it, such as a variable of the environment.
    pub(super) is_certain: bool,
    /// Whether it holds while the environment says nothing else.
    pub(super) is_default: bool,
    /// Whether it stands at that place as it is, so that it may be replaced there.
    pub(super) is_literal: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Text(String),
    Number(f64),
    Bool(bool),
    /// `null` or `undefined`.
    Nothing,
    List(Vec<Node>),
    Object(Object),
    Computed,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Object {
    pub(super) fields: Vec<Field>,
    /// Whether it takes in something that is not known.
    pub(super) is_open: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    /// Name and value.
    pub(super) whole: Span,
    pub(super) value: Node,
}

/// Why the file cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) span: Span,
    pub(super) message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// `module.exports = …` or `export default …`.
    Module,
    /// JSON as PM2 takes it: comments, names without quotes and last commas are allowed.
    Json,
}

impl Node {
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn object(&self) -> Option<&Object> {
        match &self.kind {
            Kind::Object(object) => Some(object),
            _ => None,
        }
    }

    /// As an environment would hold it.
    pub(super) fn as_value(&self) -> Option<String> {
        match &self.kind {
            Kind::Text(text) => Some(text.clone()),
            Kind::Number(number) => Some(number.to_string()),
            Kind::Bool(on) => Some(on.to_string()),
            _ => None,
        }
    }
}

impl Object {
    /// The field of one of these names.
    pub(super) fn field(&self, names: &[&str]) -> Option<&Field> {
        let mut fields = self.fields.iter();
        fields.find(|field| names.contains(&field.name.as_str()))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.field(&[name]).map(|field| &field.value)
    }

    /// Puts a field in the place of one of the same name.
    pub(super) fn set(&mut self, field: Field) {
        self.fields.retain(|other| other.name != field.name);
        self.fields.push(field);
    }

    /// Takes in another object's fields, which win.
    pub(super) fn take_in(&mut self, node: &Node) {
        match &node.kind {
            Kind::Object(other) => {
                self.is_open |= other.is_open;
                other
                    .fields
                    .iter()
                    .cloned()
                    .for_each(|field| self.set(field));
            }
            Kind::Computed => {
                self.is_open = true;
                // Any of those so far may have another value in it.
                for field in &mut self.fields {
                    field.value.is_certain = false;
                    field.value.is_default = false;
                }
            }
            _ => {}
        }
    }
}

/// What the file exports. Nothing of it is run.
pub(super) fn read(text: &str, language: Language) -> Result<Node, Mistake> {
    if text.len() > MAX_BYTES {
        return Err(Mistake::whole(format!(
            "it is longer than {MAX_BYTES} bytes"
        )));
    }
    let in_brackets = format!("({text}\n)");
    let (source, kind) = match language {
        Language::Module => (Source::new(text, text, 0), SourceType::unambiguous()),
        Language::Json => (Source::new(&in_brackets, text, 1), SourceType::script()),
    };
    on_a_deep_stack(|| of_source(source, kind))
}

/// Runs a reader that calls itself for what is nested.
pub(super) fn on_a_deep_stack(
    read: impl FnOnce() -> Result<Node, Mistake> + Send,
) -> Result<Node, Mistake> {
    thread::scope(|scope| {
        let reader = thread::Builder::new().stack_size(STACK);
        let reader = reader.spawn_scoped(scope, read);
        reader.ok().and_then(|reader| reader.join().ok())
    })
    .unwrap_or_else(|| Err(Mistake::whole("its reader gave up".to_owned())))
}

impl Mistake {
    /// One that stands nowhere in particular.
    pub(super) fn whole(message: String) -> Self {
        Self {
            span: Span { start: 0, end: 0 },
            message,
        }
    }
}

/// A program, and where the file's own text stands in it.
#[derive(Clone, Copy)]
struct Source<'s> {
    program: &'s str,
    before: usize,
    length: usize,
}

impl<'s> Source<'s> {
    fn new(program: &'s str, text: &str, before: usize) -> Self {
        Self {
            program,
            before,
            length: text.len(),
        }
    }

    /// A piece of the program as a piece of the file.
    fn span(&self, start: u32, end: u32) -> Span {
        let inside = |at: u32| (at as usize).saturating_sub(self.before).min(self.length);
        Span {
            start: inside(start),
            end: inside(end),
        }
    }
}

fn of_source(source: Source<'_>, kind: SourceType) -> Result<Node, Mistake> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source.program, kind).parse();
    if let Some(first) = parsed.diagnostics.iter().next() {
        let label = first.labels.first();
        let (start, length) = label.map_or((0, 0), |label| (label.offset(), label.len()));
        return Err(Mistake {
            span: source.span(start, start + length),
            message: first.message.to_string(),
        });
    }
    let evaluator = Evaluator::new(source, &parsed.program);
    Ok(exported(&parsed.program, &evaluator, source.before > 0))
}

/// What `module.exports` is in the end; of JSON, its only value.
fn exported(program: &Program<'_>, evaluator: &Evaluator<'_>, is_json: bool) -> Node {
    let mut export = evaluator.computed(program);
    for statement in &program.body {
        match statement {
            Statement::ExpressionStatement(only) if is_json => {
                export = evaluator.value(&only.expression);
            }
            Statement::ExpressionStatement(statement) => {
                if let Expression::AssignmentExpression(assigned) = &statement.expression {
                    export = evaluator.assigned(export, assigned);
                }
            }
            Statement::ExportDefaultDeclaration(default) => {
                let expression = default.declaration.as_expression();
                export = expression.map_or(export, |expression| evaluator.value(expression));
            }
            _ => {}
        }
    }
    export
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn module(text: &str) -> Node {
        read(text, Language::Module).unwrap()
    }

    /// A field of what is exported, as text, and whether that is certain.
    fn field(text: &str, name: &str) -> Option<(String, bool)> {
        let node = module(text);
        let field = node.object()?.get(name)?.clone();
        Some((field.as_value()?, field.is_certain))
    }

    #[test]
    fn literals_constants_spreads_and_defaults_are_followed() {
        let text = "const port = 3000;\nconst common = { a: 'x', b: 1 };\n\
                    module.exports = { ...common, b: port, c: `p-${port}`, d: process.env.D || 'dev', \
                    e: 'a' + 'b', f: common.a, g: -1, h: !0, i: null ?? 2, 'j-k': true, l() {} }";
        let expected = [
            ("a", "x", true),
            ("b", "3000", true),
            ("c", "p-3000", true),
            ("d", "dev", false),
            ("e", "ab", true),
            ("f", "x", true),
            ("g", "-1", true),
            ("h", "true", true),
            ("i", "2", true),
            ("j-k", "true", true),
        ];
        for (name, value, certain) in expected {
            assert_eq!(
                field(text, name),
                Some((value.to_owned(), certain)),
                "{name}"
            );
        }
        assert_eq!(field(text, "l"), None);
    }

    #[test]
    fn every_way_to_export_is_known() {
        for text in [
            "module.exports = { a: 1 }",
            "exports = module.exports = { a: 1 }",
            "exports.a = 1",
            "module.exports.a = 1;",
            "export default { a: 1 }",
            "const x = { a: 1 };\nmodule.exports = x",
            "module.exports = Object.assign({}, { a: 2 }, { a: 1 })",
        ] {
            assert_eq!(field(text, "a"), Some(("1".to_owned(), true)), "{text}");
        }
        let json = read("{ // c\n a: 1, }", Language::Json).unwrap();
        assert_eq!(
            json.object().unwrap().get("a").unwrap().span,
            Span { start: 11, end: 12 }
        );
    }

    #[test]
    fn what_only_running_it_could_tell_is_computed() {
        for text in [
            "module.exports = require('./x')",
            "module.exports = [1].map(String)",
            "let a = 1; a = 2; module.exports = a",
            "const a = a; module.exports = a",
            "module.exports = process.argv[2] === 'x' ? 1 : 2",
            "",
        ] {
            assert_eq!(module(text).kind, Kind::Computed, "{text}");
        }
        let open = module("module.exports = { a: 1, ...process.env, b: 2 }");
        let object = open.object().unwrap();
        assert!(object.is_open);
        assert!(!object.get("a").unwrap().is_certain && object.get("b").unwrap().is_certain);
    }

    #[test]
    fn a_place_is_that_of_the_text_without_its_quotes() {
        let text = "module.exports = { a: 'é', b: \"x\\ty\" }";
        let node = module(text);
        let object = node.object().unwrap();
        let [a, b] = ["a", "b"].map(|name| object.get(name).unwrap());
        assert_eq!(&text[a.span.start..a.span.end], "é");
        assert!(a.is_literal && !b.is_literal);
    }

    #[test]
    fn what_node_would_refuse_is_a_mistake_at_its_place() {
        let mistake = read("module.exports = {\n  a: 1\n  b: 2\n}", Language::Module).unwrap_err();
        assert_eq!(mistake.span.start, 28);
        assert!(read("{ a: 1 ", Language::Json).is_err());
        assert!(read(&" ".repeat(MAX_BYTES + 1), Language::Module).is_err());
    }

    const PIECES: [&str; 28] = [
        "module.exports=",
        "export default ",
        "const b=",
        "b",
        ";",
        "\n",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ",",
        "a:",
        "'x'",
        "\"é\\n\"",
        "`é${",
        "}`",
        "...",
        "process.env.A",
        "||",
        "??",
        "&&",
        "+",
        "?",
        "1",
        "!",
        "Object.assign(",
    ];

    /// Whether every value stands at a place of the text.
    fn fits(node: &Node, text: &str) -> bool {
        let inner: Vec<&Node> = match &node.kind {
            Kind::List(list) => list.iter().collect(),
            Kind::Object(object) => object.fields.iter().map(|field| &field.value).collect(),
            _ => Vec::new(),
        };
        text.get(node.span.start..node.span.end).is_some()
            && inner.iter().all(|node| fits(node, text))
    }

    proptest! {
        #[test]
        fn any_text_is_read(pieces in proptest::collection::vec(0..PIECES.len(), 0..24)) {
            let text: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
            for language in [Language::Module, Language::Json] {
                match read(&text, language) {
                    Ok(node) => prop_assert!(fits(&node, &text)),
                    Err(Mistake { span, .. }) => prop_assert!(text.get(span.start..span.end).is_some()),
                }
            }
        }
    }

    #[test]
    fn nesting_without_end_does_not_end_the_process() {
        for piece in [
            "[",
            "(",
            "{",
            "!",
            "a=>",
            "-",
            "`${",
            "a?",
            "new ",
            "function f(){",
            "{a:",
            "x=>{",
            "a=[",
            "(a,",
        ] {
            let text = piece.repeat(MAX_BYTES / piece.len());
            assert!(read(&text, Language::Module).is_err(), "{piece}");
        }
        let closed = format!(
            "module.exports = {}{}",
            "[".repeat(30_000),
            "]".repeat(30_000)
        );
        assert!(read(&closed, Language::Module).is_ok());
    }
}
