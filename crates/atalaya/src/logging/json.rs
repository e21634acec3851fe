//! Each event as one line of flat JSON, formatted once and handed to every sink that takes JSON. It is
//! written straight into a buffer of the thread: a line is one of the costs of every connection.

use std::cell::RefCell;

use tracing::{
    Event, Level, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    layer::{Context, Layer},
    registry::LookupSpan,
};

use super::{
    object::Object,
    sink::{self, Sink},
    timestamp::{Timestamp, now},
};

/// `{"timestamp":"…","level":"info","target":"…","message":"…","session.id":7}`
pub(super) struct JsonLines(pub(super) Vec<Sink>);

/// The fields of a span, ready to be put into the lines inside it.
struct SpanFields(Object);

impl<S> Layer<S> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Object::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(SpanFields(fields));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(SpanFields(fields)) = span.extensions_mut().get_mut()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        with_desk(|desk| {
            let line = desk.format(event, &context);
            sink::write(&self.0, line, *event.metadata().level());
        });
    }
}

/// What a thread needs to format lines, used again for each.
#[derive(Default)]
struct Desk {
    line: Object,
    time: Timestamp,
}

impl Desk {
    fn format<S>(&mut self, event: &Event<'_>, context: &Context<'_, S>) -> &[u8]
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let about = event.metadata();
        let line = &mut self.line;
        line.clear();
        line.put("timestamp", self.time.text_of(now()));
        line.put("level", level_name(*about.level()));
        line.put("target", about.target());
        // It has its place before the other fields, whatever the order in the code.
        line.put("message", "");
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(|scope| scope.from_root())
        {
            if let Some(SpanFields(fields)) = span.extensions().get() {
                line.put_all(fields);
            }
        }
        event.record(line);
        line.finish_line()
    }
}

fn with_desk(work: impl Fn(&mut Desk)) {
    thread_local! {
        static DESK: RefCell<Desk> = RefCell::default();
    }
    let done = DESK.try_with(|desk| desk.try_borrow_mut().map(|mut desk| work(&mut desk)));
    // The thread is ending, or it logs while it formats a line: a field that says something, or panics.
    if !matches!(done, Ok(Ok(()))) {
        work(&mut Desk::default());
    }
}

pub(super) fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::logging::destination::Destination;

    fn lines_of(log: impl FnOnce()) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        let sink = Sink::start("log-test", Destination::file(&path).unwrap(), false).unwrap();
        let layer = JsonLines(vec![sink.clone()]);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        sink.flush();
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_line_is_flat_with_dotted_names_and_types() {
        let line = lines_of(|| {
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
        insta::assert_snapshot!(rest, @r#","level":"warn","target":"atalaya::logging::json::tests","message":"session closed: \"transport_close\"","session.id":7,"user.id":27,"active":true,"error":"connection reset"}"#);
    }

    #[test]
    fn a_line_break_in_a_field_stays_inside_the_line() {
        let line = lines_of(|| tracing::info!(user.agent = "curl\n{}", "session opened"));
        assert_eq!(line.lines().count(), 1);
        assert_eq!(
            serde_json::from_str::<Value>(&line).unwrap()["user.agent"],
            "curl\n{}"
        );
    }

    #[test]
    fn the_innermost_value_of_a_name_is_the_one_that_counts() {
        let line = lines_of(|| {
            let outer = tracing::info_span!("outer", a = 1, b = 1, late = tracing::field::Empty);
            let _outer = outer.enter();
            let _inner = tracing::info_span!("inner", b = 2, c = 2).entered();
            outer.record("late", 9);
            tracing::info!(c = 3, ratio = 0.5, shown = ?Some("\n"));
        });
        let (_, fields) = line.split_once("\"message\"").unwrap();
        assert_eq!(
            fields,
            ":\"\",\"a\":1,\"b\":2,\"late\":9,\"c\":3,\"ratio\":0.5,\"shown\":\"Some(\\\"\\\\n\\\")\"}\n"
        );
    }

    /// As a panic in a field's own `Display` does, which is logged as well.
    #[test]
    fn a_line_that_comes_while_another_is_formatted_does_not_touch_it() {
        with_desk(|outside| {
            outside.line.put("half", "done");
            with_desk(|inside| assert_eq!(inside.line.finish_line(), b"}\n"));
            assert_eq!(outside.line.finish_line(), b"{\"half\":\"done\"}\n");
        });
    }
}
