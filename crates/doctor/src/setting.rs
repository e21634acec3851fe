//! A value that a file gives, and where it stands there.

use crate::{
    document::Document,
    finding::{Edit, Place, Span},
};

/// A value, and the variable that holds it, if it has a name.
#[derive(Clone, Debug)]
pub struct Setting {
    pub name: Option<String>,
    pub value: String,
    pub place: Place,
    /// Whether the value stands in the file as it is, so that it may be replaced there.
    pub is_literal: bool,
    /// Whether nothing outside of the file decides it.
    pub is_certain: bool,
    /// Whether it holds while the environment says nothing else.
    pub is_default: bool,
}

impl Setting {
    /// Whether the variable's name says that it is about sockets.
    pub fn is_socket(&self) -> bool {
        self.name.as_deref().is_some_and(is_of_sockets)
    }

    /// Whether the variable's name says so of Socket.IO's.
    pub fn is_socket_io(&self) -> bool {
        self.name.as_deref().is_some_and(is_of_socket_io)
    }

    /// Whether the variable's name says that it is about sockets or the API, and not for developers.
    pub(crate) fn is_plain(&self) -> bool {
        self.name.as_deref().is_some_and(is_plain)
    }

    /// Whether one of the words of the variable's name is this.
    pub fn is_named(&self, word: &str) -> bool {
        let name = self.name.as_deref().unwrap_or_default();
        words(name).any(|part| part.eq_ignore_ascii_case(word))
    }

    /// Puts another value there.
    pub fn replaced_by(&self, value: &str) -> Edit {
        Edit {
            file: self.place.file.clone(),
            span: self.place.span,
            text: value.to_owned(),
        }
    }

    /// The last so many bytes of the value.
    pub(crate) fn ending(&self, length: usize) -> Self {
        let mut ending = self.clone();
        ending.value.drain(..self.value.len() - length);
        if self.is_literal {
            let before = self.value.len() - length;
            ending.place.span.start += before;
            ending.place.column += self.value[..before].chars().count() as u32;
        }
        ending
    }

    /// The words of the value, each with its place, without quotes around them.
    pub(crate) fn words(&self, document: &Document) -> Vec<Self> {
        let mut words = Vec::new();
        let mut end = 0;
        for word in self.value.split_whitespace() {
            let bare = word.trim_matches(['"', '\'']);
            let start = end + self.value[end..].find(bare).unwrap_or_default();
            end = start + bare.len();
            let place = match self.is_literal {
                true => document.place(Span {
                    start: self.place.span.start + start,
                    end: self.place.span.start + end,
                }),
                false => self.place.clone(),
            };
            words.push(Self {
                name: None,
                value: bare.to_owned(),
                place,
                ..*self
            });
        }
        words
    }
}

/// What names of values for sockets have among their words.
const SOCKETS: [&str; 8] = [
    "WS",
    "WSS",
    "SOCKET",
    "SOCKETS",
    "SOCKETIO",
    "WEBSOCKET",
    "IO",
    "REALTIME",
];

/// The same for what else the back end serves.
const BACK_END: [&str; 6] = ["API", "BACKEND", "BACK", "SERVER", "GRAPHQL", "GATEWAY"];

/// Words of names that are for developers, or for what runs beside the browser.
const ELSEWHERE: [&str; 16] = [
    "DEV",
    "DEVELOPMENT",
    "PROXY",
    "STORYBOOK",
    "MOCK",
    "MOCKS",
    "MSW",
    "TEST",
    "TESTS",
    "E2E",
    "CYPRESS",
    "PLAYWRIGHT",
    "PRINTER",
    "SCANNER",
    "DEBUG",
    "LOCAL",
];

/// Whether a name says that it is about sockets.
pub(crate) fn is_of_sockets(name: &str) -> bool {
    has_word(name, &SOCKETS)
}

/// Whether a name says so of Socket.IO's.
pub(crate) fn is_of_socket_io(name: &str) -> bool {
    has_word(name, &["SOCKET", "SOCKETS", "SOCKETIO", "IO"])
}

/// Whether a name says that it is about sockets or the API, and not for developers.
pub(crate) fn is_plain(name: &str) -> bool {
    (has_word(name, &SOCKETS) || has_word(name, &BACK_END)) && !has_word(name, &ELSEWHERE)
}

/// Whether a name says that it is for developers, or for what runs beside the browser.
pub(crate) fn is_of_something_else(name: &str) -> bool {
    has_word(name, &ELSEWHERE)
}

fn has_word(name: &str, known: &[&str]) -> bool {
    words(name).any(|word| known.iter().any(|known| word.eq_ignore_ascii_case(known)))
}

/// The words of `SOCKET_URL`, `socket-url` or `socketUrl`.
fn words(name: &str) -> impl Iterator<Item = &str> {
    let parts = name.split(|c: char| !c.is_ascii_alphanumeric());
    parts.flat_map(|part| {
        let bytes = part.as_bytes();
        let humps = (1..bytes.len())
            .filter(|&at| bytes[at - 1].is_ascii_lowercase() && bytes[at].is_ascii_uppercase());
        let ends: Vec<usize> = humps.chain([part.len()]).collect();
        let mut start = 0;
        ends.into_iter().map(move |end| {
            let word = &part[start..end];
            start = end;
            word
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_by_their_words() {
        let all = |name| words(name).collect::<Vec<_>>();
        assert_eq!(all("VITE_SOCKET_URL"), ["VITE", "SOCKET", "URL"]);
        assert_eq!(all("socketURL"), ["socket", "URL"]);
        assert!(is_of_sockets("wsUrl") && is_plain("apiBase"));
        assert!(!is_of_sockets("newsUrl") && !is_plain("VITE_API_DEV_PROXY"));
    }

    #[test]
    fn a_word_stands_where_it_stands_in_the_value() {
        let text = "x=-c  \"npm run  é run\"";
        let document = Document {
            path: "/x".into(),
            real: "/x".into(),
            text: text.to_owned(),
        };
        let span = Span {
            start: 2,
            end: text.len(),
        };
        let setting = Setting {
            name: None,
            value: text[2..].to_owned(),
            place: document.place(span),
            is_literal: true,
            is_certain: true,
            is_default: false,
        };
        let words = setting.words(&document);
        let told: Vec<_> = words
            .iter()
            .map(|word| &text[word.place.span.start..word.place.span.end])
            .collect();
        assert_eq!(told, ["-c", "npm", "run", "é", "run"]);
        assert!(
            words
                .windows(2)
                .all(|pair| pair[0].place.span.end <= pair[1].place.span.start)
        );
    }
}
