//! Text to tokens, by the rules of nginx's own reader (`ngx_conf_read_token` in `src/core/ngx_conf_file.c`).
//!
//! A word ends at white space, `;` or `{`; a `}` or `#` inside a word is part of it; `${name}` does not open a
//! block; after a quoted word must come white space, `;`, `{` or `)`. What nginx refuses is a token too
//! ([`Kind::Unexpected`]), so that reading can go on.

use crate::finding::Span;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word {
        text: String,
        quoted: bool,
    },
    Semicolon,
    Open,
    Close,
    /// A character after a closing quote that may not stand there.
    Unexpected(char),
    /// A quote that is never closed: the character.
    Unclosed(char),
}

/// What some editors put at the start of a file.
pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        // nginx takes a byte order mark for the start of a word; the parser refuses it by its name.
        let at = if text.starts_with(BYTE_ORDER_MARK) {
            BYTE_ORDER_MARK.len_utf8()
        } else {
            0
        };
        Self { text, at }
    }

    /// The next token; `None` at the end of the text.
    pub(super) fn next(&mut self) -> Option<Token> {
        self.skip_blanks();
        let start = self.at;
        let kind = match self.peek()? {
            ';' => self.single(Kind::Semicolon),
            '{' => self.single(Kind::Open),
            '}' => self.single(Kind::Close),
            quote @ ('"' | '\'') => self.quoted(quote),
            _ => self.plain(),
        };
        let span = Span {
            start,
            end: self.at,
        };
        Some(Token { kind, span })
    }

    /// Takes everything up to the brace that closes a Lua block, whose opening brace was the last token.
    /// `None` if it is never closed; the text is then used up.
    pub(super) fn opaque(&mut self) -> Option<&'t str> {
        let start = self.at;
        let mut depth = 0_usize;
        while let Some(character) = self.peek() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => {
                    let inner = &self.text[start..self.at];
                    self.at += 1;
                    return Some(inner);
                }
                '}' => depth -= 1,
                '"' | '\'' => {
                    self.skip_lua_string(character);
                    continue;
                }
                '-' if self.rest().starts_with("--") => {
                    self.skip_lua_comment();
                    continue;
                }
                '[' if self.rest().starts_with("[[") => {
                    self.skip_past("]]");
                    continue;
                }
                _ => {}
            }
            self.at += character.len_utf8();
        }
        None
    }

    /// How far it has read, in bytes.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// Reads on from there.
    pub(super) fn go_to(&mut self, offset: usize) {
        self.at = offset;
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn single(&mut self, kind: Kind) -> Kind {
        self.at += 1;
        kind
    }

    fn skip_blanks(&mut self) {
        while let Some(character) = self.peek() {
            if character == '#' {
                let line = self.rest().find('\n').unwrap_or(self.rest().len());
                self.at += line;
            } else if is_blank(character) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    fn plain(&mut self) -> Kind {
        let start = self.at;
        let mut after_dollar = false;
        while let Some(character) = self.peek() {
            let opens_variable = after_dollar && character == '{';
            if !opens_variable && (is_blank(character) || matches!(character, ';' | '{')) {
                break;
            }
            after_dollar = character == '$';
            self.at += character.len_utf8();
            if character == '\\' {
                self.skip_one();
            }
        }
        Kind::Word {
            text: unescape(&self.text[start..self.at]),
            quoted: false,
        }
    }

    fn quoted(&mut self, quote: char) -> Kind {
        self.at += 1;
        let start = self.at;
        while let Some(character) = self.peek() {
            if character == quote {
                let text = unescape(&self.text[start..self.at]);
                self.at += 1;
                return self.after_quote(text);
            }
            self.at += character.len_utf8();
            if character == '\\' {
                self.skip_one();
            }
        }
        Kind::Unclosed(quote)
    }

    fn after_quote(&mut self, text: String) -> Kind {
        match self.peek() {
            Some(character) if !is_blank(character) && !matches!(character, ';' | '{' | ')') => {
                self.at += character.len_utf8();
                Kind::Unexpected(character)
            }
            _ => Kind::Word { text, quoted: true },
        }
    }

    fn skip_one(&mut self) {
        if let Some(character) = self.peek() {
            self.at += character.len_utf8();
        }
    }

    fn skip_past(&mut self, end: &str) {
        self.at += self
            .rest()
            .find(end)
            .map_or(self.rest().len(), |found| found + end.len());
    }

    fn skip_lua_string(&mut self, quote: char) {
        self.at += 1;
        while let Some(character) = self.peek() {
            self.at += character.len_utf8();
            match character {
                '\\' => self.skip_one(),
                '\n' => return,
                _ if character == quote => return,
                _ => {}
            }
        }
    }

    fn skip_lua_comment(&mut self) {
        if self.rest().starts_with("--[[") {
            self.skip_past("]]");
        } else {
            self.skip_past("\n");
        }
    }
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

/// Takes the backslash off `\"`, `\'` and `\\`, and makes `\t`, `\r`, `\n` what they say; any other stays.
fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut characters = raw.chars().peekable();
    while let Some(character) = characters.next() {
        let replaced = match (character, characters.peek()) {
            ('\\', Some(&next @ ('"' | '\'' | '\\'))) => Some(next),
            ('\\', Some('t')) => Some('\t'),
            ('\\', Some('r')) => Some('\r'),
            ('\\', Some('n')) => Some('\n'),
            _ => None,
        };
        match replaced {
            Some(replacement) => {
                characters.next();
                text.push(replacement);
            }
            None => text.push(character),
        }
    }
    text
}
