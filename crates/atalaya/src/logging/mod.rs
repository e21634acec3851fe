//! What the process says about itself while it runs: one line for each event on standard error (for a
//! person on a terminal, JSON elsewhere), and the same as JSON in a file if one is named. A log that
//! cannot be written is never a reason to stop, to wait or to panic.
//!
//! JSON lines are flat: `timestamp`, `level`, `target`, `message`, then the event's own fields under their
//! dotted names. Tokens and secrets have types that print as `***`.

mod file;
mod line;

use std::{
    io::{self, IsTerminal},
    path::Path,
    sync::Arc,
};

use anyhow::Result;
use tracing_subscriber::{
    EnvFilter, Layer, Registry, fmt,
    layer::{Layered, SubscriberExt},
    util::SubscriberInitExt,
};

pub use self::file::LogFile;
use self::line::{JsonLine, TerminalLine};
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

    fn to_layer(&self) -> EnvFilter {
        EnvFilter::new(&self.0)
    }
}

fn is_level(word: &str) -> bool {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    LEVELS.iter().any(|level| word.eq_ignore_ascii_case(level))
}

/// Starts logging for `serve`. Gives the file, so that SIGHUP can have it reopened.
pub fn start_for_server(logs: &Logs) -> Result<Option<Arc<LogFile>>> {
    let file = match &logs.file {
        Some(path) => Some(Arc::new(
            LogFile::open(path).map_err(|error| cannot_open(path, &error))?,
        )),
        None => None,
    };
    let lines = file.clone().map(|file| json_layer(file::Lines(file)));
    subscriber(&logs.filter)
        .with(lines)
        .with(standard_error(logs))
        .init();
    log_panics();
    Ok(file)
}

/// Starts logging for a command that a person runs: only what went wrong, unless they asked for more.
pub fn start_for_command(logs: &Logs) {
    let quiet = Filter("warn".to_owned());
    let filter = if logs.filter_is_given {
        &logs.filter
    } else {
        &quiet
    };
    subscriber(filter).with(standard_error(logs)).init();
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

fn subscriber(filter: &Filter) -> Layered<EnvFilter, Registry> {
    tracing_subscriber::registry().with(filter.to_layer())
}

fn standard_error<S>(logs: &Logs) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a> + Send + Sync,
{
    let on_terminal = io::stderr().is_terminal();
    let format = logs.format.unwrap_or(if on_terminal {
        Format::Pretty
    } else {
        Format::Json
    });
    match format {
        Format::Json => json_layer(io::stderr),
        Format::Pretty => fmt::layer()
            .event_format(TerminalLine)
            .with_ansi(crate::output::colours_suit(&io::stderr()))
            .log_internal_errors(false)
            .with_writer(io::stderr)
            .boxed(),
    }
}

/// Internal errors are not reported: the library would print them to standard error, and panic when that
/// cannot be written either.
fn json_layer<S, W>(writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a> + Send + Sync,
    W: for<'a> fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    fmt::layer()
        .fmt_fields(fmt::format::JsonFields::new())
        .event_format(JsonLine)
        .with_ansi(false)
        .log_internal_errors(false)
        .with_writer(writer)
        .boxed()
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
