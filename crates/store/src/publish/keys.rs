//! Idempotency keys: what a publisher's key was answered with.
//!
//! A key is looked up and kept in the transaction that publishes, while the publisher has its turn: so of two
//! publishes with the same key at the same moment one is first, on whatever server they are. Only what was committed is
//! kept; a refusal wrote nothing, and may be tried again.

use std::collections::HashMap;

use serde::Serialize;

use super::{
    Targets, fingerprint,
    rows::Accepted,
    writer::{Outcome, Request},
};
use crate::{
    bind::storable,
    db::{Sql, mapped},
    model::{NewNotification, NotificationId, Published, ScheduledId, Timestamp, UserId},
};

/// How long a key is known, in milliseconds: a day.
pub const KEYS_LAST_MS: i64 = 24 * 60 * 60 * 1_000;

/// By what a publish is known, and the digest of what it says.
pub(crate) struct Key {
    pub(super) text: String,
    pub(super) fingerprint: String,
}

impl Key {
    /// That of a publish, if it has one; `deliver_at` where it is for later.
    pub(super) fn of(
        new: &NewNotification,
        targets: &Targets,
        deliver_at: Option<Timestamp>,
    ) -> Option<Self> {
        Some(Self {
            text: storable(new.idempotency_key.as_deref()?).into_owned(),
            fingerprint: fingerprint::of(new, targets, deliver_at),
        })
    }
}

/// The publisher, and their key.
pub(super) type Name<'a> = (UserId, &'a str);

pub(super) fn name(request: &Request) -> Option<Name<'_>> {
    let key = request.key.as_ref()?;
    Some((request.new.publisher.unwrap_or(UserId(0)), &key.text))
}

/// `$1` the names, `$2` since when they are known.
pub(super) const KNOWN: Sql = Sql {
    sqlite: "SELECT asked.key AS place, k.fingerprint, k.created_at, k.notification_id, k.scheduled_id, k.recipients \
             FROM json_each($1) AS asked JOIN idempotency_keys AS k \
             ON k.publisher_id = asked.value->>'publisher_id' AND k.key = asked.value->>'key' \
             WHERE k.created_at > $2",
    postgres: "SELECT asked.place, k.fingerprint, k.created_at, k.notification_id, k.scheduled_id, k.recipients \
               FROM json_to_recordset(CAST($1 AS json)) AS asked(place bigint, publisher_id bigint, key text) \
               JOIN idempotency_keys AS k ON k.publisher_id = asked.publisher_id AND k.key = asked.key \
               WHERE k.created_at > $2",
};

/// A key that is kept already has passed its day: [`KNOWN`] would have found it otherwise.
macro_rules! keep {
    ($rows:literal) => {
        concat!(
            "INSERT INTO idempotency_keys \
             (publisher_id, key, fingerprint, created_at, notification_id, scheduled_id, recipients) ",
            $rows,
            " ON CONFLICT (publisher_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, \
              created_at = excluded.created_at, notification_id = excluded.notification_id, \
              scheduled_id = excluded.scheduled_id, recipients = excluded.recipients"
        )
    };
}
pub(super) const KEEP: Sql = Sql {
    sqlite: keep!(
        "SELECT value->>'publisher_id', value->>'key', value->>'fingerprint', value->>'created_at', \
                value->>'notification_id', value->>'scheduled_id', value->>'recipients' FROM json_each($1) WHERE TRUE"
    ),
    postgres: keep!(
        "SELECT publisher_id, key, fingerprint, created_at, notification_id, scheduled_id, recipients \
         FROM json_to_recordset(CAST($1 AS json)) AS kept(publisher_id bigint, key text, fingerprint text, \
             created_at timestamp, notification_id bigint, scheduled_id bigint, recipients bigint)"
    ),
};

/// Takes away some that have passed their day: twice as many as come, so that they do not gather. `$1` before, `$2` how many.
pub(super) const FORGET: &str = "DELETE FROM idempotency_keys WHERE (publisher_id, key) IN \
     (SELECT publisher_id, key FROM idempotency_keys WHERE created_at <= $1 ORDER BY created_at LIMIT $2)";

/// What a key was answered with.
#[derive(Clone)]
pub(super) struct Known {
    /// Which of those asked for.
    place: i64,
    fingerprint: String,
    published: Published,
    scheduled: Option<ScheduledId>,
}

mapped!(Known, |row| {
    Ok(Known {
        place: row.try_get("place")?,
        fingerprint: row.try_get("fingerprint")?,
        published: Published {
            // What was scheduled says something else than any publish: it is never answered as one.
            id: NotificationId(
                row.try_get::<Option<i64>, _>("notification_id")?
                    .unwrap_or(0),
            ),
            created_at: row.try_get("created_at")?,
            recipients: row.try_get::<i64, _>("recipients")?.unsigned_abs(),
            is_repeat: true,
        },
        scheduled: row
            .try_get::<Option<i64>, _>("scheduled_id")?
            .map(ScheduledId),
    })
});

impl Known {
    /// What the first publish with this key was answered, if this one says the same.
    pub(super) fn outcome(&self, request: &Request) -> Outcome {
        match &request.key {
            Some(key) if key.fingerprint == self.fingerprint => {
                Outcome::Published(self.published.clone())
            }
            _ => Outcome::KeyReused,
        }
    }

    /// As kept for a row that was just written.
    pub(super) fn of(request: &Request, published: &Published) -> Option<Self> {
        Some(Self {
            place: 0,
            fingerprint: request.key.as_ref()?.fingerprint.clone(),
            published: Published {
                is_repeat: true,
                ..published.clone()
            },
            scheduled: None,
        })
    }

    /// What was scheduled first under this key, if that says the same.
    pub(super) fn scheduled(&self, key: &Key) -> Option<(ScheduledId, Timestamp)> {
        let scheduled = self
            .scheduled
            .filter(|_| key.fingerprint == self.fingerprint)?;
        Some((scheduled, self.published.created_at))
    }
}

#[derive(Serialize)]
pub(super) struct Asked<'a> {
    place: usize,
    publisher_id: i64,
    key: &'a str,
}

impl<'a> Asked<'a> {
    /// For one alone.
    pub(super) fn one(publisher: Option<UserId>, key: &'a Key) -> [Self; 1] {
        [Self {
            place: 0,
            publisher_id: publisher.map_or(0, |user| user.0),
            key: &key.text,
        }]
    }
}

/// What [`KNOWN`] is asked.
pub(super) fn asked<'a>(requests: &[Accepted<'a>]) -> Vec<Asked<'a>> {
    let names = requests.iter().filter_map(|it| name(it.request));
    names
        .enumerate()
        .map(|(place, (publisher, key))| Asked {
            place,
            publisher_id: publisher.0,
            key,
        })
        .collect()
}

/// By the names that were asked for.
pub(super) fn by_name<'a>(
    requests: &[Accepted<'a>],
    known: Vec<Known>,
) -> HashMap<Name<'a>, Known> {
    let names: Vec<_> = requests.iter().filter_map(|it| name(it.request)).collect();
    let named = known.into_iter().filter_map(|known| {
        let place = usize::try_from(known.place).ok()?;
        Some((*names.get(place)?, known))
    });
    named.collect()
}

#[derive(Serialize)]
pub(super) struct Kept<'a> {
    publisher_id: i64,
    key: &'a str,
    fingerprint: &'a str,
    created_at: Timestamp,
    notification_id: Option<i64>,
    scheduled_id: Option<i64>,
    recipients: u64,
}

impl<'a> Kept<'a> {
    /// For one that was scheduled.
    pub(super) fn scheduled(
        publisher: Option<UserId>,
        key: &'a Key,
        scheduled: ScheduledId,
        created_at: Timestamp,
    ) -> [Self; 1] {
        [Self {
            publisher_id: publisher.map_or(0, |user| user.0),
            key: &key.text,
            fingerprint: &key.fingerprint,
            created_at,
            notification_id: None,
            scheduled_id: Some(scheduled.0),
            recipients: 0,
        }]
    }
}

/// What [`KEEP`] is given of a row that was just written.
pub(super) fn kept<'a>(request: &'a Request, published: &Published) -> Option<Kept<'a>> {
    let (publisher, key) = name(request)?;
    Some(Kept {
        publisher_id: publisher.0,
        key,
        fingerprint: &request.key.as_ref()?.fingerprint,
        created_at: published.created_at,
        notification_id: Some(published.id.0),
        scheduled_id: None,
        recipients: published.recipients,
    })
}
