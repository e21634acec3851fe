//! The words of topics: audiences by name, of whoever has subscribed.

use std::{collections::BTreeSet, fmt, str::FromStr, sync::Arc};

use super::{ChangePosition, Position, Role, UserId};

/// How many characters the name of a topic has at most.
pub const MAX_TOPIC_NAME: usize = 100;
/// How many topics one user may be subscribed to.
pub const MAX_SUBSCRIPTIONS: usize = 50;

/// The name of a topic, such as `alerts.north`: letters and digits of ASCII, `.`, `_` and `-`, at most [`MAX_TOPIC_NAME`] of
/// them. Case counts. Not `.` and `..`, which no path of a URL can name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicName(Arc<str>);

impl TopicName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text cannot be the name of a topic.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not the name of a topic: that has from 1 to {MAX_TOPIC_NAME} of the characters A-Z, a-z, 0-9, `.`, `_` and `-`, \
     and is neither `.` nor `..`"
)]
pub struct BadTopicName(pub String);

impl FromStr for TopicName {
    type Err = BadTopicName;

    fn from_str(text: &str) -> Result<Self, BadTopicName> {
        let is_allowed = |letter: u8| letter.is_ascii_alphanumeric() || b"._-".contains(&letter);
        let is_a_step = matches!(text, "." | "..");
        let has_room = (1..=MAX_TOPIC_NAME).contains(&text.len());
        if has_room && text.bytes().all(is_allowed) && !is_a_step {
            Ok(Self(text.into()))
        } else {
            Err(BadTopicName(text.chars().take(MAX_TOPIC_NAME).collect()))
        }
    }
}

/// A topic as a user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    pub id: i64,
    pub name: TopicName,
    /// Who may read it: every role, where it is not restricted.
    pub roles: Vec<Role>,
    /// Whether an administrator has it in the list for everyone who may subscribe. One that is not listed is there as long as
    /// somebody is subscribed.
    pub is_listed: bool,
    pub subscribers: u64,
    /// After which notification it is the user's own, if they are subscribed.
    pub since: Option<Position>,
}

/// A topic that a user reads, and after which notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub topic: TopicName,
    pub since: Position,
}

/// Who came into an audience, or left one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Their role, their topics, or whether they may log in.
    pub users: BTreeSet<UserId>,
    /// It may be anybody: who may read a topic was changed.
    pub anybody: bool,
}

/// What is a user's, as of a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub user: UserId,
    /// Nothing newer than this is taken into account, and everything up to it is.
    pub as_of: ChangePosition,
    /// `None` for an account that is gone, or disabled.
    pub account: Option<Account>,
}

/// The audiences of an account beside its own and everyone's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub role: Role,
    /// After which notification what is for the role is theirs.
    pub role_since: Position,
    pub topics: Vec<Subscription>,
}
