//! How an event looks to a person: a short coloured line on standard error.

use std::{fmt, io};

use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, MakeWriter, format::Writer},
    registry::LookupSpan,
};

use super::{
    json::level_name,
    sink::{self, Sink},
    timestamp::now,
};

/// `21:39:24.123  info  listening  address=127.0.0.1:3001`
pub(super) struct TerminalLine;

impl<S, N> FormatEvent<S, N> for TerminalLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let level = *event.metadata().level();
        let (dim, colour, plain) = if writer.has_ansi_escapes() {
            ("\x1b[2m", colour_of(level), "\x1b[0m")
        } else {
            ("", "", "")
        };
        let (time, level) = (now().with_timezone(&chrono::Local), level_name(level));
        let time = time.format("%H:%M:%S%.3f");
        write!(writer, "{dim}{time}{plain}  {colour}{level:<5}{plain}  ")?;
        context
            .field_format()
            .format_fields(writer.by_ref(), event)?;
        for span in context
            .event_scope()
            .into_iter()
            .flat_map(|scope| scope.from_root())
        {
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>() {
                write!(writer, " {dim}{fields}{plain}")?;
            }
        }
        writeln!(writer)
    }
}

fn colour_of(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[36m",
        Level::DEBUG | Level::TRACE => "\x1b[2m",
    }
}

/// How the library asks for a writer.
pub(super) struct Lines(pub(super) Sink);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(&self.0, Level::INFO)
    }

    fn make_writer_for(&'a self, about: &Metadata<'_>) -> Line<'a> {
        Line(&self.0, *about.level())
    }
}

/// One event: the library hands over a whole line in one call.
pub(super) struct Line<'a>(&'a Sink, Level);

impl io::Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        sink::write(std::slice::from_ref(self.0), line, self.1);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
