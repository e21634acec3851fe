//! Pages of a list: the bound on their size, and the cursor to the next.

use crate::{
    MAX_PAGE,
    cursor::{Cursor, List},
    error::{Cause, StoreError},
    model::Page,
};

/// The key that a cursor carries, or where the list begins.
pub(crate) fn key(cursor: Option<Cursor>, list: List, start: i64) -> Result<i64, StoreError> {
    match cursor {
        None => Ok(start),
        Some(cursor) => cursor
            .key_of(list)
            .map_err(|error| StoreError::Conflict(Cause::text(error.to_string()))),
    }
}

/// How many rows a page may have. One more is asked for, which tells whether the list goes on.
pub(crate) fn limit(asked: u32) -> i64 {
    i64::from(asked.clamp(1, MAX_PAGE))
}

pub(crate) fn of<T>(mut items: Vec<T>, limit: i64, list: List, key: impl Fn(&T) -> i64) -> Page<T> {
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > size;
    items.truncate(size);
    let next = items
        .last()
        .filter(|_| more)
        .map(|last| Cursor::new(list, key(last)));
    Page { items, next }
}
