//! What a person reads, in English and in Spanish, side by side: nothing can be said in one of them alone.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    Spanish,
}

/// A sentence, or a part of one, in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    english: String,
    spanish: String,
}

/// A text that is known from the start.
#[derive(Clone, Copy, Debug)]
pub struct Title {
    pub english: &'static str,
    pub spanish: &'static str,
}

impl Language {
    /// One of two wordings.
    pub fn pick<'t>(self, english: &'t str, spanish: &'t str) -> &'t str {
        match self {
            Self::English => english,
            Self::Spanish => spanish,
        }
    }
}

impl Text {
    pub(crate) fn new(english: String, spanish: String) -> Self {
        Self { english, spanish }
    }

    /// What no language changes: code, names, the words of a program.
    pub(crate) fn same(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::new(text.clone(), text)
    }

    pub fn of(&self, language: Language) -> &str {
        language.pick(&self.english, &self.spanish)
    }

    pub fn is_empty(&self) -> bool {
        self.english.is_empty()
    }
}

impl Title {
    pub fn of(self, language: Language) -> &'static str {
        language.pick(self.english, self.spanish)
    }
}

/// A [`Text`]: the English format, the Spanish one, what stands in both (`name = value`), and after a semicolon what
/// is a text itself (`name = text`).
macro_rules! say {
    ($english:literal, $spanish:literal $(, $name:ident = $value:expr)* $(; $($part:ident = $text:expr),+)?) => {{
        $(let $name = &$value;)*
        let english = {
            $($(let $part = &$text; let $part = $part.of($crate::language::Language::English);)+)?
            format!($english)
        };
        let spanish = {
            $($(let $part = &$text; let $part = $part.of($crate::language::Language::Spanish);)+)?
            format!($spanish)
        };
        $crate::language::Text::new(english, spanish)
    }};
}
