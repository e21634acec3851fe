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
}

impl Setting {
    /// Whether the variable's name says that it is about sockets.
    pub fn is_socket(&self) -> bool {
        ["WS", "WSS", "SOCKET", "SOCKETIO", "WEBSOCKET", "IO"]
            .iter()
            .any(|word| self.is_named(word))
    }

    /// Whether one of the words of the variable's name is this.
    pub fn is_named(&self, word: &str) -> bool {
        let name = self.name.as_deref().unwrap_or_default();
        name.split('_').any(|part| part.eq_ignore_ascii_case(word))
    }

    /// Puts another value there.
    pub fn replaced_by(&self, value: &str) -> Edit {
        Edit {
            file: self.place.file.clone(),
            span: self.place.span,
            text: value.to_owned(),
        }
    }

    /// The words of the value, each with its place, without quotes around them.
    pub(crate) fn words(&self, document: &Document) -> Vec<Self> {
        let words = self.value.split_whitespace().map(|word| {
            let bare = word.trim_matches(['"', '\'']);
            // A piece of a text is where its parent says.
            let start =
                self.place.span.start + (bare.as_ptr() as usize - self.value.as_ptr() as usize);
            let span = Span {
                start,
                end: start + bare.len(),
            };
            Self {
                name: None,
                value: bare.to_owned(),
                place: match self.is_literal {
                    true => document.place(span),
                    false => self.place.clone(),
                },
                ..*self
            }
        });
        words.collect()
    }
}
