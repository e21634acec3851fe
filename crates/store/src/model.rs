//! The words of the ledger, the accounts and the inbox: identifiers, rows and what a verb is given.
//!
//! Nothing here is serializable: the shapes on a wire belong to the edge that speaks it. Times are
//! [`Timestamp`], milliseconds since the epoch in UTC, and always come from the caller.

use std::{fmt, str::FromStr};

use crate::cursor::Cursor;

mod topics;

pub use topics::{
    Account, BadTopicName, MAX_SUBSCRIPTIONS, MAX_TOPIC_NAME, Membership, Moved, Subscription,
    Topic, TopicName,
};

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

identifier!(
    /// A user's id, as in `users.id` and in the token's claim.
    UserId
);
identifier!(
    /// A ledger row's id, as in `user_sessions.id`.
    SessionId
);
identifier!(
    /// A notification's id. Ids grow in the order in which publishes commit.
    NotificationId
);
identifier!(
    /// The id of what is to be published later. Its notification gets an id of its own when it is published.
    ScheduledId
);
identifier!(
    /// A point in the stream of notifications: everything up to and including this id came before it.
    /// Zero is before everything.
    Position
);

identifier!(
    /// A point in the stream of changes. Zero is before everything.
    ChangePosition
);

impl Position {
    /// Before the first notification.
    pub const START: Self = Self(0);
}

impl From<NotificationId> for Position {
    fn from(id: NotificationId) -> Self {
        Self(id.0)
    }
}

/// Milliseconds since the epoch, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This time moved by a number of milliseconds, which may be negative.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything.
    Admin,
    /// Publishes, and reads who exists.
    Operator,
    /// Reads its own inbox and its own sessions.
    User,
}

impl Role {
    /// Every role, from the most to the least powerful.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Operator, Self::User];

    /// The role's name, as it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::User => "user",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of a role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a role; the roles are admin, operator and user")]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

// --- accounts ---------------------------------------------------------------------------------

/// One account. The password's hash is asked for separately, so that it is never carried along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub username: String,
    pub display_name: Option<String>,
    pub role: Role,
    pub disabled: bool,
    pub created_at: Timestamp,
}

/// An account with what its login is checked against.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub user: User,
    /// The Argon2id hash in PHC form; `None` when the account cannot log in with a password.
    pub password_hash: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .field("password_hash", &"***")
            .finish()
    }
}

/// An account to be made.
#[derive(Clone)]
pub struct NewUser {
    pub username: String,
    pub password_hash: Option<String>,
    pub role: Role,
    pub display_name: Option<String>,
}

// --- the ledger -------------------------------------------------------------------------------

/// A connection about to be admitted.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub user_id: UserId,
    /// The public id of the socket. An adopted table may forbid the same one twice.
    pub socket_id: String,
    pub connected_at: Timestamp,
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
    /// `websocket`, `polling`, or `sse` for a stream of events, as it was when the namespace was joined.
    pub transport: &'static str,
    /// The id under which this process registered ([`crate::Store::register_node`]).
    pub node: String,
    /// By what a later connection may say that it continues this one: at most 80 characters.
    pub recovery_id: String,
    /// The connection that this one asks to continue.
    pub recovers: Option<Recovers>,
    /// How many active rows the user may have, this one included; `None` for no bound.
    pub max_active: Option<u32>,
}

/// Which connection a new one asks to continue. It is granted if the last connection with this id was the same user's,
/// neither the user nor anybody else ended it, and it has not ended for longer than the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovers {
    pub recovery_id: String,
    /// The beginning of the window.
    pub ended_after: Timestamp,
}

/// A row that was committed, and what was read with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub id: SessionId,
    /// The one that was asked for; that of the connection which this one continues, where the table allows it twice.
    pub socket_id: String,
    /// The row that this connection continues: it has its recovery id, too.
    pub recovered_from: Option<SessionId>,
    /// The user's role and topics.
    pub account: Account,
    /// As of when.
    pub as_of: ChangePosition,
    pub inbox: Standing,
}

/// Where a user's inbox stands at one moment, as far as a socket that connects must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The newest position of all. Ids are given out in commit order, so nothing at or below it is yet to come.
    pub head: Position,
    /// The newest notification that is this user's, expired or archived ones too; 0 if there is none.
    pub newest: Position,
    /// Nothing at or below this is unread.
    pub read_up_to: Position,
    /// As in [`Unread`].
    pub version: i64,
    /// Up to where something was taken away: who comes from before this may miss something.
    pub pruned_up_to: Position,
}

/// What a close found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The row was active and this call closed it.
    Now,
    /// The row was closed before, or does not exist: nothing changed.
    Already,
}

/// One row of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    pub id: SessionId,
    pub user_id: UserId,
    /// `None` when the account is gone: rows outlive users.
    pub username: Option<String>,
    pub socket_id: String,
    pub connected_at: Timestamp,
    pub is_active: bool,
    pub disconnected_at: Option<Timestamp>,
    pub disconnect_reason: Option<String>,
    /// The last time anything was heard on it; the time of connection until then.
    pub last_seen_at: Timestamp,
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
    /// Empty on a row that an earlier back end wrote.
    pub transport: String,
    /// Empty on a row that an earlier back end wrote.
    pub node: String,
    pub recovered_from: Option<SessionId>,
}

/// Which rows of the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionFilter {
    pub active: Option<bool>,
    pub user_id: Option<UserId>,
}

/// A connection that was refused. No secret belongs in any field.
#[derive(Clone, Debug)]
pub struct NewRefusal {
    pub at: Timestamp,
    pub code: &'static str,
    pub detail: Option<String>,
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
    pub origin: Option<String>,
    pub namespace: Option<String>,
    pub user_id: Option<UserId>,
    pub node: String,
    pub transport: &'static str,
}

/// One refused connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalRow {
    pub id: i64,
    pub refused_at: Timestamp,
    pub code: String,
    pub detail: Option<String>,
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
    pub origin: Option<String>,
    pub namespace: Option<String>,
    pub user_id: Option<UserId>,
    pub username: Option<String>,
    pub node: String,
    pub transport: String,
}

/// A server process that starts. The id is for one life of the process: a restart takes a new one.
#[derive(Clone, Debug)]
pub struct NewNode {
    pub id: String,
    pub host: String,
    /// The address it listens on, which with the host tells who its predecessors were.
    pub listen: String,
    pub pid: u32,
    pub version: String,
}

/// What became of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease {
    Renewed,
    /// The node was reaped or never registered: its rows are closed and it can open no more under
    /// this id. It must cut its sockets and register anew.
    Lost,
}

/// What the reaper closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaped {
    /// `None` for rows that no registered node holds.
    pub node: Option<String>,
    /// How many rows were active and are closed now.
    pub sessions: u64,
}

// --- the inbox --------------------------------------------------------------------------------

/// How much a notification matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Severity {
    #[default]
    Info,
    Success,
    Warning,
    Critical,
}

impl Severity {
    /// The name, as it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// The text is not the name of a severity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a severity; they are info, success, warning and critical")]
pub struct UnknownSeverity(pub String);

impl FromStr for Severity {
    type Err = UnknownSeverity;

    fn from_str(text: &str) -> Result<Self, UnknownSeverity> {
        [Self::Info, Self::Success, Self::Warning, Self::Critical]
            .into_iter()
            .find(|severity| severity.as_str() == text)
            .ok_or_else(|| UnknownSeverity(text.to_owned()))
    }
}

/// One address of a notification, and the room of the hub with the same key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    User(UserId),
    Role(Role),
    Topic(TopicName),
    All,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Role(role) => write!(f, "role:{role}"),
            Self::Topic(topic) => write!(f, "topic:{topic}"),
            Self::All => f.write_str("all"),
        }
    }
}

/// The text is not the key of a target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a target")]
pub struct UnknownTarget(pub String);

impl FromStr for Target {
    type Err = UnknownTarget;

    fn from_str(text: &str) -> Result<Self, UnknownTarget> {
        let unknown = || UnknownTarget(text.to_owned());
        match text.split_once(':') {
            None if text == "all" => Ok(Self::All),
            Some(("user", id)) => id
                .parse()
                .map(|id| Self::User(UserId(id)))
                .map_err(|_| unknown()),
            Some(("role", role)) => role.parse().map(Self::Role).map_err(|_| unknown()),
            Some(("topic", topic)) => topic.parse().map(Self::Topic).map_err(|_| unknown()),
            _ => Err(unknown()),
        }
    }
}

/// Whom a notification is for, as the publisher named them: the union of all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    pub users: Vec<UserId>,
    /// Names of roles, checked by the publish.
    pub roles: Vec<String>,
    /// Whoever is subscribed.
    pub topic: Option<TopicName>,
    pub all: bool,
}

impl Audience {
    /// Everyone, present and future readers excepted: who joins later does not see it.
    pub fn all() -> Self {
        Self {
            all: true,
            ..Self::default()
        }
    }

    /// These users.
    pub fn users(users: impl IntoIterator<Item = UserId>) -> Self {
        Self {
            users: users.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Everyone with one of these roles.
    pub fn roles<R: Into<String>>(roles: impl IntoIterator<Item = R>) -> Self {
        Self {
            roles: roles.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// Everyone who is subscribed to this topic.
    pub fn topic(topic: TopicName) -> Self {
        Self {
            topic: Some(topic),
            ..Self::default()
        }
    }
}

/// A notification to be published.
#[derive(Clone, Debug)]
pub struct NewNotification {
    pub to: Audience,
    pub title: String,
    pub body: Option<String>,
    pub severity: Severity,
    /// The publisher's own classification (`type` on the wire).
    pub kind: Option<String>,
    /// The event name under which sockets get it, when not `notification`.
    pub event: Option<String>,
    pub link: Option<String>,
    /// Any JSON, as text. The store keeps it as it is.
    pub data: Option<String>,
    pub expires_at: Option<Timestamp>,
    pub requires_ack: bool,
    /// Replaces the publisher's last notification with this key for the same audience, for everyone who has not
    /// touched that one.
    pub collapse_key: Option<String>,
    /// By what the publisher's repeated publish is known for [`crate::KEYS_LAST_MS`]: it is answered as the first one was, and
    /// publishes nothing.
    pub idempotency_key: Option<String>,
    pub publisher: Option<UserId>,
    /// The publisher must be an enabled user with one of these roles, as of the commit; `None` asks nothing.
    pub only_by: Option<&'static [Role]>,
}

/// A committed publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    pub id: NotificationId,
    pub created_at: Timestamp,
    /// How many users it is for: the named ones, the subscribers of the topic, and the enabled ones of a role or of all. Those
    /// of a role or of all are as last counted: with what this store has changed itself, and what others have until a
    /// minute before. Who is subscribed and named in another way, too, counts twice.
    pub recipients: u64,
    /// Whether this was published before, under the same idempotency key: the answer is that of the first time.
    pub is_repeat: bool,
}

/// A publish that is committed for later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduled {
    pub id: ScheduledId,
    pub created_at: Timestamp,
    pub deliver_at: Timestamp,
    /// As in [`Published`].
    pub is_repeat: bool,
}

/// What is to be published later.
#[derive(Clone, Debug)]
pub struct ScheduledItem {
    pub id: ScheduledId,
    pub created_at: Timestamp,
    pub deliver_at: Timestamp,
    pub publisher: Option<Publisher>,
    pub notification: NewNotification,
}

/// Who published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publisher {
    pub id: UserId,
    pub username: String,
}

/// A notification as everyone sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    pub id: NotificationId,
    pub title: String,
    pub body: Option<String>,
    pub severity: Severity,
    pub kind: Option<String>,
    pub event: Option<String>,
    pub link: Option<String>,
    pub data: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub requires_ack: bool,
    /// The notification that this one replaced where it was not touched.
    pub replaces: Option<NotificationId>,
    pub publisher: Option<Publisher>,
}

/// A notification with whom it is for, as a node's fan-out reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub notification: Notification,
    pub targets: Vec<Target>,
}

/// A part of the stream of what was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoings {
    /// Ascending.
    pub items: Vec<Outgoing>,
    /// Whether nothing newer was there when it was read; otherwise ask again after the last of the items. What another
    /// store commits right behind this one's own is seen when it is asked for the next time.
    pub is_complete: bool,
}

/// A notification as one user's inbox holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxItem {
    pub notification: Notification,
    pub read_at: Option<Timestamp>,
    pub archived_at: Option<Timestamp>,
    pub acknowledged_at: Option<Timestamp>,
    /// Who has acknowledged it, the first of them first, where that was asked for; at most [`crate::MAX_SELECTION`] for all
    /// items of a list.
    pub acknowledgements: Vec<Acknowledgement>,
}

/// Who has acknowledged a notification, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    pub user: Publisher,
    pub at: Timestamp,
}

/// How many of an inbox are unread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    pub count: u64,
    /// Whatever changes the number makes this larger: of two numbers the one with the larger version is the newer.
    pub version: i64,
    /// Up to where the stream was when it was counted: what is newer is not in the number.
    pub position: i64,
}

/// Something that became of a notification after it was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub id: ChangePosition,
    pub notification: NotificationId,
    pub what: What,
    pub at: Timestamp,
    /// Whom the notification is for.
    pub targets: Vec<Target>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Its publisher took it back.
    Recalled,
    Expired,
    Acknowledged {
        by: Publisher,
    },
}

/// Which items of an inbox. An archived item is neither read nor unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statuses {
    pub unread: bool,
    pub read: bool,
    pub archived: bool,
}

impl Default for Statuses {
    /// What is not archived.
    fn default() -> Self {
        Self {
            unread: true,
            read: true,
            archived: false,
        }
    }
}

/// What to mark as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// These, as far as they are in the user's inbox; at most [`crate::MAX_SELECTION`].
    Ids(Vec<NotificationId>),
    /// Everything up to and including this one.
    UpTo(NotificationId),
    /// Everything that is committed now.
    All,
}

/// What changed in an inbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboxChange {
    /// The notifications that were unread and are read now, ascending; the newest
    /// [`crate::MAX_SELECTION`] of them when more changed.
    pub read: Vec<NotificationId>,
    /// Everything up to here is read now, when the selection was a range.
    pub read_up_to: Option<NotificationId>,
    /// The notifications that were not archived and are now, ascending.
    pub archived: Vec<NotificationId>,
    /// The notifications that the user had not acknowledged and has now.
    pub acknowledged: Vec<NotificationId>,
    /// How many remain unread.
    pub unread: Unread,
}

/// One page of a list, and where it goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<Cursor>,
}
