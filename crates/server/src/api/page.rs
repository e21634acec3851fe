//! How every list is paged: `limit` and an opaque `cursor` in, `next_cursor` out.

use atalaya_store::{Cursor, cursor::List};
use utoipa::IntoParams;

use super::query::Params;
use crate::wire::{DEFAULT_LIMIT, MAX_LIMIT};

/// Which page of a list.
#[derive(Clone, Copy, Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageRequest {
    /// How many items at most.
    #[param(required = false, minimum = 1, maximum = 200, default = 50)]
    pub limit: u32,
    /// `next_cursor` of the page before; left out for the first page.
    #[param(value_type = String, required = false)]
    pub cursor: Option<Cursor>,
}

impl PageRequest {
    /// Takes `limit` and `cursor` of a particular list.
    pub(super) fn of(list: List, params: &mut Params) -> Self {
        Self {
            limit: limit(params),
            cursor: cursor(list, params),
        }
    }
}

/// What `next_cursor` says.
pub(super) fn next_cursor(next: Option<Cursor>) -> Option<String> {
    next.map(|cursor| cursor.to_string())
}

fn limit(params: &mut Params) -> u32 {
    let expected = "a whole number from 1 to 200";
    let limit = params.parsed("limit", expected).unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        params.refuse("limit", format!("must be {expected}"));
    }
    limit
}

fn cursor(list: List, params: &mut Params) -> Option<Cursor> {
    let text = params.text("cursor")?;
    Cursor::parse(&text, list)
        .map_err(|error| params.refuse_cursor(error.to_string()))
        .ok()
}
