//! Tokens to directives. A mistake is recorded with its place and nginx's words for it, and reading goes on.

use std::path::PathBuf;

use crate::{finding::Span, lines::Lines};

use super::{
    lexer::{BYTE_ORDER_MARK, Kind, Lexer, Token},
    tree::{Body, Directive, FileId, Pos, Word},
};

/// Deeper nesting than anybody writes; it keeps a hostile file from exhausting the stack.
const MAX_DEPTH: usize = 200;

/// What nginx would refuse, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    pub pos: Pos,
    pub message: String,
    /// The file that an `include` names and that cannot be read.
    pub missing: Option<PathBuf>,
}

/// A file's directives and everything in it that nginx would refuse.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    pub directives: Vec<Directive>,
    pub mistakes: Vec<Mistake>,
}

/// Reads one file's text. Never fails: what cannot be read is a mistake.
pub fn parse(text: &str, file: FileId) -> Parsed {
    let mut parser = Parser {
        lexer: Lexer::new(text),
        lines: Lines::new(text),
        file,
        mistakes: Vec::new(),
    };
    if text.starts_with(BYTE_ORDER_MARK) {
        let end = BYTE_ORDER_MARK.len_utf8();
        parser.refuse(
            Span { start: 0, end },
            "the file starts with a byte order mark, which it takes for a part of the first directive",
        );
    }
    let directives = parser.block(0);
    Parsed {
        directives,
        mistakes: parser.mistakes,
    }
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    lines: Lines<'t>,
    file: FileId,
    mistakes: Vec<Mistake>,
}

/// What ended a list of words.
enum End {
    Semicolon(usize),
    Open(Span),
    Nothing,
}

impl Parser<'_> {
    /// Reads up to the brace that closes this block, or to the end of the file where `depth` is 0.
    fn block(&mut self, depth: usize) -> Vec<Directive> {
        let mut directives = Vec::new();
        while let Some(token) = self.lexer.next() {
            match token.kind {
                Kind::Close if depth == 0 => self.refuse(token.span, "unexpected \"}\""),
                Kind::Close => return directives,
                Kind::Semicolon => self.refuse(token.span, "unexpected \";\""),
                Kind::Open => {
                    self.refuse(token.span, "unexpected \"{\"");
                    directives.extend(self.nested(depth));
                }
                Kind::Word { .. } => directives.extend(self.directive(token, depth)),
                Kind::Unexpected(_) | Kind::Unclosed(_) => self.refuse_token(&token),
            }
        }
        if depth > 0 {
            self.refuse_end("unexpected end of file, expecting \"}\"");
        }
        directives
    }

    fn nested(&mut self, depth: usize) -> Vec<Directive> {
        if depth < MAX_DEPTH {
            return self.block(depth + 1);
        }
        self.refuse_end("blocks are nested too deeply");
        while self.lexer.next().is_some() {}
        Vec::new()
    }

    fn directive(&mut self, name: Token, depth: usize) -> Option<Directive> {
        let mut span = name.span;
        let name = self.word(name)?;
        let (args, end) = self.arguments(&mut span);
        let (body, end) = match end {
            End::Semicolon(end) => (Body::None, end),
            End::Nothing => (Body::None, span.end),
            End::Open(open) => self.body(&name.text, open, depth),
        };
        let pos = self.pos(span);
        Some(Directive {
            name,
            args,
            body,
            pos,
            end,
        })
    }

    fn arguments(&mut self, span: &mut Span) -> (Vec<Word>, End) {
        let mut args = Vec::new();
        while let Some(token) = self.lexer.next() {
            match token.kind {
                Kind::Semicolon => return (args, End::Semicolon(token.span.end)),
                Kind::Open => return (args, End::Open(token.span)),
                Kind::Close => {
                    // A word of its own: nginx says so, and takes the block to go on. A person who forgot a
                    // `;` meant it to end here, so that is how the rest is read.
                    self.refuse(token.span, "unexpected \"}\"");
                    self.step_back(token.span);
                    return (args, End::Nothing);
                }
                Kind::Word { .. } => {
                    span.end = token.span.end;
                    args.extend(self.word(token));
                }
                Kind::Unexpected(_) | Kind::Unclosed(_) => self.refuse_token(&token),
            }
        }
        self.refuse_end("unexpected end of file, expecting \";\" or \"}\"");
        (args, End::Nothing)
    }

    fn body(&mut self, name: &str, open: Span, depth: usize) -> (Body, usize) {
        if !name.ends_with("_by_lua_block") {
            let children = self.nested(depth);
            let end = self.lexer.offset();
            return (Body::Block(children), end.saturating_sub(1));
        }
        let text = self.lexer.opaque().map(str::to_owned);
        if text.is_none() {
            self.refuse(open, "unexpected end of file, expecting \"}\"");
        }
        let end = self.lexer.offset().saturating_sub(1);
        (Body::Opaque(text.unwrap_or_default()), end)
    }

    fn word(&self, token: Token) -> Option<Word> {
        let Kind::Word { text, quoted } = token.kind else {
            return None;
        };
        let pos = self.pos(token.span);
        Some(Word { text, quoted, pos })
    }

    fn step_back(&mut self, span: Span) {
        self.lexer.go_to(span.start);
    }

    fn refuse_token(&mut self, token: &Token) {
        let message = match token.kind {
            Kind::Unexpected(character) => format!("unexpected \"{character}\""),
            Kind::Unclosed(quote) => {
                format!("unexpected end of file: this {quote} is never closed")
            }
            _ => return,
        };
        let end = token.span.end;
        let span = match token.kind {
            Kind::Unexpected(character) => Span {
                start: end - character.len_utf8(),
                end,
            },
            _ => Span {
                start: token.span.start,
                end: token.span.start + 1,
            },
        };
        self.refuse(span, &message);
    }

    fn refuse_end(&mut self, message: &str) {
        let end = self.lexer.offset();
        self.refuse(Span { start: end, end }, message);
    }

    fn refuse(&mut self, span: Span, message: &str) {
        let mistake = Mistake {
            pos: self.pos(span),
            message: message.to_owned(),
            missing: None,
        };
        // A brace that ends a directive is read a second time, as the end of its block.
        if self.mistakes.last() != Some(&mistake) {
            self.mistakes.push(mistake);
        }
    }

    fn pos(&self, span: Span) -> Pos {
        let (line, column) = self.lines.at(span.start);
        Pos {
            file: self.file,
            line,
            column,
            span,
        }
    }
}
