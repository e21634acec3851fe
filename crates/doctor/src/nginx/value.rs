//! A text of which parts may be unknown before a real request is there, such as `$remote_addr`.

use std::fmt;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Value(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    Text(String),
    /// The variable's name.
    Unknown(String),
}

impl Value {
    pub fn text(text: impl Into<String>) -> Self {
        let mut value = Self::default();
        value.push_str(&text.into());
        value
    }

    pub fn unknown(variable: &str) -> Self {
        Self(vec![Part::Unknown(variable.to_owned())])
    }

    pub fn push_str(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.0.last_mut() {
            Some(Part::Text(last)) => last.push_str(text),
            _ => self.0.push(Part::Text(text.to_owned())),
        }
    }

    pub fn push(&mut self, other: Self) {
        for part in other.0 {
            match part {
                Part::Text(text) => self.push_str(&text),
                unknown @ Part::Unknown(_) => self.0.push(unknown),
            }
        }
    }

    /// The whole text, if all of it is known.
    pub fn known(&self) -> Option<&str> {
        match &self.0[..] {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// What is known before the first unknown part.
    pub fn known_start(&self) -> &str {
        match self.0.first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// The same without its first bytes, which must be known text.
    pub fn without_start(&self, length: usize) -> Self {
        let mut rest = Self::text(&self.known_start()[length..]);
        let skip = usize::from(matches!(self.0.first(), Some(Part::Text(_))));
        rest.push(Self(self.0[skip..].to_vec()));
        rest
    }

    /// What stands before the first such character of what is known, and what begins with it.
    pub fn cut_at(&self, wanted: char) -> Option<(Self, Self)> {
        let place = |part: &Part| match part {
            Part::Text(text) => text.find(wanted),
            Part::Unknown(_) => None,
        };
        let part = self.0.iter().position(|part| place(part).is_some())?;
        let at = place(&self.0[part])?;
        let end = Self(self.0[part..].to_vec());
        let mut start = Self(self.0[..part].to_vec());
        start.push_str(&end.known_start()[..at]);
        Some((start, end.without_start(at)))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The variables that are not known.
    pub fn unknowns(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Unknown(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.0 {
            match part {
                Part::Text(text) => f.write_str(text)?,
                Part::Unknown(name) => write!(f, "${{{name}}}")?,
            }
        }
        Ok(())
    }
}
