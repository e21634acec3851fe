//! Where a client comes back from: the `pid` of an earlier connection and the `offset` of its last event, which
//! socket.io-client (4.6 or later) sends by itself, or a `cursor` that a client keeps for itself.
//!
//! A pid is `<user>.<random>.<position>`: the user whose it is, then by what the row is known, then where the
//! notifications of that connection began. It opens nothing: whoever shows it must show a token of the same user.

use std::time::Duration;

use atalaya_store::model::{Recovers, Timestamp, UserId};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::RngCore;
use serde_json::Value;

use super::seat::Entry;

/// What a client's `auth` says of this, as the user of its token.
#[derive(Debug)]
pub(super) struct Resume {
    /// The last notification that the client has.
    pub(super) after: Option<i64>,
    /// The connection that it asks to continue.
    pub(super) pid: Option<Pid>,
}

/// A pid that was told to a client, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pid {
    pub(super) text: String,
    recovery_id: String,
    /// Nothing up to here is to be sent again; `None` where everything unread was still to come.
    began_at: Option<i64>,
}

impl Resume {
    /// An offset and a pid count only for the user who got them: another user who logs in on the same page has a
    /// backlog of their own.
    pub(super) fn of(user: UserId, cursor: &Value, pid: &Value, offset: &Value) -> Self {
        let pid = pid.as_str().and_then(|text| Pid::read(text, user));
        let known = pid.as_ref().and_then(|pid| pid.began_at);
        let offset = position(offset).filter(|_| pid.is_some());
        Self {
            // The client sends the same cursor on each reconnection; its offset has moved on since.
            after: position(cursor).max(offset).max(known),
            pid,
        }
    }

    /// What the ledger is asked. A window of no length continues nothing.
    pub(super) fn recovers(&self, now: Timestamp, window: Duration) -> Option<Recovers> {
        let pid = self.pid.as_ref().filter(|_| !window.is_zero())?;
        let window_ms = i64::try_from(window.as_millis()).unwrap_or(i64::MAX);
        Some(Recovers {
            recovery_id: pid.recovery_id.clone(),
            ended_after: now.plus_ms(-window_ms),
        })
    }
}

impl Pid {
    /// `None`: it is none of ours, or another user's.
    fn read(text: &str, user: UserId) -> Option<Self> {
        let (recovery_id, position) = text.rsplit_once('.')?;
        let (owner, random) = recovery_id.split_once('.')?;
        let is_theirs = owner == user.0.to_string() && random.len() == RANDOM_CHARS;
        is_theirs.then(|| Self {
            text: text.to_owned(),
            recovery_id: recovery_id.to_owned(),
            began_at: position.parse().ok().filter(|position| *position >= 0),
        })
    }
}

/// The pid of a connection of its own.
pub(super) fn new_pid(recovery_id: &str, entry: Entry) -> String {
    match entry.nothing_up_to.or(entry.resume_after) {
        Some(position) => format!("{recovery_id}.{position}"),
        None => format!("{recovery_id}.new"),
    }
}

pub(super) fn new_recovery_id(user: UserId) -> String {
    format!("{}.{}", user.0, random_id())
}

/// 120 random bits: an id that opens nothing.
pub(super) fn random_id() -> String {
    let mut bytes = [0; 15];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Of [`random_id`].
const RANDOM_CHARS: usize = 20;

/// A position as a client may write it: the number, or the text of it. What is no position says nothing: it is no
/// reason to turn anybody away.
fn position(value: &Value) -> Option<i64> {
    let number = value.as_i64();
    number
        .or_else(|| value.as_str()?.parse().ok())
        .filter(|position| *position >= 0)
}

#[cfg(test)]
mod tests {
    use atalaya_store::model::{Position, Standing};
    use serde_json::json;

    use super::*;

    const LUIS: UserId = UserId(7);

    fn entry(resume_after: Option<i64>, newest: i64) -> Entry {
        let standing = Standing {
            head: Position(40),
            newest: Position(newest),
            read_up_to: Position(0),
            version: 0,
            pruned_up_to: Position(0),
        };
        Entry::of(resume_after, &standing)
    }

    fn resume(pid: &str, offset: Value) -> Resume {
        Resume::of(LUIS, &Value::Null, &json!(pid), &offset)
    }

    #[test]
    fn with_no_event_received_a_connection_goes_on_where_it_began() {
        let id = new_recovery_id(LUIS);
        let nothing_waited = new_pid(&id, entry(None, 0));
        assert_eq!(resume(&nothing_waited, Value::Null).after, Some(40));
        let some_waited = new_pid(&id, entry(None, 12));
        assert_eq!(resume(&some_waited, Value::Null).after, None);
        let returned = new_pid(&id, entry(Some(30), 35));
        assert_eq!(resume(&returned, Value::Null).after, Some(30));
    }

    #[test]
    fn an_offset_counts_more_than_where_it_began() {
        let pid = new_pid(&new_recovery_id(LUIS), entry(None, 0));
        let resume = resume(&pid, json!("55"));
        assert_eq!(resume.after, Some(55));
        let window = Duration::from_secs(2);
        let asked = resume.recovers(Timestamp(9_000), window).unwrap();
        assert!(pid.starts_with(&asked.recovery_id));
        assert_eq!(asked.ended_after, Timestamp(7_000));
        assert_eq!(resume.recovers(Timestamp(9_000), Duration::ZERO), None);
        assert_eq!(resume.pid.unwrap().text, pid);
    }

    #[test]
    fn anything_else_continues_nothing() {
        let ana = new_pid(&new_recovery_id(UserId(8)), entry(None, 0));
        for pid in ["", "7", "7.abc.1", "x.y.z", "7..1", &ana] {
            let resume = resume(pid, json!("55"));
            assert_eq!((resume.after, resume.pid), (None, None), "{pid}");
        }
    }
}
