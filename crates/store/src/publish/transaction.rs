//! The transaction of a batch: all of it is written, or nothing.
//!
//! On PostgreSQL it is the one statement that writes the rows, unless a key or a collapse key asks for more.

use std::collections::{HashMap, HashSet};

use super::{
    collapse::{self, Link},
    keys::{self, KEYS_LAST_MS, Known},
    rows::{self, Accepted, Inserted, insert},
    scheduled,
};
use crate::{
    Engine,
    bind::{Array, json, storable},
    db::{self, Db, on},
    error::{Cause, StoreError},
    model::{NotificationId, Published, Timestamp, UserId},
};

/// What became of an accepted request.
pub(super) enum Line {
    Written(Written),
    /// Its key is known: nothing was written.
    Known(Known),
    /// It is not scheduled any more: nothing was written.
    Gone,
}

/// A row that was written.
pub(super) struct Written {
    pub(super) published: Published,
    /// The publisher's name, where that is one of the users.
    pub(super) publisher: Option<String>,
    pub(super) replaces: Option<NotificationId>,
}

pub(super) enum Attempt {
    /// All of them, in order.
    Done(Vec<Line>),
    /// Nothing, because these users do not exist.
    Unknown(Vec<UserId>),
}

/// Commits all of these, or nothing.
pub(super) async fn write(db: &Db, requests: &[Accepted<'_>]) -> Result<Attempt, StoreError> {
    if requests.is_empty() {
        return Ok(Attempt::Done(Vec::new()));
    }
    if db.engine() == Engine::Postgres && requests.iter().all(|it| it.request.is_plain()) {
        let (inserted, unknown) = on!(db, publisher, |connection, engine| {
            Ok(insert!(connection, engine, requests))
        })?;
        if inserted.is_empty() {
            return Ok(unknown_users(unknown));
        }
        let written = written(requests, inserted)?;
        return Ok(Attempt::Done(
            written.into_iter().map(Line::Written).collect(),
        ));
    }
    write_with_keys(db, requests).await
}

/// The same as a transaction of several statements.
async fn write_with_keys(db: &Db, requests: &[Accepted<'_>]) -> Result<Attempt, StoreError> {
    let now = requests.iter().map(|it| it.request.now).max();
    let now = now.unwrap_or(Timestamp(0));
    let known_since = now.plus_ms(-KEYS_LAST_MS);
    let asked = keys::asked(requests);
    on!(db, publisher, |connection, engine| {
        let mut transaction = db::begin(connection, engine).await?;
        if engine == Engine::Postgres {
            sqlx::query(rows::TURN).execute(&mut *transaction).await?;
        }
        let mut known: Vec<Known> = Vec::new();
        if !asked.is_empty() {
            known = sqlx::query_as(keys::KNOWN.on(engine))
                .bind(json(&asked))
                .bind(known_since)
                .fetch_all(&mut *transaction)
                .await?;
        }
        let scheduled = scheduled(requests);
        let mut due: Vec<i64> = Vec::new();
        if !scheduled.is_empty() {
            due = sqlx::query_scalar(scheduled::TAKE.on(engine))
                .bind(scheduled)
                .fetch_all(&mut *transaction)
                .await?;
        }
        let before = Before::of(requests, known, due);
        let new: Vec<Accepted> = requests
            .iter()
            .filter(|it| before.line(it).is_none())
            .copied()
            .collect();
        let mut rows: Vec<Written> = Vec::new();
        if !new.is_empty() {
            let (inserted, unknown) = insert!(transaction, engine, new.as_slice());
            if inserted.is_empty() {
                // At once: the connection is kept, and with it the turn would be.
                transaction.rollback().await?;
                return Ok(unknown_users(unknown));
            }
            rows = written(&new, inserted)?;
        }
        let kept = kept(&new, &rows);
        if !kept.is_empty() {
            sqlx::query(keys::KEEP.on(engine))
                .bind(json(&kept))
                .execute(&mut *transaction)
                .await?;
            sqlx::query(keys::FORGET)
                .bind(known_since)
                .bind(2 * kept.len() as i64)
                .execute(&mut *transaction)
                .await?;
        }
        let collapsing = collapsing(&new, &rows);
        if !collapsing.is_empty() {
            let links: Vec<Link> = sqlx::query_as(collapse::LINK.on(engine))
                .bind(collapsing.clone())
                .fetch_all(&mut *transaction)
                .await?;
            sqlx::query(collapse::REPLACE.on(engine))
                .bind(collapsing)
                .bind(now)
                .execute(&mut *transaction)
                .await?;
            link(&mut rows, links);
        }
        transaction.commit().await?;
        Ok(Attempt::Done(before.lines(requests, rows)))
    })
}

fn unknown_users(users: Vec<i64>) -> Attempt {
    Attempt::Unknown(users.into_iter().map(UserId).collect())
}

/// Each row with its request, in order.
fn written(
    requests: &[Accepted<'_>],
    mut inserted: Vec<Inserted>,
) -> Result<Vec<Written>, StoreError> {
    inserted.sort_unstable_by_key(|row| row.place);
    if inserted.len() != requests.len() {
        return Err(StoreError::Bug(Cause::text(
            "a batch of publishes was written in part",
        )));
    }
    let written = requests
        .iter()
        .zip(inserted)
        .map(|(accepted, row)| Written {
            published: Published {
                id: NotificationId(row.id),
                created_at: accepted.request.now,
                recipients: accepted.recipients,
                is_repeat: false,
            },
            publisher: row.publisher,
            replaces: None,
        });
    Ok(written.collect())
}

fn scheduled(requests: &[Accepted<'_>]) -> Array<i64> {
    let scheduled = requests.iter().filter_map(|it| it.request.scheduled);
    scheduled.map(|id| id.0).collect()
}

fn kept<'a>(new: &[Accepted<'a>], rows: &[Written]) -> Vec<keys::Kept<'a>> {
    let rows = new.iter().zip(rows);
    rows.filter_map(|(accepted, row)| keys::kept(accepted.request, &row.published))
        .collect()
}

fn collapsing(new: &[Accepted<'_>], rows: &[Written]) -> Array<i64> {
    let rows = new.iter().zip(rows);
    rows.filter(|(accepted, _)| accepted.request.collapse_group.is_some())
        .map(|(_, row)| row.published.id.0)
        .collect()
}

fn link(rows: &mut [Written], links: Vec<Link>) {
    let replaced: HashMap<i64, Option<i64>> =
        links.into_iter().map(|it| (it.id, it.replaces)).collect();
    for row in rows {
        let replaces = replaced.get(&row.published.id.0).copied().flatten();
        row.replaces = replaces.map(NotificationId);
    }
}

/// What was there before the batch, and decides which of it is written.
struct Before<'a> {
    known: HashMap<keys::Name<'a>, Known>,
    /// Of what was scheduled, that which still was.
    due: HashSet<i64>,
}

impl<'a> Before<'a> {
    fn of(requests: &[Accepted<'a>], known: Vec<Known>, due: Vec<i64>) -> Self {
        Self {
            known: keys::by_name(requests, known),
            due: due.into_iter().collect(),
        }
    }

    /// What becomes of a request for which nothing is written.
    fn line(&self, accepted: &Accepted<'_>) -> Option<Line> {
        let request = accepted.request;
        if request
            .scheduled
            .is_some_and(|id| !self.due.contains(&id.0))
        {
            return Some(Line::Gone);
        }
        let known = self.known.get(&keys::name(request)?)?;
        Some(Line::Known(known.clone()))
    }

    /// `rows` are those of the others, in order.
    fn lines(&self, requests: &[Accepted<'_>], rows: Vec<Written>) -> Vec<Line> {
        let mut rows = rows.into_iter();
        let mut next = || rows.next().expect("what is not known is written");
        requests
            .iter()
            .map(|it| self.line(it).unwrap_or_else(|| Line::Written(next())))
            .collect()
    }
}
