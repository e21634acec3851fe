//! The table of sessions, as far as an examination looks into it.

use std::{future::Future, pin::Pin};

/// A row that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub is_active: bool,
}

/// The newest row of a socket, if there is one, or why nobody knows.
pub type Lookup<'a> = Pin<Box<dyn Future<Output = Result<Option<Row>, String>> + Send + 'a>>;

/// Whoever can look into the database; the doctor itself knows none.
pub trait Table: Send + Sync {
    fn row<'a>(&'a self, socket_id: &'a str) -> Lookup<'a>;
}
