//! How one event looks as a line: flat JSON for programs, a short coloured line for a person.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields, FormattedFields,
        format::{JsonFields, Writer},
    },
    registry::LookupSpan,
};

/// `{"timestamp":"…","level":"info","target":"…","message":"…","session.id":7}`
pub(super) struct JsonLine;

impl<S> FormatEvent<S, JsonFields> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let about = event.metadata();
        let mut line = Fields::default();
        line.put("timestamp", timestamp());
        line.put("level", about.level().as_str().to_lowercase());
        line.put("target", about.target());
        // It has its place before the other fields, whatever the order in the code.
        line.put("message", "");
        for span in context
            .event_scope()
            .into_iter()
            .flat_map(|scope| scope.from_root())
        {
            if let Some(fields) = span.extensions().get::<FormattedFields<JsonFields>>() {
                line.put_all(fields);
            }
        }
        event.record(&mut line);
        let text = serde_json::to_string(&line).map_err(|_| fmt::Error)?;
        writeln!(writer, "{text}")
    }
}

/// The time as every line of JSON has it: RFC 3339, UTC, milliseconds.
pub(super) fn timestamp() -> String {
    now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// An event's fields in order, each name once, with the types that JSON has.
#[derive(Default)]
struct Fields(Vec<(String, Value)>);

impl Fields {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, there)) => *there = value.into(),
            None => self.0.push((name.to_owned(), value.into())),
        }
    }

    /// The fields of a span, which are kept as text.
    fn put_all(&mut self, span_fields: &str) {
        let fields = serde_json::from_str::<Map<String, Value>>(span_fields).unwrap_or_default();
        for (name, value) in fields {
            self.put(&name, value);
        }
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Visit for Fields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value);
    }

    fn record_error(&mut self, field: &Field, error: &(dyn std::error::Error + 'static)) {
        self.put(field.name(), in_full(error));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), format!("{value:?}"));
    }
}

/// An error with its causes: the last one is usually the one that helps.
fn in_full(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |said, cause| format!("{said}: {cause}"))
}

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
        let (dim, colour, plain) = if writer.has_ansi_escapes() {
            ("\x1b[2m", colour_of(*event.metadata().level()), "\x1b[0m")
        } else {
            ("", "", "")
        };
        let level = event.metadata().level().as_str().to_lowercase();
        let time = now().with_timezone(&chrono::Local).format("%H:%M:%S%.3f");
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

#[expect(
    clippy::disallowed_methods,
    reason = "a log line says when it was written; nothing is decided by it"
)]
fn now() -> DateTime<Utc> {
    Utc::now()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn json_of(log: impl FnOnce()) -> String {
        let captured = Captured::default();
        let writer = captured.clone();
        let layer = crate::logging::json_layer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        let bytes = captured.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_json_line_is_flat_with_dotted_names_and_types() {
        let line = json_of(|| {
            let span = tracing::info_span!("connection", session.id = 7);
            let _inside = span.enter();
            let cause = std::io::Error::other("connection reset");
            tracing::warn!(
                user.id = 27,
                active = true,
                error = &cause as &dyn std::error::Error,
                "session closed: \"{}\"",
                "transport_close"
            );
        });
        let (head, rest) = line.split_at(39);
        assert_eq!(&head[..14], "{\"timestamp\":\"");
        assert!(head.ends_with("Z\""), "{head}");
        insta::assert_snapshot!(rest, @r#","level":"warn","target":"atalaya::logging::line::tests","message":"session closed: \"transport_close\"","session.id":7,"user.id":27,"active":true,"error":"connection reset"}"#);
    }

    #[test]
    fn a_line_break_in_a_field_stays_inside_the_line() {
        let line = json_of(|| tracing::info!(user.agent = "curl\n{}", "session opened"));
        assert_eq!(line.lines().count(), 1);
        assert_eq!(
            serde_json::from_str::<Value>(&line).unwrap()["user.agent"],
            "curl\n{}"
        );
    }
}
