//! How long the lists take with millions of rows behind them, and by which plan.
//!
//! `cargo run --release -p atalaya-store --example scale -- URL [ROWS]` fills an empty database (`sqlite://…` or
//! `postgres://…`) with ROWS sessions and ROWS notifications, 5,000,000 if not said otherwise, asks for each list 300
//! times and prints times and plans as Markdown; at the end retention takes some away, while others publish. A database that it
//! has filled before is measured as it is.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool tells what it does and what it found"
)]

mod fill;
mod prune;

use std::time::{Duration, Instant};

use atalaya_store::{
    Cursor, OpenOptions, Position, SessionFilter, Statuses, Store, StoreError, Timestamp, UserId,
};

const RUNS: usize = 300;
/// The first are not counted: they fetch pages of the database that later ones find in memory.
const WARM_UP: usize = 20;
/// After that, what was measured so far is told.
const LONGEST: Duration = Duration::from_secs(10);
const PAGE: u32 = 50;
const NOW: Timestamp = Timestamp(1_900_000_000_000);

/// One in five notifications is for the busy one; the others have their share of the rest.
const BUSY: UserId = UserId(1);
const ORDINARY: UserId = UserId(4_711);
/// Has as many topics as one may.
const SUBSCRIBED: UserId = UserId(9_000);

/// A question to the store, as the application asks it.
enum Question {
    Sessions(SessionFilter, Option<Cursor>),
    Inbox(UserId, Statuses, Option<Cursor>),
    Unread(UserId),
    Backlog(UserId),
    Stream(Position),
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments
        .next()
        .ok_or("usage: scale sqlite://FILE|postgres://… [ROWS]")?;
    let rows = arguments
        .next()
        .map_or(Ok(5_000_000), |rows| rows.parse())?;
    let store = Store::open(&url, OpenOptions::default()).await?;
    store.migrate().await?;
    if store.count_users(1).await? == 0 {
        let began = Instant::now();
        fill::fill(&url, rows).await?;
        eprintln!(
            "filled with {rows} rows of each kind in {} s",
            began.elapsed().as_secs()
        );
    }
    let questions = questions(&store).await?;
    println!("| list | median ms | 99 of 100 ms |\n|---|---|---|");
    for (name, question) in &questions {
        let [median, most] = measure(&store, question).await?;
        println!("| {name} | {median:.2} | {most:.2} |");
    }
    for (name, question) in &questions {
        if let Some(plan) = question.plan(&store).await? {
            println!("\n{name}:\n```\n{}\n```", plan.join("\n"));
        }
    }
    prune::measure(&store).await?;
    store.close().await;
    Ok(())
}

async fn questions(store: &Store) -> Result<Vec<(&'static str, Question)>, StoreError> {
    let sessions = |active, user_id| SessionFilter { active, user_id };
    let everything = Statuses::default();
    let only = |unread, read, archived| Statuses {
        unread,
        read,
        archived,
    };
    let far_sessions = far_down(async |before| {
        Ok(store
            .list_sessions(sessions(None, None), before, 500)
            .await?
            .next)
    });
    let far_items = far_down(async |before| {
        Ok(store
            .list_inbox(BUSY, everything, before, 500, NOW)
            .await?
            .next)
    });
    let (far_sessions, far_items) = (far_sessions.await?, far_items.await?);
    let head = store.head().await?;
    Ok(vec![
        ("sessions", Question::Sessions(sessions(None, None), None)),
        (
            "sessions, 50,000 rows down",
            Question::Sessions(sessions(None, None), far_sessions),
        ),
        (
            "sessions, active",
            Question::Sessions(sessions(Some(true), None), None),
        ),
        (
            "sessions, closed",
            Question::Sessions(sessions(Some(false), None), None),
        ),
        (
            "sessions of a user",
            Question::Sessions(sessions(None, Some(ORDINARY)), None),
        ),
        (
            "sessions of a user, active",
            Question::Sessions(sessions(Some(true), Some(ORDINARY)), None),
        ),
        (
            "sessions of a user, closed",
            Question::Sessions(sessions(Some(false), Some(ORDINARY)), None),
        ),
        ("inbox", Question::Inbox(ORDINARY, everything, None)),
        (
            "inbox, unread",
            Question::Inbox(ORDINARY, only(true, false, false), None),
        ),
        (
            "inbox, read",
            Question::Inbox(ORDINARY, only(false, true, false), None),
        ),
        (
            "inbox, archived",
            Question::Inbox(ORDINARY, only(false, false, true), None),
        ),
        ("busy inbox", Question::Inbox(BUSY, everything, None)),
        (
            "busy inbox, 50,000 items down",
            Question::Inbox(BUSY, everything, far_items),
        ),
        (
            "busy inbox, unread",
            Question::Inbox(BUSY, only(true, false, false), None),
        ),
        (
            "busy inbox, read",
            Question::Inbox(BUSY, only(false, true, false), None),
        ),
        (
            "busy inbox, archived",
            Question::Inbox(BUSY, only(false, false, true), None),
        ),
        (
            "inbox with 50 topics",
            Question::Inbox(SUBSCRIBED, everything, None),
        ),
        ("unread count", Question::Unread(ORDINARY)),
        ("unread count with 50 topics", Question::Unread(SUBSCRIBED)),
        ("unread count, busy", Question::Unread(BUSY)),
        ("first page of a backlog", Question::Backlog(ORDINARY)),
        (
            "the newest of the stream",
            Question::Stream(Position(head.0 - 1)),
        ),
        (
            "a page of the stream, far back",
            Question::Stream(Position(head.0 / 2)),
        ),
    ])
}

/// The cursor after a hundred pages.
async fn far_down(
    next: impl AsyncFn(Option<Cursor>) -> Result<Option<Cursor>, StoreError>,
) -> Result<Option<Cursor>, StoreError> {
    let mut cursor = None;
    for _ in 0..100 {
        match next(cursor).await? {
            None => break,
            further => cursor = further,
        }
    }
    Ok(cursor)
}

/// The median, and what 99 of 100 do not exceed, in milliseconds.
async fn measure(store: &Store, question: &Question) -> Result<[f64; 2], StoreError> {
    let mut times = Vec::with_capacity(RUNS);
    let end = Instant::now() + LONGEST;
    for run in 0..WARM_UP + RUNS {
        let began = Instant::now();
        question.ask(store).await?;
        if run >= WARM_UP {
            times.push(ms_since(began));
        }
        if !times.is_empty() && Instant::now() > end {
            break;
        }
    }
    Ok(median_and_most(times))
}

/// The median, and what 99 of 100 do not exceed.
fn median_and_most(mut times: Vec<f64>) -> [f64; 2] {
    times.sort_by(f64::total_cmp);
    [times[times.len() / 2], times[times.len() * 99 / 100]]
}

fn ms_since(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1_000.0
}

impl Question {
    async fn ask(&self, store: &Store) -> Result<(), StoreError> {
        match *self {
            Self::Sessions(filter, before) => {
                drop(store.list_sessions(filter, before, PAGE).await?)
            }
            Self::Inbox(user, statuses, before) => {
                drop(store.list_inbox(user, statuses, before, PAGE, NOW).await?);
            }
            Self::Unread(user) => drop(store.unread(user, NOW).await?),
            Self::Backlog(user) => {
                drop(
                    store
                        .inbox_after(user, Position::START, true, PAGE, NOW)
                        .await?,
                );
            }
            Self::Stream(after) => drop(store.published_after(after, PAGE).await?),
        }
        Ok(())
    }

    async fn plan(&self, store: &Store) -> Result<Option<Vec<String>>, StoreError> {
        match *self {
            Self::Sessions(filter, before) => {
                store.explain_sessions(filter, before, PAGE).await.map(Some)
            }
            Self::Inbox(user, statuses, before) => store
                .explain_inbox(user, statuses, before, PAGE, NOW)
                .await
                .map(Some),
            _ => Ok(None),
        }
    }
}
