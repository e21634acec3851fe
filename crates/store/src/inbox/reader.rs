//! Who reads which part of an inbox, and what is asked of the database for each of them.

use crate::{
    accounts::role_of,
    db::mapped,
    model::{MAX_SUBSCRIPTIONS, Statuses, Target, Timestamp, Unread, UserId},
    topics::Subscribed,
};

/// What is counted of the unread of one target, from the newest on: past that the number says nothing more, and
/// counting on would take longer than a list may.
pub(super) const MAX_COUNTED: i64 = 1_000;

/// How many targets a reader may have.
pub(super) const MAX_TARGETS: usize = 3 + MAX_SUBSCRIPTIONS;

/// Who reads, and what is theirs.
#[derive(PartialEq, Eq)]
pub(super) struct Reader {
    pub(super) user: UserId,
    pub(super) targets: Vec<Since>,
    pub(super) read_up_to: i64,
}

/// A target, and after which notification it is the reader's.
#[derive(PartialEq, Eq)]
pub(super) struct Since {
    pub(super) target: Target,
    pub(super) after: i64,
}

/// Which part of an inbox, between two ids, both excluded.
pub(super) struct Range {
    pub(super) after: i64,
    pub(super) before: i64,
    pub(super) statuses: Statuses,
    pub(super) limit: i64,
    pub(super) now: Timestamp,
}

pub(super) const UNREAD: Statuses = Statuses {
    unread: true,
    read: false,
    archived: false,
};

impl Range {
    pub(super) fn unread(now: Timestamp, limit: i64) -> Self {
        Self {
            after: 0,
            before: i64::MAX,
            statuses: UNREAD,
            limit,
            now,
        }
    }

    /// Nothing at or below the mark is unread: the ranges of the index can begin there.
    pub(super) fn floor(&self, reader: &Reader) -> i64 {
        if self.statuses == UNREAD {
            self.after.max(reader.read_up_to)
        } else {
            self.after
        }
    }

    /// Where nothing unread is wanted, the ranges of the index end at the mark: what is read above it was read one
    /// by one, and is found by its states.
    pub(super) fn ceiling(&self, reader: &Reader) -> i64 {
        if self.statuses.read && !self.statuses.unread {
            self.before.min(reader.read_up_to.saturating_add(1))
        } else {
            self.before
        }
    }
}

impl Reader {
    pub(super) fn of(user: UserId, row: ReaderRow) -> Self {
        let (role, role_since, joined, read_up_to, subscriptions) = row;
        let since = |target, after| Since { target, after };
        let mut targets = vec![
            since(Target::User(user), 0),
            since(Target::Role(role_of(role.as_deref())), role_since),
            since(Target::All, joined),
        ];
        let subscribed = Subscribed::read(subscriptions.as_deref());
        let topics = subscribed.into_iter().map(|it| it.subscription);
        targets.extend(topics.map(|it| since(Target::Topic(it.topic), it.since.0)));
        targets.truncate(MAX_TARGETS);
        Self {
            user,
            targets,
            read_up_to,
        }
    }
}

/// How often an inbox is counted while it changes.
pub(super) const MAX_TRIES: usize = 10;

/// The reader's row: role, the positions from where they read, their mark, and their subscriptions.
type ReaderRow = (Option<String>, i64, i64, i64, Option<String>);

/// A count, and the reader as of the same moment.
pub(super) struct Counted {
    pub(super) unread: Unread,
    reader: ReaderRow,
}

mapped!(Counted, |row| {
    Ok(Counted {
        unread: Unread {
            count: row.try_get::<i64, _>("unread")?.unsigned_abs(),
            version: row.try_get("version")?,
            position: row.try_get("position")?,
        },
        reader: (
            row.try_get("role")?,
            row.try_get("role_since")?,
            row.try_get("joined")?,
            row.try_get("read_up_to")?,
            row.try_get("subscriptions")?,
        ),
    })
});

impl Counted {
    pub(super) fn reader(&self, user: UserId) -> Reader {
        Reader::of(user, self.reader.clone())
    }
}

/// Binds the values of a statement that reads a range.
macro_rules! bind_range {
    ($query:expr, $engine:expr, $reader:expr, $range:expr) => {{
        let (reader, range): (
            &$crate::inbox::reader::Reader,
            &$crate::inbox::reader::Range,
        ) = ($reader, $range);
        let floor = range.floor(reader);
        let query = $query
            .bind(reader.user.0)
            .bind(range.ceiling(reader))
            .bind(range.now)
            .bind(reader.read_up_to)
            .bind(range.statuses.unread)
            .bind(range.statuses.read)
            .bind(range.statuses.archived)
            .bind(range.limit)
            .bind(range.before)
            .bind(floor);
        $crate::inbox::reader::bind_targets!(query, $engine, reader, floor)
    }};
}
pub(super) use bind_range;

/// Binds the reader's targets, none of them from before a position.
macro_rules! bind_targets {
    ($query:expr, $engine:expr, $reader:expr, $floor:expr) => {{
        let mut query = $query;
        let targets = $reader.targets.iter();
        let targets = targets.map(|it| (it.target.to_string(), it.after.max($floor)));
        if $engine == $crate::Engine::Postgres {
            let (keys, after): (Vec<String>, Vec<i64>) = targets.unzip();
            let keys: $crate::bind::Array<_> = keys.into_iter().collect();
            let after: $crate::bind::Array<_> = after.into_iter().collect();
            query = query.bind(keys).bind(after);
        } else {
            for (key, after) in targets {
                query = query.bind(key).bind(after);
            }
        }
        query
    }};
}
pub(super) use bind_targets;

/// Binds the values of a statement that touches: of these, what is newer than `$after`.
macro_rules! bind_ids {
    ($query:expr, $engine:expr, $reader:expr, $after:expr, $now:expr, $ids:expr) => {{
        let (reader, ids): (
            &$crate::inbox::reader::Reader,
            &[$crate::model::NotificationId],
        ) = ($reader, $ids);
        let query = $query.bind(reader.user.0).bind($after).bind($now).bind(
            ids.iter()
                .map(|id| id.0)
                .collect::<$crate::bind::Array<_>>(),
        );
        $crate::inbox::reader::bind_targets!(query, $engine, reader, 0)
    }};
}
pub(super) use bind_ids;

/// Reads who reads, inside a body that ends in `Result<_, StoreError>`.
macro_rules! reader {
    ($connection:expr, $user:expr) => {
        sqlx::query_as($crate::inbox::statements::READER)
            .bind($user.0)
            .fetch_optional($connection)
            .await?
            .map(|row| $crate::inbox::reader::Reader::of($user, row))
            .ok_or($crate::error::StoreError::NotFound("user"))?
    };
}
pub(super) use reader;

/// The same in a transaction that changes their inbox. It begins with noting that: the row that is written keeps others
/// from doing the same at once, so that of two tabs not both claim a change.
macro_rules! locked_reader {
    ($connection:expr, $user:expr) => {{
        sqlx::query($crate::inbox::statements::TOUCHED)
            .bind($user.0)
            .execute($connection)
            .await?;
        $crate::inbox::reader::reader!($connection, $user)
    }};
}
pub(super) use locked_reader;

/// Counts what is unread, inside a body that ends in `Result<_, StoreError>`; never in a transaction that writes, whose
/// own changes are in its view before they are committed: the versions of such counts have no order. If the reader has
/// changed since it was read, it is counted again.
macro_rules! unread {
    ($connection:expr, $engine:expr, $reader:expr, $now:expr) => {{
        let mut reader: $crate::inbox::reader::Reader = $reader;
        let range = $crate::inbox::reader::Range::unread($now, $crate::inbox::reader::MAX_COUNTED);
        let mut tries = 0;
        loop {
            let query =
                sqlx::query_as($crate::inbox::statements::COUNT.on($engine, reader.targets.len()));
            let counted: Option<$crate::inbox::reader::Counted> =
                $crate::inbox::reader::bind_range!(query, $engine, &reader, &range)
                    .fetch_optional(&mut *$connection)
                    .await?;
            let counted = counted.ok_or($crate::error::StoreError::NotFound("user"))?;
            let now = counted.reader(reader.user);
            if now == reader {
                break counted.unread;
            }
            tries += 1;
            if tries > $crate::inbox::reader::MAX_TRIES {
                return Err($crate::error::StoreError::unavailable(
                    "the inbox changes faster than it can be counted",
                ));
            }
            reader = now;
        }
    }};
}
pub(super) use unread;
