//! The only place that prints. Results go to standard output, for a person or as JSON; what went wrong
//! goes to standard error as a short story (what we were doing, what went wrong, what to try). Colours are
//! quiet, only on a terminal, and never with `NO_COLOR`. A reader that has heard enough (a closed pipe) is
//! no failure.

use std::{
    env, fmt,
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use serde::Serialize;
use serde_json::json;
use thiserror::Error;

use crate::{config::Mistake, language::Language};

/// The process's exit codes; scripts rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It ran, and the answer is no: no such user, a name that is taken, a refused notification.
    No = 1,
    /// It could not run: a wrong setting, no database, no server.
    CouldNotRun = 2,
}

/// A failure as told to a person.
#[derive(Debug, Error)]
#[error("{doing}: {wrong}")]
pub struct Failure {
    pub exit: Exit,
    pub doing: String,
    pub wrong: String,
    /// Commands or changes, one a line.
    pub to_try: Vec<String>,
}

impl Failure {
    pub fn could_not_run(doing: impl Into<String>, wrong: impl fmt::Display) -> Self {
        Self::new(Exit::CouldNotRun, doing, wrong)
    }

    pub fn no(doing: impl Into<String>, wrong: impl fmt::Display) -> Self {
        Self::new(Exit::No, doing, wrong)
    }

    fn new(exit: Exit, doing: impl Into<String>, wrong: impl fmt::Display) -> Self {
        Self {
            exit,
            doing: doing.into(),
            wrong: wrong.to_string(),
            to_try: Vec::new(),
        }
    }

    /// Adds something to try.
    pub fn try_this(mut self, what: impl Into<String>) -> Self {
        self.to_try.push(what.into());
        self
    }
}

/// Whoever read our output has gone.
#[derive(Debug, Error)]
#[error("standard output: {0}")]
pub struct OutputClosed(#[from] io::Error);

/// How a command's result is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Person,
    Json,
}

impl Style {
    pub fn of(json: bool) -> Self {
        if json { Self::Json } else { Self::Person }
    }

    /// Prints the result: `value` as one line of JSON, or the words.
    pub fn print(
        self,
        value: &impl Serialize,
        words: impl FnOnce(Paint) -> String,
    ) -> Result<(), OutputClosed> {
        match self {
            Self::Person => print(&words(Paint::for_stdout())),
            Self::Json => print(&format!("{}\n", to_json(value))),
        }
    }
}

/// Writes text to standard output at once.
pub fn print(text: &str) -> Result<(), OutputClosed> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("our own results are plain values with text keys")
}

/// Whether escape codes are welcome there.
pub fn colours_suit(stream: &impl IsTerminal) -> bool {
    let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    stream.is_terminal() && !refused && !dumb
}

/// Whether a person sees standard output.
pub fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether a person sees standard error.
pub fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Colours, or their absence.
#[derive(Clone, Copy)]
pub struct Paint(bool);

impl Paint {
    pub fn for_stdout() -> Self {
        Self(colours_suit(&io::stdout()))
    }

    /// For a test, whatever it runs in.
    #[cfg(test)]
    pub fn none() -> Self {
        Self(false)
    }

    fn for_stderr() -> Self {
        Self(colours_suit(&io::stderr()))
    }

    pub fn bold(self, text: impl fmt::Display) -> String {
        self.code("1", text)
    }

    pub fn dim(self, text: impl fmt::Display) -> String {
        self.code("2", text)
    }

    pub fn good(self, text: impl fmt::Display) -> String {
        self.code("32", text)
    }

    pub fn bad(self, text: impl fmt::Display) -> String {
        self.code("31", text)
    }

    fn code(self, code: &str, text: impl fmt::Display) -> String {
        if self.0 {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }
}

/// Rows under headings, each column as wide as its widest cell; the last one is not padded.
pub fn table(paint: Paint, headings: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells
            .chain([headings[column].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let padded = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut text = format!("{}\n", paint.dim(line(headings.to_vec())));
    for row in rows {
        text.push_str(&line(row.iter().map(String::as_str).collect()));
        text.push('\n');
    }
    text
}

/// Ends a command: what to say of its failure, and the code to exit with.
pub fn finish(result: anyhow::Result<()>, style: Style) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    if let Some(OutputClosed(cause)) = error.downcast_ref()
        && cause.kind() == io::ErrorKind::BrokenPipe
    {
        return ExitCode::SUCCESS;
    }
    let failure = error.downcast::<Failure>().unwrap_or_else(|error| {
        let causes: Vec<_> = error.chain().skip(1).map(ToString::to_string).collect();
        Failure::could_not_run(error.to_string(), causes.join(": "))
    });
    tell(&match style {
        Style::Person => story(&failure, Paint::for_stderr(), Language::of_environment()),
        Style::Json => format!("{}\n", failure_as_json(&failure)),
    });
    ExitCode::from(failure.exit as u8)
}

/// Standard error may be closed or full; then there is nobody left to tell.
pub fn tell(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

fn failure_as_json(failure: &Failure) -> serde_json::Value {
    json!({"error": {"doing": failure.doing, "wrong": failure.wrong, "try": failure.to_try}})
}

fn story(failure: &Failure, paint: Paint, language: Language) -> String {
    let mut text = format!("{} {}\n", paint.bad("error:"), paint.bold(&failure.doing));
    let labels = [
        language.pick("what went wrong", "qué ha pasado"),
        language.pick("what to try", "qué probar"),
    ];
    let width = labels
        .iter()
        .map(|label| label.chars().count())
        .max()
        .unwrap_or(0);
    let mut paragraph = |label: &str, lines: &[String]| {
        for (index, line) in lines.iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            text.push_str(&format!(
                "  {}  {line}\n",
                paint.dim(format!("{label:<width$}"))
            ));
        }
    };
    let wrong: Vec<String> = failure.wrong.lines().map(str::to_owned).collect();
    paragraph(labels[0], &wrong);
    paragraph(labels[1], &failure.to_try);
    text
}

/// Every mistake of the configuration at once.
pub fn tell_mistakes(mistakes: &[Mistake], style: Style) -> ExitCode {
    let paint = Paint::for_stderr();
    let language = Language::of_environment();
    let text = match style {
        Style::Json => {
            let mistakes: Vec<_> = mistakes
                .iter()
                .map(|mistake| json!({"wrong": mistake.wrong, "allowed": mistake.allowed}))
                .collect();
            format!(
                "{}\n",
                json!({"error": {"doing": "reading the configuration", "mistakes": mistakes}})
            )
        }
        Style::Person => mistakes_in_words(mistakes, paint, language),
    };
    tell(&text);
    ExitCode::from(Exit::CouldNotRun as u8)
}

fn mistakes_in_words(mistakes: &[Mistake], paint: Paint, language: Language) -> String {
    let count = match mistakes.len() {
        1 => language.pick("1 mistake", "1 error").to_owned(),
        many => format!("{many} {}", language.pick("mistakes", "errores")),
    };
    let headline = language.pick("the configuration has", "la configuración tiene");
    let mut text = format!(
        "{} {}\n",
        paint.bad("error:"),
        paint.bold(format!("{headline} {count}"))
    );
    for Mistake { wrong, allowed } in mistakes {
        text.push_str(&format!("\n  {wrong}\n    {}\n", paint.dim(allowed)));
    }
    text
}
