//! `POST /api/notifications/batch`: many notifications in one request, a line of JSON each, and a line of the answer for
//! each as it commits (L4).
//!
//! A task reads, publishes and answers. Lines take their places in the store's queue one after the other, so that their ids
//! are in their order, and many are under way at once, so that they share commits. The answers go through a pipe with
//! room for a whole batch of usual ones: a client may send everything before it reads anything.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use atalaya_store::{NewNotification as New, PublishError, Publishing, Timestamp, UserId};
use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use bytes::BytesMut;
use futures_util::{StreamExt, stream, stream::FuturesOrdered};
use http::{HeaderName, header};
use serde::Serialize;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    time::timeout,
};
use utoipa::{IntoResponses, ToSchema};

use super::create::{NewNotification, NewNotificationBody, PUBLISHERS, Published, Scheduled};
use crate::{
    App,
    api::{
        body::{MAX_BODY_BYTES, parse, require_type},
        extract::Caller,
        ndjson::{End, Line, Lines, NDJSON},
        openapi::{NeedsRole, NeedsToken},
        problem::{Code, FieldError, Problem, ProblemBody},
    },
};

/// How many lines one request may have, blank ones included.
const MAX_LINES: u64 = 10_000;

/// How many lines are under way at once: enough to fill half of a commit, and a few MiB at most.
const UNDER_WAY: usize = 256;

/// How much of the answer may wait for a client that does not read. A usual line takes some 100 bytes.
const UNREAD_BYTES: usize = 4 * 1024 * 1024;

/// How long it may wait there before no more lines are read.
const UNREAD_LIMIT: Duration = Duration::from_secs(60);

/// What one line's mistakes may take in the answer: more than the fields that there are, and little for a line that
/// is nothing but unknown ones.
const MAX_ERRORS: usize = 32;
const MAX_MESSAGE_CHARS: usize = 2_000;

/// What became of one line.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = BatchResult)]
pub(crate) enum Outcome {
    Published(PublishedLine),
    Scheduled(ScheduledLine),
    Refused(RefusedLine),
}

/// A line whose notification is committed.
#[derive(Serialize, ToSchema)]
pub(crate) struct PublishedLine {
    /// Counted from 1, blank lines included.
    #[schema(examples(1))]
    line: u64,
    #[schema(examples(201))]
    status: u16,
    #[serde(flatten)]
    published: Published,
    /// There and true where the line's `idempotency_key` was known: this is the first answer to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    replayed: Option<bool>,
}

/// A line whose notification is committed for later.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScheduledLine {
    /// Counted from 1, blank lines included.
    #[schema(examples(1))]
    line: u64,
    #[schema(examples(202))]
    status: u16,
    #[serde(flatten)]
    scheduled: Scheduled,
    /// As of a published line.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    replayed: Option<bool>,
}

/// What a line asks for, and has its place.
enum Begun {
    Publish(Publishing),
    /// Has no place in the order of the others, and is committed on its own.
    Schedule(Box<New>, Timestamp),
}

/// A line that was not published, with what `POST /api/notifications` would have answered to it.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusedLine {
    /// Counted from 1, blank lines included.
    #[schema(examples(2))]
    line: u64,
    #[schema(examples(422))]
    status: u16,
    /// Stable: match on this.
    #[schema(examples("invalid_field"))]
    code: &'static str,
    #[schema(examples("title: must not be blank"))]
    message: String,
    /// With `invalid_field`: the refused fields, 32 of them at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Vec<FieldError>>)]
    errors: Option<Value>,
    /// With `unknown_recipients`: the ids that name nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Vec<i64>>)]
    users: Option<Value>,
    /// With `invalid_json`: where in the line reading stopped, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<u64>)]
    column: Option<Value>,
}

#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes the answers of the route")]
pub(crate) enum BatchErrors {
    /// `unsupported_media_type`: neither `application/x-ndjson` nor `application/ndjson`.
    #[response(status = 415, content_type = "application/problem+json")]
    NotDeclared(ProblemBody),
}

/// Publish many notifications
///
/// Each line of the body is a notification as `POST /api/notifications` takes it, of at most 256 KiB; there are at most
/// 10 000. Each line of the answer says what became of one line, in the same order, as soon as it is known; status
/// 201 means that it is committed, and 202 that it is for later. A line that is refused does not stop the others, and blank lines are counted and
/// passed over. The ids of a batch are in the order of its lines.
///
/// If not all lines were read, the last line of the answer says why and names the first that was not: 413
/// `too_many_lines`, 408 `body_too_slow` (nothing came for 15 s, or not all within 10 minutes), 503 `server_stopping`.
#[utoipa::path(
    post,
    path = "/notifications/batch",
    tag = "notifications",
    operation_id = "publishBatch",
    request_body(
        content = NewNotificationBody,
        content_type = "application/x-ndjson",
        description = "One notification a line",
    ),
    responses(
        (status = 200, description = "One result a line", body = Outcome, content_type = "application/x-ndjson"),
        BatchErrors, NeedsToken, NeedsRole,
    ),
)]
pub(crate) async fn batch(
    State(app): State<Arc<App>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    // Each line is checked again with its commit; who may not publish at all hears it at once.
    caller.load(&app).await?.must_be(PUBLISHERS)?;
    require_type(request.headers(), &NDJSON)?;
    let (answer, unread) = duplex(UNREAD_BYTES);
    let batch = Batch {
        app: Arc::clone(&app),
        publisher: caller.id(),
        outage_is_told: AtomicBool::new(false),
    };
    app.tasks
        .spawn(async move { batch.run(Lines::of(request.into_body()), answer).await });
    let headers = [
        (header::CONTENT_TYPE, NDJSON[0]),
        // Nginx would keep the lines until there are many.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(pieces(unread))).into_response())
}

/// Whatever has been written, as it comes.
fn pieces(unread: DuplexStream) -> impl stream::Stream<Item = io::Result<Bytes>> {
    stream::try_unfold(unread, async |mut unread| {
        let mut piece = BytesMut::with_capacity(8 * 1024);
        let read = unread.read_buf(&mut piece).await?;
        Ok((read > 0).then(|| (piece.freeze(), unread)))
    })
}

/// One request, whose lines are published.
struct Batch {
    app: Arc<App>,
    publisher: UserId,
    /// Said once to the log, not for each line.
    outage_is_told: AtomicBool,
}

impl Batch {
    async fn run(self, mut lines: Lines, mut answer: DuplexStream) {
        let mut under_way = FuturesOrdered::new();
        let mut number = 0;
        let end = loop {
            tokio::select! {
                biased;
                Some(outcome) = under_way.next() => {
                    if write(&mut answer, &outcome).await.is_err() {
                        break None;
                    }
                }
                line = lines.next(), if under_way.len() < UNDER_WAY => {
                    number += 1;
                    match self.unless_over(line, number) {
                        Ok(line) if is_blank(&line) => {}
                        Ok(line) => under_way.push_back(self.outcome(number, self.begin(line).await)),
                        Err(end) => break end,
                    }
                }
            }
        };
        // Whoever has left does not hear of it, but what was begun is brought to its end.
        while let Some(outcome) = under_way.next().await {
            write(&mut answer, &outcome).await.ok();
        }
        if let Some(problem) = end {
            write(&mut answer, &Outcome::refused(number, problem))
                .await
                .ok();
        }
        drop(answer);
        lines.discard().await;
    }

    /// The line, unless it is not to be taken; then what to say of that at the end of the answer, if anything.
    fn unless_over(&self, line: Result<Line, End>, number: u64) -> Result<Line, Option<Problem>> {
        match line {
            Err(End::Complete | End::Broken) => Err(None),
            Err(End::TooSlow(limit)) => {
                let detail = format!("this line was not complete after {} s", limit.as_secs());
                Err(Some(Problem::new(Code::BodyTooSlow, detail)))
            }
            Ok(_) if number > MAX_LINES => {
                let detail = format!("a batch has at most {MAX_LINES} lines");
                Err(Some(Problem::new(Code::TooManyLines, detail)))
            }
            Ok(_) if self.app.health.is_draining() => {
                let detail = "the server stops; this line and what follows it were not read";
                Err(Some(Problem::new(Code::ServerStopping, detail)))
            }
            Ok(line) => Ok(line),
        }
    }

    /// Gives a line its place among the publishes.
    async fn begin(&self, line: Line) -> Result<Begun, Problem> {
        let Line::Whole(bytes) = line else {
            let detail = format!("the line is larger than {MAX_BODY_BYTES} bytes");
            return Err(Problem::new(Code::BodyTooLarge, detail));
        };
        let now = self.app.clock.now();
        let NewNotification { new, deliver_at } = parse(&bytes, now)?;
        let new = New {
            publisher: Some(self.publisher),
            ..new
        };
        if let Some(deliver_at) = deliver_at {
            return Ok(Begun::Schedule(Box::new(new), deliver_at));
        }
        let begun = self.app.delivery.begin(new, now).await;
        begun
            .map(Begun::Publish)
            .map_err(|error| self.problem(error))
    }

    async fn outcome(&self, line: u64, begun: Result<Begun, Problem>) -> Outcome {
        let delivery = &self.app.delivery;
        let outcome = match begun {
            Ok(Begun::Publish(publishing)) => {
                let committed = delivery.committed(publishing).await;
                committed.map(|it| Outcome::published(line, it))
            }
            Ok(Begun::Schedule(new, deliver_at)) => {
                let now = self.app.clock.now();
                let scheduled = delivery.schedule(*new, deliver_at, now).await;
                scheduled.map(|it| Outcome::scheduled(line, it))
            }
            Err(problem) => return Outcome::refused(line, problem),
        };
        outcome.unwrap_or_else(|error| Outcome::refused(line, self.problem(error)))
    }

    fn problem(&self, error: PublishError) -> Problem {
        match error {
            PublishError::Store(error) if error.concerns_the_database() => {
                if !self.outage_is_told.swap(true, Ordering::Relaxed) {
                    tracing::warn!(error = %error, "a batch found no database");
                }
                Problem::no_database()
            }
            error => error.into(),
        }
    }
}

fn is_blank(line: &Line) -> bool {
    matches!(line, Line::Whole(bytes) if bytes.trim_ascii().is_empty())
}

/// An error means that nobody reads the answer.
async fn write(answer: &mut DuplexStream, outcome: &Outcome) -> io::Result<()> {
    let mut line = serde_json::to_vec(outcome)?;
    line.push(b'\n');
    timeout(UNREAD_LIMIT, answer.write_all(&line)).await?
}

impl Outcome {
    fn published(line: u64, published: atalaya_store::Published) -> Self {
        Self::Published(PublishedLine {
            line,
            status: 201,
            replayed: published.is_repeat.then_some(true),
            published: published.into(),
        })
    }

    fn scheduled(line: u64, scheduled: atalaya_store::Scheduled) -> Self {
        Self::Scheduled(ScheduledLine {
            line,
            status: 202,
            replayed: scheduled.is_repeat.then_some(true),
            scheduled: scheduled.into(),
        })
    }

    fn refused(line: u64, problem: Problem) -> Self {
        let (code, mut detail, mut more) = problem.into_parts();
        if code == Code::InvalidJson {
            // The parser's own line is always the first.
            detail = detail.replace(" at line 1 column ", " at column ");
        }
        let mut errors = more.remove("errors");
        if let Some(Value::Array(errors)) = &mut errors {
            errors.truncate(MAX_ERRORS);
        }
        Self::Refused(RefusedLine {
            line,
            status: code.status().as_u16(),
            code: code.as_str(),
            message: shortened(detail),
            errors,
            users: more.remove("users"),
            column: more.remove("column"),
        })
    }
}

fn shortened(mut text: String) -> String {
    if let Some((at, _)) = text.char_indices().nth(MAX_MESSAGE_CHARS) {
        text.truncate(at);
        text.push('…');
    }
    text
}
