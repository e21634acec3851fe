//! The transaction of a batch: all of it is written, or nothing.
//!
//! On PostgreSQL it is the one statement that writes the rows, unless a key or a collapse key asks for more.

use std::collections::HashMap;

use super::{
    collapse::{self, Link},
    keys::{self, KEYS_LAST_MS, Known},
    rows::{self, Accepted, Inserted, insert},
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
        let known = keys::by_name(requests, known);
        let is_new =
            |it: &&Accepted| keys::name(it.request).is_none_or(|it| !known.contains_key(&it));
        let new: Vec<Accepted> = requests.iter().filter(is_new).copied().collect();
        let mut rows: Vec<Written> = Vec::new();
        if !new.is_empty() {
            let (inserted, unknown) = insert!(transaction, engine, new.as_slice());
            if inserted.is_empty() {
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
        Ok(Attempt::Done(lines(requests, known, rows)))
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

fn lines(
    requests: &[Accepted<'_>],
    known: HashMap<keys::Name<'_>, Known>,
    rows: Vec<Written>,
) -> Vec<Line> {
    let mut rows = rows.into_iter();
    let line = |it: &Accepted| {
        let known = keys::name(it.request).and_then(|name| known.get(&name));
        match known {
            Some(known) => Line::Known(known.clone()),
            None => Line::Written(rows.next().expect("what is not known is written")),
        }
    };
    requests.iter().map(line).collect()
}
