//! What the process says about itself while it runs: one line for each event on standard error (for a
//! person on a terminal, JSON elsewhere), and the same as JSON in a file if one is named. A log that
//! cannot be written is never a reason to stop, to wait or to panic.
//!
//! An event is formatted by `json` or `terminal` and appended to the `sink` of each place that takes this
//! format; a thread of the sink writes to its `destination`.
//!
//! JSON lines are flat: `timestamp`, `level`, `target`, `message`, then the event's own fields under their
//! dotted names. Tokens and secrets have types that print as `***`.

mod destination;
mod file;
mod json;
mod object;
mod sink;
mod terminal;
mod timestamp;

use std::{
    io::{self, IsTerminal},
    path::Path,
};

use anyhow::Result;
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer, fmt, layer::SubscriberExt, registry::LookupSpan, util::SubscriberInitExt,
};

use self::{
    destination::Destination,
    json::JsonLines,
    sink::Sink,
    terminal::{Lines, TerminalLine},
};
use crate::{config::Logs, output::Failure};

/// How standard error looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Pretty,
    Json,
}

/// Which events are worth a line; known to parse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(String);

impl Filter {
    /// A level, or a list of levels for targets. A bare word that is no level is refused: the library
    /// would take a mistyped level for the name of a target, and log next to nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let mut directives = text.split(',').map(str::trim);
        let clear = |directive: &str| is_level(directive) || directive.contains('=');
        let clear = !text.trim().is_empty() && directives.all(clear);
        (clear && EnvFilter::builder().parse(text).is_ok()).then(|| Self(text.to_owned()))
    }
}

fn is_level(word: &str) -> bool {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    LEVELS.iter().any(|level| word.eq_ignore_ascii_case(level))
}

/// The log while it runs. What is pending is written out when this is dropped.
pub struct Log(Vec<Sink>);

impl Log {
    /// Has the log file opened anew.
    pub fn reopen(&self) {
        self.0.iter().for_each(Sink::reopen);
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.0.iter().for_each(Sink::flush);
    }
}

/// Starts logging for `serve`.
pub fn start_for_server(logs: &Logs) -> Result<Log> {
    let mut sinks = Vec::new();
    if let Some(path) = &logs.file {
        let file = Destination::file(path).map_err(|error| cannot_open(path, &error))?;
        sinks.push(Sink::start("log-file", file, false).map_err(cannot_start)?);
    }
    let log = start(&logs.filter, sinks, logs).map_err(cannot_start)?;
    log_panics();
    Ok(log)
}

/// Starts logging for a command that a person runs: only what went wrong, unless they asked for more.
pub fn start_for_command(logs: &Logs) -> Result<Log> {
    let quiet = Filter("warn".to_owned());
    let filter = if logs.filter_is_given {
        &logs.filter
    } else {
        &quiet
    };
    Ok(start(filter, Vec::new(), logs).map_err(cannot_start)?)
}

fn cannot_open(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::could_not_run(format!("opening the log file {}", path.display()), error);
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => failure.try_this(format!(
            "make its folder, and let this user write there: mkdir -p {}",
            folder.display()
        )),
        _ => failure,
    }
}

fn cannot_start(error: io::Error) -> Failure {
    Failure::could_not_run("starting the log", error)
}

/// Starts logging to standard error, and as JSON to these.
fn start(filter: &Filter, mut json: Vec<Sink>, logs: &Logs) -> io::Result<Log> {
    let on_terminal = io::stderr().is_terminal();
    let format = logs.format.unwrap_or(if on_terminal {
        Format::Pretty
    } else {
        Format::Json
    });
    let standard_error = Destination::standard_error(format)?;
    let standard_error = Sink::start("log-stderr", standard_error, on_terminal)?;
    let mut log = Log(json.clone());
    log.0.push(standard_error.clone());
    let pretty = match format {
        Format::Pretty => Some(pretty(standard_error)),
        Format::Json => {
            json.push(standard_error);
            None
        }
    };
    tracing_subscriber::registry()
        .with(EnvFilter::new(&filter.0))
        .with((!json.is_empty()).then_some(JsonLines(json)))
        .with(pretty)
        .init();
    Ok(log)
}

/// Internal errors are not reported: the library would print them to standard error, and panic when that
/// cannot be written either.
fn pretty<S>(standard_error: Sink) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fmt::layer()
        .event_format(TerminalLine)
        .with_ansi(crate::output::colours_suit(&io::stderr()))
        .log_internal_errors(false)
        .with_writer(Lines(standard_error))
}

/// A panic of a task becomes a log line like any other, in the file too.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("no message");
        tracing::error!(
            panic.place = place,
            panic.message = message,
            "a task panicked"
        );
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_level_or_names_its_targets() {
        for right in [
            "info",
            "OFF",
            "warn,atalaya_gateway=debug",
            "atalaya_store=trace",
        ] {
            assert!(Filter::parse(right).is_some(), "{right}");
        }
        for wrong in ["", "inof", "verbose", "info,debugg", "atalaya=loud"] {
            assert!(Filter::parse(wrong).is_none(), "{wrong}");
        }
    }
}
