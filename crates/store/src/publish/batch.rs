//! The statements of one transaction of publishes.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
};

use serde::Serialize;

use super::{
    Targets,
    writer::{Outcome, Request},
};
use crate::{
    accounts::role_of,
    bind::{Ids, json, storable},
    db::{self, Db, Sql, on},
    error::StoreError,
    model::{NotificationId, Published, Role, UserId},
};

/// Publishers on PostgreSQL take turns by this lock, held until the commit: "atalayaP". On SQLite the one
/// writer has its turn already, and the statement asks for nothing.
const TAKE_TURN: Sql = Sql {
    sqlite: "SELECT 1",
    postgres: "SELECT 1 FROM pg_advisory_xact_lock(7022344802737087824)",
};

const KNOWN_USERS: Sql = Sql {
    sqlite: "SELECT CAST(id AS BIGINT), LOWER(CAST(role AS TEXT)), COALESCE(disabled, FALSE) FROM users \
             WHERE id IN (SELECT value FROM json_each($1))",
    postgres: "SELECT CAST(id AS BIGINT), LOWER(CAST(role AS TEXT)), COALESCE(disabled, FALSE) FROM users \
               WHERE id = ANY($1)",
};

/// Counts everyone, once for a batch that addresses a role or all: a number for the publisher, not a cost that
/// each reader adds to the publish.
const USERS_PER_ROLE: &str = "SELECT LOWER(CAST(role AS TEXT)), COUNT(*) FROM users \
     WHERE COALESCE(disabled, FALSE) = FALSE GROUP BY LOWER(CAST(role AS TEXT))";

const DRAW_IDS: Sql = Sql {
    sqlite: "WITH RECURSIVE drawn(id, remaining) AS ( \
                 SELECT 1 + COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'notifications'), 0), $1 \
                 UNION ALL SELECT id + 1, remaining - 1 FROM drawn WHERE remaining > 1) \
             SELECT id FROM drawn ORDER BY id",
    postgres: "SELECT nextval(CAST((SELECT pg_get_serial_sequence('notifications', 'id')) AS regclass)) \
               FROM generate_series(1, $1)",
};

const INSERT_NOTIFICATIONS: Sql = Sql {
    sqlite: "INSERT INTO notifications (id, title, body, severity, kind, event, link, data, created_at, expires_at, \
                                        requires_ack, publisher_id) \
             SELECT value->>'id', value->>'title', value->>'body', value->>'severity', value->>'kind', \
                    value->>'event', value->>'link', value->>'data', value->>'created_at', value->>'expires_at', \
                    value->>'requires_ack', value->>'publisher_id' \
             FROM json_each($1)",
    postgres: "INSERT INTO notifications (id, title, body, severity, kind, event, link, data, created_at, expires_at, \
                                          requires_ack, publisher_id) \
               SELECT r.* FROM json_to_recordset(CAST($1 AS json)) AS r( \
                   id bigint, title text, body text, severity text, kind text, event text, link text, data text, \
                   created_at timestamp, expires_at timestamp, requires_ack boolean, publisher_id bigint)",
};

const INSERT_TARGETS: Sql = Sql {
    sqlite: "INSERT INTO notification_targets (target, notification_id) \
             SELECT value->>'target', value->>'notification_id' FROM json_each($1)",
    postgres: "INSERT INTO notification_targets (target, notification_id) \
               SELECT r.target, r.notification_id \
               FROM json_to_recordset(CAST($1 AS json)) AS r(target text, notification_id bigint)",
};

#[derive(Serialize)]
struct NotificationInsert<'a> {
    id: i64,
    title: Cow<'a, str>,
    body: Option<Cow<'a, str>>,
    severity: &'a str,
    kind: Option<Cow<'a, str>>,
    event: Option<Cow<'a, str>>,
    link: Option<Cow<'a, str>>,
    data: Option<Cow<'a, str>>,
    created_at: String,
    expires_at: Option<String>,
    requires_ack: bool,
    publisher_id: Option<i64>,
}

#[derive(Serialize)]
struct TargetInsert {
    target: String,
    notification_id: i64,
}

/// Commits a batch; one outcome for each request, in order. Ids follow the order of the requests.
pub(crate) async fn commit(db: &Db, requests: &[Request]) -> Result<Vec<Outcome>, StoreError> {
    on!(db, writers, |connection, engine| {
        let mut transaction = db::begin(connection, engine).await?;
        sqlx::query(TAKE_TURN.on(engine))
            .execute(&mut *transaction)
            .await?;
        let mut readers = Readers::default();
        let named = named_users(requests);
        if !named.0.is_empty() {
            let known: Vec<(i64, Option<String>, bool)> = sqlx::query_as(KNOWN_USERS.on(engine))
                .bind(named)
                .fetch_all(&mut *transaction)
                .await?;
            readers.named = known
                .into_iter()
                .map(|(id, role, disabled)| (UserId(id), (role, disabled)))
                .collect();
        }
        if requests
            .iter()
            .any(|request| request.targets.all || !request.targets.roles.is_empty())
        {
            readers.per_role = sqlx::query_as(USERS_PER_ROLE)
                .fetch_all(&mut *transaction)
                .await?;
        }
        let (accepted, mut outcomes) = readers.check(requests);
        if !accepted.is_empty() {
            let ids: Vec<i64> = sqlx::query_scalar(DRAW_IDS.on(engine))
                .bind(i64::try_from(accepted.len()).unwrap_or(i64::MAX))
                .fetch_all(&mut *transaction)
                .await?;
            let (notifications, targets) = rows(requests, &accepted, &ids);
            sqlx::query(INSERT_NOTIFICATIONS.on(engine))
                .bind(notifications)
                .execute(&mut *transaction)
                .await?;
            sqlx::query(INSERT_TARGETS.on(engine))
                .bind(targets)
                .execute(&mut *transaction)
                .await?;
            for (index, id) in accepted.into_iter().zip(ids) {
                if let Outcome::Published(published) = &mut outcomes[index] {
                    published.id = NotificationId(id);
                }
            }
        }
        transaction.commit().await?;
        Ok(outcomes)
    })
}

fn named_users(requests: &[Request]) -> Ids {
    let users: BTreeSet<i64> = requests
        .iter()
        .flat_map(|request| &request.targets.users)
        .map(|user| user.0)
        .collect();
    Ids(users.into_iter().collect())
}

/// Who is there to read, as far as this batch must know.
#[derive(Default)]
struct Readers {
    named: HashMap<UserId, (Option<String>, bool)>,
    per_role: Vec<(Option<String>, i64)>,
}

impl Readers {
    /// Which requests are accepted, and an outcome for each, whose id is still to be filled in.
    fn check(&self, requests: &[Request]) -> (Vec<usize>, Vec<Outcome>) {
        let mut accepted = Vec::new();
        let outcomes = requests.iter().enumerate().map(|(index, request)| {
            let unknown: Vec<UserId> = request
                .targets
                .users
                .iter()
                .copied()
                .filter(|user| !self.named.contains_key(user))
                .collect();
            if !unknown.is_empty() {
                return Outcome::UnknownUsers(unknown);
            }
            accepted.push(index);
            Outcome::Published(Published {
                id: NotificationId(0),
                created_at: request.now,
                recipients: self.recipients(&request.targets),
            })
        });
        let outcomes = outcomes.collect();
        (accepted, outcomes)
    }

    /// The enabled users of the roles or of all, and those named that are not among them.
    fn recipients(&self, targets: &Targets) -> u64 {
        let covers = |role: Role| targets.all || targets.roles.contains(&role);
        let by_role: u64 = self
            .per_role
            .iter()
            .filter(|(role, _)| covers(role_of(role.as_deref())))
            .map(|(_, count)| count.unsigned_abs())
            .sum();
        let named = targets.users.iter().filter(|user| {
            self.named
                .get(user)
                .is_some_and(|(role, disabled)| *disabled || !covers(role_of(role.as_deref())))
        });
        by_role + named.count() as u64
    }
}

fn rows(requests: &[Request], accepted: &[usize], ids: &[i64]) -> (String, String) {
    let mut notifications = Vec::new();
    let mut targets = Vec::new();
    for (index, id) in accepted.iter().zip(ids) {
        let request = &requests[*index];
        notifications.push(notification(request, *id));
        targets.extend(request.targets.keys().map(|target| TargetInsert {
            target: target.to_string(),
            notification_id: *id,
        }));
    }
    (json(&notifications), json(&targets))
}

fn notification(request: &Request, id: i64) -> NotificationInsert<'_> {
    let new = &request.new;
    NotificationInsert {
        id,
        title: storable(&new.title),
        body: new.body.as_deref().map(storable),
        severity: new.severity.as_str(),
        kind: new.kind.as_deref().map(storable),
        event: new.event.as_deref().map(storable),
        link: new.link.as_deref().map(storable),
        data: new.data.as_deref().map(storable),
        created_at: request.now.to_text(),
        expires_at: new.expires_at.map(|at| at.to_text()),
        requires_ack: new.requires_ack,
        publisher_id: new.publisher.map(|user| user.0),
    }
}
