//! How a verb can fail, as decisions that a caller can take, with the cause as the source.
//!
//! The mapping from SQLite's result codes and PostgreSQL's SQLSTATEs to these decisions stands here and
//! nowhere else.

use std::{borrow::Cow, fmt, sync::Arc};

use crate::model::{MAX_SUBSCRIPTIONS, Role, UserId};

/// What the database, or the attempt to reach it, said. Never holds a password.
#[derive(Clone)]
pub struct Cause(Inner);

#[derive(Clone)]
enum Inner {
    Database(Arc<sqlx::Error>),
    Text(Cow<'static, str>),
}

impl Cause {
    pub(crate) fn text(text: impl Into<Cow<'static, str>>) -> Self {
        Self(Inner::Text(text.into()))
    }

    /// Whether the database said so itself, rather than said nothing.
    pub(crate) fn is_answer(&self) -> bool {
        matches!(&self.0, Inner::Database(error) if error.as_database_error().is_some())
    }

    pub(crate) fn is_unique_violation(&self) -> bool {
        matches!(&self.0, Inner::Database(error)
            if error.as_database_error().is_some_and(|error| error.is_unique_violation()))
    }

    fn sqlstate(&self) -> Option<Cow<'_, str>> {
        match &self.0 {
            Inner::Database(error) => error.as_database_error()?.code(),
            Inner::Text(_) => None,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Database(error) => error.fmt(f),
            Inner::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Database(error) => fmt::Debug::fmt(error, f),
            Inner::Text(text) => fmt::Debug::fmt(text, f),
        }
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Inner::Database(error) => std::error::Error::source(error.as_ref()),
            Inner::Text(_) => None,
        }
    }
}

/// How a verb of the store fails.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Not reachable, too slow or overloaded: the same call may succeed later.
    #[error("the database cannot be reached: {0}")]
    Unavailable(#[source] Cause),
    /// The database takes no writes; someone must act.
    #[error("the database is read-only: {0}")]
    ReadOnly(#[source] Cause),
    /// No space is left where the database lives; someone must act.
    #[error("the database has no space left: {0}")]
    Full(#[source] Cause),
    /// What was to be written contradicts what is there.
    #[error("it contradicts what is stored: {0}")]
    Conflict(#[source] Cause),
    /// What the call names does not exist.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The URL or the path of the database is not usable as it is.
    #[error("the database URL is not usable: {0}")]
    BadUrl(String),
    /// A table that is there already cannot be taken over as it stands.
    #[error("the existing table {table} cannot be adopted: {problem}")]
    Unadoptable {
        table: &'static str,
        problem: String,
    },
    /// The file or the schema is damaged.
    #[error("the database is damaged: {0}")]
    Corrupt(#[source] Cause),
    /// A mistake in this program, or in a schema changed under it: report it.
    #[error("the database refused a statement: {0}")]
    Bug(#[source] Cause),
}

impl StoreError {
    pub(crate) fn unavailable(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Unavailable(Cause::text(text))
    }

    /// Whether the whole database is out of order, rather than one row of what was asked.
    pub fn concerns_the_database(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_) | Self::ReadOnly(_) | Self::Full(_) | Self::Corrupt(_)
        )
    }

    /// Whether the transaction only lost against another one: 40P01 is a deadlock, 40001 a serialization failure.
    pub(crate) fn is_lost_race(&self) -> bool {
        matches!(self, Self::Unavailable(cause)
            if matches!(cause.sqlstate().as_deref(), Some("40P01" | "40001")))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let decide = decision(&error);
        decide(Cause(Inner::Database(Arc::new(error))))
    }
}

fn decision(error: &sqlx::Error) -> fn(Cause) -> StoreError {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        // A connection that was cut in the middle of an answer.
        | sqlx::Error::Protocol(_) => StoreError::Unavailable,
        sqlx::Error::RowNotFound => |_| StoreError::NotFound("row"),
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            if error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() {
                postgres_decision(&code)
            } else {
                sqlite_decision(code.parse().unwrap_or(0))
            }
        }
        _ => StoreError::Bug,
    }
}

/// SQLSTATE, "Appendix A. PostgreSQL Error Codes".
fn postgres_decision(code: &str) -> fn(Cause) -> StoreError {
    match code {
        "53100" => StoreError::Full,
        "25006" => StoreError::ReadOnly,
        "23503" => |_| StoreError::NotFound("row that this one refers to"),
        "XX001" | "XX002" => StoreError::Corrupt,
        // 57014: cancelled by the statement timeout; 55P03: a lock not had in time; 25P03: idle too long.
        "57014" | "55P03" | "25P03" => StoreError::Unavailable,
        // Wrong password, no such role, no such database: the address is good, who asks is not let in.
        "28000" | "28P01" | "3D000" => StoreError::Unavailable,
        _ => match code.get(..2) {
            // Connection, resources, operator intervention, system error, serialization and deadlock.
            Some("08" | "53" | "57" | "58" | "40") => StoreError::Unavailable,
            Some("23") => StoreError::Conflict,
            // Data exceptions: a value that the column cannot hold.
            Some("22") => StoreError::Conflict,
            _ => StoreError::Bug,
        },
    }
}

/// "Result and Error Codes" of SQLite; an extended code carries its primary code in the low byte.
fn sqlite_decision(code: i32) -> fn(Cause) -> StoreError {
    match code & 0xff {
        // BUSY, LOCKED, IOERR, CANTOPEN, PROTOCOL, INTERRUPT
        5 | 6 | 10 | 14 | 15 | 9 => StoreError::Unavailable,
        // READONLY, PERM, AUTH
        8 | 3 | 23 => StoreError::ReadOnly,
        13 => StoreError::Full,
        // CORRUPT, NOTADB
        11 | 26 => StoreError::Corrupt,
        // TOOBIG, CONSTRAINT, MISMATCH
        18 | 20 => StoreError::Conflict,
        19 if code == 787 => |_| StoreError::NotFound("row that this one refers to"),
        19 => StoreError::Conflict,
        _ => StoreError::Bug,
    }
}

/// Why a session was not opened. In each case no row is left active by the call.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OpenError {
    /// The user holds as many sessions as one may.
    #[error("the user has {active} active sessions and may have {max}")]
    TooManySessions { active: u64, max: u64 },
    /// There is no such user.
    #[error("the user does not exist")]
    UnknownUser,
    #[error("the user is disabled")]
    DisabledUser,
    /// The node is not registered, or was reaped: it must register before it opens sessions.
    #[error("the node holds no lease")]
    NoLease,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an account was not made.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CreateUserError {
    /// The name belongs to another account.
    #[error("the username is taken")]
    Taken,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a user was not subscribed to a topic. Nothing was changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SubscribeError {
    /// Only these roles may read it.
    #[error("the topic is only for {}", names(.0))]
    Restricted(Vec<Role>),
    #[error("the user is subscribed to {MAX_SUBSCRIPTIONS} topics, and more are not allowed")]
    TooMany,
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn names(roles: &[Role]) -> String {
    match roles {
        [] => "nobody any more".to_owned(),
        roles => {
            let names: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
            format!("the role {}", names.join(" or "))
        }
    }
}

/// Why a notification was not taken back.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RecallError {
    #[error("there is no such notification")]
    NotFound,
    /// Somebody else published it.
    #[error("somebody else published it")]
    NotTheirs,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a notification was not published. In each case nothing was written by the call, except after
/// [`StoreError::Unavailable`]: then the outcome may be unknown.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PublishError {
    #[error("the audience names users that do not exist: {0:?}")]
    UnknownUsers(Vec<UserId>),
    #[error("the audience names roles that do not exist: {0:?}")]
    UnknownRoles(Vec<String>),
    #[error("the audience names nobody")]
    EmptyAudience,
    /// The publisher does not exist, is disabled, or has none of the roles that were asked for.
    #[error("the publisher may not publish")]
    NotAllowed,
    /// The idempotency key was used for another notification, not long ago.
    #[error("the idempotency key was used for another notification")]
    KeyReused,
    /// It was scheduled, and is so no more: it was published or cancelled before.
    #[error("it is not scheduled any more")]
    Gone,
    /// One publish names at most this many users; a role or a topic reaches more.
    #[error("the audience names {given} users; one publish may name {max}")]
    TooManyUsers { given: usize, max: usize },
    #[error(transparent)]
    Store(#[from] StoreError),
}
