//! The opens of a batch: whether each may be, and its row.
//!
//! A connect storm is the heaviest load that the ledger knows, so all that a connection needs to be told of the
//! database is asked together, for the whole batch: whether its node runs, who the user is, how many
//! sessions they hold, and where their inbox stands. On PostgreSQL the same statement writes the rows, and is
//! a transaction by itself: one round trip for a batch of connections.

mod statements;

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
};

use serde::Serialize;

pub(super) use statements::{
    INSERT_ON_SQLITE, JUDGE_ON_SQLITE, LAST_ID_ON_SQLITE, OPEN_ON_POSTGRES,
};

use super::writer::{Outcome, Request};
use crate::{
    accounts::role_of,
    bind::{Array, clipped, json},
    db::mapped,
    model::{
        Account, ChangePosition, NewSession, Opened, Position, SessionId, Standing, Timestamp,
        UserId,
    },
    topics::Subscribed,
};

/// What a browser's user agent is cut to: the width of Prisma's and MySQL's usual columns.
const MAX_USER_AGENT_CHARS: usize = 255;

/// What the database says of one open.
pub(super) struct Verdict {
    is_known: bool,
    is_disabled: bool,
    is_held: bool,
    /// How many sessions the user holds.
    active: u64,
    account: Account,
    as_of: ChangePosition,
    inbox: Standing,
    recovered_from: Option<i64>,
    /// The id that the socket takes over, where the table takes it twice.
    recovered_socket_id: Option<String>,
    is_written: bool,
}

mapped!(Verdict, |row| {
    let subscribed = Subscribed::read(row.try_get("subscriptions")?);
    let newest = newest_of_topics(&subscribed).max(Position(row.try_get("newest")?));
    let topics = subscribed.into_iter().map(|it| it.subscription);
    Ok(Verdict {
        is_known: row.try_get("is_known")?,
        is_disabled: row.try_get("is_disabled")?,
        is_held: row.try_get("is_held")?,
        active: row.try_get::<i64, _>("active")?.unsigned_abs(),
        account: Account {
            role: role_of(row.try_get("role")?),
            role_since: Position(row.try_get("role_since")?),
            topics: topics.collect(),
        },
        as_of: ChangePosition(row.try_get("changes")?),
        inbox: Standing {
            head: Position(row.try_get("head")?),
            newest,
            read_up_to: Position(row.try_get("read_up_to")?),
            version: row.try_get("version")?,
            pruned_up_to: Position(row.try_get("pruned_up_to")?),
        },
        recovered_from: row.try_get("recovered_from")?,
        recovered_socket_id: row.try_get("recovered_socket_id")?,
        is_written: row.try_get("is_written")?,
    })
});

/// The newest notification that came by a subscription.
fn newest_of_topics(subscribed: &[Subscribed]) -> Position {
    let newest = subscribed
        .iter()
        .filter_map(|it| it.newest.filter(|newest| *newest > it.subscription.since));
    newest.max().unwrap_or(Position::START)
}

impl Verdict {
    fn has_room(&self, row: &Row<'_>) -> bool {
        row.max_active
            .is_none_or(|max| self.active + u64::from(row.nth) <= u64::from(max))
    }

    /// The same decision as the statements' own.
    fn is_admitted(&self, row: &Row<'_>) -> bool {
        self.is_known && !self.is_disabled && self.is_held && self.has_room(row)
    }

    fn outcome(self, row: &Row<'_>) -> Outcome {
        if self.is_written {
            return Outcome::Opened(Opened {
                id: SessionId(row.id),
                socket_id: self
                    .recovered_socket_id
                    .unwrap_or_else(|| row.socket_id.clone().into_owned()),
                recovered_from: self.recovered_from.map(SessionId),
                account: self.account,
                as_of: self.as_of,
                inbox: self.inbox,
            });
        }
        match row.max_active.map(u64::from) {
            _ if !self.is_known => Outcome::UnknownUser,
            _ if self.is_disabled => Outcome::DisabledUser,
            _ if !self.is_held => Outcome::NoLease,
            Some(max) if !self.has_room(row) => {
                let before = self.active + u64::from(row.nth) - 1;
                Outcome::TooMany {
                    active: self.active.max(max.min(before)),
                    max,
                }
            }
            // A trigger of an adopted table may swallow a row without a word.
            _ => Outcome::NotWritten,
        }
    }
}

/// The opens of a batch, in order.
pub(super) struct Opens<'a> {
    rows: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    /// Which request of the batch it is.
    #[serde(skip)]
    place: usize,
    /// 0 until it is given one.
    id: i64,
    user_id: i64,
    socket_id: Cow<'a, str>,
    connected_at: Timestamp,
    ip_address: Option<&'a str>,
    user_agent: Option<Cow<'a, str>>,
    transport: &'a str,
    node: &'a str,
    recovery_id: &'a str,
    recovers: Option<&'a str>,
    ended_after: Option<Timestamp>,
    recovered_from: Option<i64>,
    max_active: Option<u32>,
    /// Which of the batch's opens for this user it is, from 1.
    nth: u32,
}

/// The rows by columns, as PostgreSQL takes them: arrays cost it less than JSON.
pub(super) struct Columns<'a> {
    pub(super) id: Array<i64>,
    pub(super) user_id: Array<i64>,
    pub(super) socket_id: Array<&'a str>,
    pub(super) connected_at: Array<Timestamp>,
    pub(super) ip_address: Array<Option<&'a str>>,
    pub(super) user_agent: Array<Option<&'a str>>,
    pub(super) transport: Array<&'a str>,
    pub(super) node: Array<&'a str>,
    pub(super) recovery_id: Array<&'a str>,
    pub(super) recovers: Array<Option<&'a str>>,
    pub(super) ended_after: Array<Option<Timestamp>>,
    pub(super) max_active: Array<Option<i64>>,
    pub(super) nth: Array<i64>,
}

impl<'a> Opens<'a> {
    pub(super) fn of(requests: &'a [Request]) -> Self {
        let mut per_user: HashMap<UserId, u32> = HashMap::new();
        let rows = requests
            .iter()
            .enumerate()
            .filter_map(|(place, request)| match request {
                Request::Open { new, .. } => {
                    let nth = per_user.entry(new.user_id).or_default();
                    *nth += 1;
                    Some(Row::new(place, new, *nth))
                }
                _ => None,
            });
        Self {
            rows: rows.collect(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Gives each its id, in order.
    pub(super) fn number(&mut self, ids: impl IntoIterator<Item = i64>) {
        for (row, id) in self.rows.iter_mut().zip(ids) {
            row.id = id;
        }
    }

    /// Gives those that are admitted the ids after `last_id`, and what they take over from the connections that they
    /// continue.
    pub(super) fn number_admitted(&mut self, verdicts: &mut [Verdict], last_id: i64) {
        let mut ids = last_id + 1..;
        for (row, verdict) in self.rows.iter_mut().zip(verdicts) {
            row.recovered_from = verdict.recovered_from;
            if let (Some(_), Some(recovers)) = (verdict.recovered_from, row.recovers) {
                row.recovery_id = recovers;
            }
            if let Some(socket_id) = &verdict.recovered_socket_id {
                row.socket_id = Cow::Owned(socket_id.clone());
            }
            verdict.is_written = verdict.is_admitted(row);
            row.id = match verdict.is_written {
                true => ids.next().unwrap_or(i64::MAX),
                false => 0,
            };
        }
    }

    /// The places in the batch of those that have an id, with it.
    pub(super) fn places(&self) -> Vec<(usize, SessionId)> {
        self.numbered()
            .map(|row| (row.place, SessionId(row.id)))
            .collect()
    }

    fn numbered(&self) -> impl Iterator<Item = &Row<'a>> {
        self.rows.iter().filter(|row| row.id > 0)
    }

    /// The nodes that they ask for: one, but for tests.
    pub(super) fn nodes(&self) -> Array<&'a str> {
        let nodes: BTreeSet<&str> = self.rows.iter().map(|row| row.node).collect();
        nodes.into_iter().collect()
    }

    pub(super) fn json(&self) -> String {
        json(&self.rows)
    }

    /// Of those alone that have an id.
    pub(super) fn numbered_json(&self) -> String {
        json(&self.numbered().collect::<Vec<_>>())
    }

    pub(super) fn columns(&self) -> Columns<'_> {
        fn array<'r, T>(rows: &'r [Row<'_>], column: impl Fn(&'r Row<'_>) -> T) -> Array<T> {
            rows.iter().map(column).collect()
        }
        let rows = &self.rows;
        Columns {
            id: array(rows, |row| row.id),
            user_id: array(rows, |row| row.user_id),
            socket_id: array(rows, |row| &*row.socket_id),
            connected_at: array(rows, |row| row.connected_at),
            ip_address: array(rows, |row| row.ip_address),
            user_agent: array(rows, |row| row.user_agent.as_deref()),
            transport: array(rows, |row| row.transport),
            node: array(rows, |row| row.node),
            recovery_id: array(rows, |row| row.recovery_id),
            recovers: array(rows, |row| row.recovers),
            ended_after: array(rows, |row| row.ended_after),
            max_active: array(rows, |row| row.max_active.map(i64::from)),
            nth: array(rows, |row| i64::from(row.nth)),
        }
    }

    /// By place in the batch, in its order.
    pub(super) fn outcomes(&self, verdicts: Vec<Verdict>) -> Vec<(usize, Outcome)> {
        let outcomes = self.rows.iter().zip(verdicts);
        outcomes
            .map(|(row, verdict)| (row.place, verdict.outcome(row)))
            .collect()
    }
}

impl<'a> Row<'a> {
    fn new(place: usize, new: &'a NewSession, nth: u32) -> Self {
        let user_agent = new.user_agent.as_deref();
        Self {
            place,
            id: 0,
            user_id: new.user_id.0,
            socket_id: Cow::Borrowed(&new.socket_id),
            connected_at: new.connected_at,
            ip_address: new.ip_address.as_deref(),
            user_agent: user_agent.map(|text| clipped(text, MAX_USER_AGENT_CHARS)),
            transport: new.transport,
            node: &new.node,
            recovery_id: &new.recovery_id,
            recovers: new.recovers.as_ref().map(|it| it.recovery_id.as_str()),
            ended_after: new.recovers.as_ref().map(|it| it.ended_after),
            recovered_from: None,
            max_active: new.max_active,
            nth,
        }
    }
}
