//! The statements that write the notifications of a batch and their targets: all of them, or none.

use std::{borrow::Cow, collections::BTreeSet};

use serde::Serialize;

use super::writer::Request;
use crate::{
    bind::{Array, storable},
    db::{Sql, mapped},
    model::{Role, Timestamp},
};

pub(super) const UNKNOWN_USERS: Sql = Sql {
    sqlite: "SELECT named.value FROM json_each($1) AS named \
             WHERE NOT EXISTS (SELECT 1 FROM users WHERE users.id = named.value)",
    postgres: "SELECT named.id FROM unnest($1) AS named(id) \
               WHERE NOT EXISTS (SELECT FROM users WHERE users.id = named.id)",
};

macro_rules! columns {
    () => {
        "title, body, severity, kind, event, link, data, created_at, expires_at, requires_ack, publisher_id"
    };
}

/// Publishers take turns by an advisory lock ("atalayaP"), which is held until the commit, and an id is drawn only
/// for a row that has come out of the lock: so the ids are in the order of the commits.
macro_rules! turn {
    () => {
        "pg_advisory_xact_lock(7022344802737087824)"
    };
}
pub(crate) const TURN: &str = concat!("SELECT ", turn!());

/// The users are looked up one by one: so the plan is the same whatever is bound, and PostgreSQL makes it once.
macro_rules! all_exist {
    ($users:literal) => {
        concat!(
            "NOT EXISTS (SELECT FROM unnest(",
            $users,
            ") AS named(id) \
             WHERE NOT EXISTS (SELECT FROM users WHERE users.id = named.id OFFSET 0))"
        )
    };
}

/// Whether each of these publishers is an enabled user with one of these roles.
macro_rules! all_may {
    ($publishers:literal, $roles:literal) => {
        concat!(
            "NOT EXISTS (SELECT FROM unnest(",
            $publishers,
            ") AS asked_for(id) WHERE NOT EXISTS (SELECT FROM users WHERE users.id = asked_for.id \
             AND NOT COALESCE(users.disabled, FALSE) \
             AND LOWER(CAST(users.role AS TEXT)) = ANY(string_to_array(",
            $roles,
            ", ' ')) OFFSET 0))"
        )
    };
}

macro_rules! publisher {
    ($id:literal) => {
        concat!(
            "(SELECT COALESCE(username, CAST(users.id AS TEXT)) FROM users WHERE users.id = ",
            $id,
            ") AS publisher"
        )
    };
}

pub(super) const WRITE_ON_POSTGRES: &str = concat!(
    "WITH drawn AS MATERIALIZED ( \
         SELECT nextval('notifications_id_seq') AS id, asked.* \
         FROM ",
    turn!(),
    ", json_to_recordset(CAST($1 AS json)) AS asked( \
             place bigint, title text, body text, severity text, kind text, event text, link text, data text, \
             created_at timestamp, expires_at timestamp, requires_ack boolean, publisher_id bigint, \
             collapse_group text, targets text[]) \
         WHERE ",
    all_exist!("$2"),
    " AND ",
    all_may!("$3", "$4"),
    "), \
     written AS (INSERT INTO notifications (id, collapse_group, ",
    columns!(),
    ") SELECT id, collapse_group, ",
    columns!(),
    " FROM drawn), \
     addressed AS (INSERT INTO notification_targets (target, notification_id) SELECT unnest(targets), id FROM drawn) \
     SELECT place, id, ",
    publisher!("publisher_id"),
    " FROM drawn"
);

/// The same for a batch of one, which is the rule where publishes come one after the other: without the detour over
/// JSON it costs PostgreSQL some 20 µs less.
pub(super) const WRITE_ONE_ON_POSTGRES: &str = concat!(
    "WITH written AS (INSERT INTO notifications (",
    columns!(),
    ") \
         SELECT $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 FROM ",
    turn!(),
    " WHERE ",
    all_exist!("$1"),
    " AND ",
    all_may!("$14", "$15"),
    " \
         RETURNING id), \
     addressed AS (INSERT INTO notification_targets (target, notification_id) \
         SELECT unnest(string_to_array($2, ' ')), id FROM written) \
     SELECT CAST(0 AS bigint) AS place, id, ",
    publisher!("$13"),
    " FROM written"
);

/// The id of a row of this batch: the one writer's ids follow on each other, and the batch's are the last.
macro_rules! id {
    () => {
        "asked.key + 1 + (SELECT seq FROM sqlite_sequence WHERE name = 'notifications') - json_array_length($1)"
    };
}

pub(super) const WRITE_ON_SQLITE: &str = concat!(
    "INSERT INTO notifications (",
    columns!(),
    ", collapse_group) \
     SELECT value->>'title', value->>'body', value->>'severity', value->>'kind', value->>'event', value->>'link', \
            value->>'data', value->>'created_at', value->>'expires_at', value->>'requires_ack', \
            value->>'publisher_id', value->>'collapse_group' \
     FROM json_each($1); \
     INSERT INTO notification_targets (target, notification_id) SELECT target.value, ",
    id!(),
    " \
     FROM json_each($1) AS asked, json_each(asked.value->'targets') AS target; \
     SELECT asked.key AS place, ",
    id!(),
    " AS id, COALESCE(p.username, CAST(p.id AS TEXT)) AS publisher \
     FROM json_each($1) AS asked LEFT JOIN users AS p ON p.id = asked.value->>'publisher_id'"
);

#[derive(Serialize)]
pub(super) struct Row<'a> {
    place: usize,
    title: Cow<'a, str>,
    body: Option<Cow<'a, str>>,
    severity: &'a str,
    kind: Option<Cow<'a, str>>,
    event: Option<Cow<'a, str>>,
    link: Option<Cow<'a, str>>,
    data: Option<Cow<'a, str>>,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    requires_ack: bool,
    publisher_id: Option<i64>,
    collapse_group: Option<&'a str>,
    targets: Vec<String>,
}

/// A row as its statement answers it.
pub(super) struct Inserted {
    pub(super) place: i64,
    pub(super) id: i64,
    /// The publisher's name, where that is one of the users.
    pub(super) publisher: Option<String>,
}

mapped!(Inserted, |row| {
    Ok(Inserted {
        place: row.try_get("place")?,
        id: row.try_get("id")?,
        publisher: row.try_get("publisher")?,
    })
});

/// A request that may be written, and how many users it is for.
#[derive(Clone, Copy)]
pub(super) struct Accepted<'a> {
    pub(super) request: &'a Request,
    pub(super) recipients: u64,
}

/// Binds `$1` to `$15` of [`WRITE_ONE_ON_POSTGRES`].
macro_rules! bind_one {
    ($query:expr, $named:expr, $publishers:expr, $roles:expr, $request:expr) => {{
        let new = &$request.new;
        $query
            .bind($named.clone())
            .bind(rows::addresses($request).join(" "))
            .bind(storable(&new.title))
            .bind(new.body.as_deref().map(storable))
            .bind(new.severity.as_str())
            .bind(new.kind.as_deref().map(storable))
            .bind(new.event.as_deref().map(storable))
            .bind(new.link.as_deref().map(storable))
            .bind(new.data.as_deref().map(storable))
            .bind($request.now)
            .bind(new.expires_at)
            .bind(new.requires_ack)
            .bind(new.publisher.map(|user| user.0))
            .bind($publishers.clone())
            .bind($roles)
    }};
}
pub(super) use bind_one;

/// Writes these rows with their targets, or none of them and says who is unknown; inside a body that ends in
/// `Result<_, StoreError>`, where the requests are `&[Accepted]`. On PostgreSQL it takes the turn by itself.
macro_rules! insert {
    ($connection:expr, $engine:expr, $requests:expr) => {{
        let named = rows::named_users($requests);
        let (publishers, roles) = rows::publishers($requests);
        let mut inserted: Vec<rows::Inserted> = Vec::new();
        let mut unknown: Vec<i64> = Vec::new();
        if $engine == Engine::Sqlite && !named.is_empty() {
            unknown = rows::unknown_users!(&mut *$connection, $engine, named);
        }
        if unknown.is_empty() {
            let query = match ($requests, $engine) {
                (all, Engine::Sqlite) => {
                    sqlx::query_as(rows::WRITE_ON_SQLITE).bind(json(&rows::rows(all)))
                }
                ([one], _) if one.request.is_plain() => rows::bind_one!(
                    sqlx::query_as(rows::WRITE_ONE_ON_POSTGRES),
                    &named,
                    &publishers,
                    roles.as_str(),
                    one.request
                ),
                (all, _) => sqlx::query_as(rows::WRITE_ON_POSTGRES)
                    .bind(json(&rows::rows(all)))
                    .bind(named.clone())
                    .bind(publishers.clone())
                    .bind(roles.as_str()),
            };
            inserted = query.fetch_all(&mut *$connection).await?;
        }
        if inserted.is_empty() && unknown.is_empty() {
            unknown = rows::unknown_users!(&mut *$connection, $engine, named);
        }
        (inserted, unknown)
    }};
}
pub(super) use insert;

macro_rules! unknown_users {
    ($connection:expr, $engine:expr, $named:expr) => {
        sqlx::query_scalar(rows::UNKNOWN_USERS.on($engine))
            .bind($named.clone())
            .fetch_all($connection)
            .await?
    };
}
pub(super) use unknown_users;

/// Those whose right to publish is asked for, and the roles that they must have one of, as one text.
pub(super) fn publishers(requests: &[Accepted<'_>]) -> (Array<i64>, String) {
    let asked = requests.iter().filter_map(|it| {
        let new = &it.request.new;
        Some((new.publisher.map_or(0, |user| user.0), new.only_by?))
    });
    let (ids, roles): (BTreeSet<i64>, Vec<&[Role]>) = asked.unzip();
    let roles = roles.first().copied().unwrap_or_default().iter();
    let names: Vec<_> = roles.map(|role| role.as_str()).collect();
    (ids.into_iter().collect(), names.join(" "))
}

pub(super) fn named_users(requests: &[Accepted<'_>]) -> Array<i64> {
    let users: BTreeSet<i64> = requests
        .iter()
        .flat_map(|it| &it.request.targets.users)
        .map(|user| user.0)
        .collect();
    users.into_iter().collect()
}

pub(super) fn rows<'a>(requests: &[Accepted<'a>]) -> Vec<Row<'a>> {
    let row = |(place, accepted): (usize, &Accepted<'a>)| {
        let request = accepted.request;
        let new = &request.new;
        Row {
            place,
            title: storable(&new.title),
            body: new.body.as_deref().map(storable),
            severity: new.severity.as_str(),
            kind: new.kind.as_deref().map(storable),
            event: new.event.as_deref().map(storable),
            link: new.link.as_deref().map(storable),
            data: new.data.as_deref().map(storable),
            created_at: request.now,
            expires_at: new.expires_at,
            requires_ack: new.requires_ack,
            publisher_id: new.publisher.map(|user| user.0),
            collapse_group: request.collapse_group.as_deref(),
            targets: addresses(request),
        }
    };
    requests.iter().enumerate().map(row).collect()
}

/// The keys of a request's targets.
pub(super) fn addresses(request: &Request) -> Vec<String> {
    let targets = request.targets.keys();
    targets.map(|target| target.to_string()).collect()
}
