//! The table of sessions, as far as an examination looks into it.

use std::{future::Future, pin::Pin};

/// A row that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub is_active: bool,
}

/// Why nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotFoundOut {
    /// The database does not answer.
    Unreachable(String),
    /// It answers, and refuses: it has no such table, or lets nobody look into it.
    Refused(String),
}

/// The newest row of a socket, if there is one.
pub type Lookup<'a> = Pin<Box<dyn Future<Output = Result<Option<Row>, NotFoundOut>> + Send + 'a>>;

/// Whoever can look into the database; the doctor itself knows none.
pub trait Table: Send + Sync {
    fn row<'a>(&'a self, socket_id: &'a str) -> Lookup<'a>;
}
