//! What a user reads by their subscriptions, and since when: one text in the row of whoever asks for the user.

use crate::model::{Position, Subscription, TopicName};

/// The subscriptions of a user, whose row is named `$of`, as one text for [`Subscribed::read`]; NULL without any. `$newest` is
/// what follows in each of them.
///
/// A topic that was ever restricted counts as a role does: from when the user has the role that they have now.
macro_rules! subscriptions {
    ($of:literal, $newest:expr) => {
        concat!(
            "(SELECT STRING_AGG(p.name || '=' || s.since_position || ',' || ",
            $crate::topics::allowed!($of),
            " || ',' || CASE WHEN p.admin_since = 0 AND p.operator_since = 0 AND p.user_since = 0 THEN 0 \
                ELSE COALESCE(", $of, ".role_since_position, 0) END", $newest, ", ' ') \
              FROM topic_subscriptions AS s JOIN topics AS p ON p.id = s.topic_id \
              WHERE s.user_id = ", $of, ".id AND ",
            $crate::topics::allowed!($of),
            " IS NOT NULL)"
        )
    };
}
pub(crate) use subscriptions;

/// From where a user of this role may read, or NULL. A role that only another program knows counts as `user`.
macro_rules! allowed {
    ($of:literal) => {
        concat!(
            "CASE LOWER(CAST(",
            $of,
            ".role AS TEXT)) WHEN 'admin' THEN p.admin_since \
                WHEN 'operator' THEN p.operator_since ELSE p.user_since END"
        )
    };
}
pub(crate) use allowed;

/// One subscription as the statement tells it.
pub(crate) struct Subscribed {
    pub(crate) subscription: Subscription,
    /// The newest notification of the topic, where that was asked for.
    pub(crate) newest: Option<Position>,
}

impl Subscribed {
    /// In the order of the topics' names.
    pub(crate) fn read(text: Option<&str>) -> Vec<Self> {
        let mut all: Vec<Self> = text
            .unwrap_or_default()
            .split(' ')
            .filter_map(Self::read_one)
            .collect();
        all.sort_unstable_by(|a, b| a.subscription.topic.cmp(&b.subscription.topic));
        all
    }

    fn read_one(text: &str) -> Option<Self> {
        let (topic, numbers) = text.split_once('=')?;
        let topic: TopicName = topic.parse().ok()?;
        let mut numbers = numbers.split(',').map_while(|number| number.parse().ok());
        let since = numbers.by_ref().take(3).max()?;
        Some(Self {
            subscription: Subscription {
                topic,
                since: Position(since),
            },
            newest: numbers.next().map(Position),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_begins_with_the_latest_of_what_it_depends_on() {
        let read = Subscribed::read(Some("b.c=7,0,9,12 a=3,0,0"));
        let told: Vec<_> = read
            .iter()
            .map(|it| {
                let Subscription { topic, since } = &it.subscription;
                (topic.as_str(), since.0, it.newest.map(|newest| newest.0))
            })
            .collect();
        assert_eq!(told, [("a", 3, None), ("b.c", 9, Some(12))]);
        assert!(Subscribed::read(None).is_empty());
    }
}
