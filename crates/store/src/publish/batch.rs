//! A batch of publishes: who is refused, what is written, and what each publisher is told.
//!
//! `transaction` writes all of a batch or nothing. A batch that names users who do not exist writes nothing: the publishes
//! that name one are refused, and the others are written without them. That is rare, and spares every
//! other batch a read before it writes.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use super::{
    headcount::{Headcount, PerRole},
    keys::{self, Known},
    rows::Accepted,
    tail::Tail,
    transaction::{self, Attempt, Line},
    writer::{Outcome, Request},
};
use crate::{
    Engine,
    accounts::role_of,
    bind::{Array, storable},
    db::{Db, Sql, on},
    error::StoreError,
    model::{Notification, Outgoing, Publisher, Role, TopicName, UserId},
};

/// How often a batch is tried while the users that it names come and go.
const TRIES: usize = 3;

const USERS: Sql = Sql {
    sqlite: "SELECT CAST(id AS BIGINT), LOWER(CAST(role AS TEXT)), COALESCE(disabled, FALSE) FROM users \
             WHERE id IN (SELECT value FROM json_each($1))",
    postgres: "SELECT CAST(id AS BIGINT), LOWER(CAST(role AS TEXT)), COALESCE(disabled, FALSE) FROM users \
               WHERE id = ANY($1)",
};

const SUBSCRIBERS: Sql = Sql {
    sqlite: "SELECT name, subscribers FROM topics WHERE name IN (SELECT value FROM json_each($1))",
    postgres: "SELECT name, subscribers FROM topics WHERE name = ANY($1)",
};

/// Commits a batch; one outcome for each request, in order. Ids follow the order of the requests.
pub(crate) async fn commit(
    db: &Db,
    headcount: &Headcount,
    tail: &Tail,
    requests: &[Request],
) -> Result<Vec<Outcome>, StoreError> {
    let readers = Readers::of(db, headcount, requests).await?;
    let mut refused = Refused::default();
    if !writes_only_what_is_allowed(db, requests) {
        refused.look_at_publishers(db, requests).await?;
    }
    for _ in 0..TRIES {
        let accepted = accepted(requests, &refused, &readers);
        match transaction::write(db, &accepted).await? {
            // Nobody is unknown: then it is the publisher who may not.
            Attempt::Unknown(users) if users.is_empty() => {
                refused.look_at_publishers(db, requests).await?;
            }
            Attempt::Unknown(users) => refused.unknown.extend(users),
            Attempt::Done(lines) => {
                let outcomes = outcomes(requests, &refused, &lines);
                tail.push(accepted.iter().zip(lines).filter_map(outgoing));
                return Ok(outcomes);
            }
        }
    }
    Err(StoreError::unavailable("the users it names come and go"))
}

/// Whether the statement itself asks who publishes: PostgreSQL's does, for the same roles.
fn writes_only_what_is_allowed(db: &Db, requests: &[Request]) -> bool {
    let mut asked = requests.iter().filter_map(|it| it.new.only_by);
    let first = asked.next();
    db.engine() == Engine::Postgres && asked.all(|roles| Some(roles) == first)
}

/// What of a batch is not written.
#[derive(Default)]
struct Refused {
    /// Users who are named and do not exist.
    unknown: BTreeSet<UserId>,
    /// Publishers who may not.
    not_allowed: HashSet<UserId>,
}

impl Refused {
    async fn look_at_publishers(
        &mut self,
        db: &Db,
        requests: &[Request],
    ) -> Result<(), StoreError> {
        let asked: Vec<(UserId, &[Role])> = requests
            .iter()
            .filter_map(|it| Some((it.new.publisher.unwrap_or(UserId(0)), it.new.only_by?)))
            .collect();
        if asked.is_empty() {
            return Ok(());
        }
        let known = users(db, asked.iter().map(|(user, _)| *user).collect()).await?;
        for (user, roles) in asked {
            let is_allowed = known
                .get(&user)
                .is_some_and(|(role, disabled)| !disabled && roles.contains(role));
            if !is_allowed {
                self.not_allowed.insert(user);
            }
        }
        Ok(())
    }

    /// Why this one is not written.
    fn outcome(&self, request: &Request) -> Option<Outcome> {
        let publisher = request.new.publisher.unwrap_or(UserId(0));
        if request.new.only_by.is_some() && self.not_allowed.contains(&publisher) {
            return Some(Outcome::NotAllowed);
        }
        let unknown = request.targets.users.intersection(&self.unknown);
        let unknown: Vec<UserId> = unknown.copied().collect();
        (!unknown.is_empty()).then_some(Outcome::UnknownUsers(unknown))
    }
}

/// The role of each of these users, and whether they are disabled.
async fn users(
    db: &Db,
    ids: BTreeSet<UserId>,
) -> Result<HashMap<UserId, (Role, bool)>, StoreError> {
    let known: Vec<(i64, Option<String>, bool)> = on!(db, readers, |connection, engine| {
        let ids: Array<i64> = ids.iter().map(|user| user.0).collect();
        Ok(sqlx::query_as(USERS.on(engine))
            .bind(ids)
            .fetch_all(connection)
            .await?)
    })?;
    Ok(known
        .into_iter()
        .map(|(id, role, disabled)| (UserId(id), (role_of(role.as_deref()), disabled)))
        .collect())
}

/// How many are subscribed to each of these topics; one that is not there has none.
async fn subscribers(db: &Db, topics: BTreeSet<&str>) -> Result<HashMap<String, u64>, StoreError> {
    let counts: Vec<(String, i64)> = on!(db, readers, |connection, engine| {
        let topics: Array<&str> = topics.iter().copied().collect();
        Ok(sqlx::query_as(SUBSCRIBERS.on(engine))
            .bind(topics)
            .fetch_all(connection)
            .await?)
    })?;
    let counts = counts.into_iter();
    Ok(counts
        .map(|(topic, count)| (topic, count.unsigned_abs()))
        .collect())
}

/// Those that are not refused; of several with the same key, or of the same schedule, the first.
fn accepted<'a>(
    requests: &'a [Request],
    refused: &Refused,
    readers: &Readers,
) -> Vec<Accepted<'a>> {
    let (mut names, mut scheduled) = (HashSet::new(), HashSet::new());
    let allowed = requests.iter().filter(|it| refused.outcome(it).is_none());
    allowed
        .filter(|it| keys::name(it).is_none_or(|name| names.insert(name)))
        .filter(|it| it.scheduled.is_none_or(|id| scheduled.insert(id)))
        .map(|request| Accepted {
            request,
            recipients: readers.recipients(request),
        })
        .collect()
}

/// `lines` are what became of those that were [`accepted`], in order.
fn outcomes<'a>(requests: &'a [Request], refused: &Refused, lines: &[Line]) -> Vec<Outcome> {
    let mut lines = lines.iter();
    let mut known: HashMap<_, Known> = HashMap::new();
    let mut scheduled = HashSet::new();
    let outcome = |request: &'a Request| {
        if let Some(outcome) = refused.outcome(request) {
            return outcome;
        }
        if request.scheduled.is_some_and(|id| !scheduled.insert(id)) {
            return Outcome::Gone;
        }
        let name = keys::name(request);
        if let Some(first) = name.and_then(|name| known.get(&name)) {
            return first.outcome(request);
        }
        let (outcome, key) = match lines.next().expect("what is accepted has a line") {
            Line::Gone => (Outcome::Gone, None),
            Line::Known(first) => (first.outcome(request), Some(first.clone())),
            Line::Written(row) => (
                Outcome::Published(row.published.clone()),
                Known::of(request, &row.published),
            ),
        };
        known.extend(name.zip(key));
        outcome
    };
    requests.iter().map(outcome).collect()
}

/// What a reader of the stream would read of it.
fn outgoing((accepted, line): (&Accepted<'_>, Line)) -> Option<Outgoing> {
    let Line::Written(written) = line else {
        return None;
    };
    let request = accepted.request;
    let new = &request.new;
    let text = |text: &String| storable(text).into_owned();
    let publisher = new.publisher.zip(written.publisher);
    Some(Outgoing {
        notification: Notification {
            id: written.published.id,
            title: text(&new.title),
            body: new.body.as_ref().map(text),
            severity: new.severity,
            kind: new.kind.as_ref().map(text),
            event: new.event.as_ref().map(text),
            link: new.link.as_ref().map(text),
            data: new.data.as_ref().map(text),
            created_at: request.now,
            expires_at: new.expires_at,
            requires_ack: new.requires_ack,
            replaces: written.replaces,
            publisher: publisher.map(|(id, username)| Publisher { id, username }),
        },
        targets: request.targets.keys().collect(),
    })
}

/// Who is there to read, as far as this batch must know.
#[derive(Default)]
struct Readers {
    /// How many enabled users there are, if the batch addresses a role or all.
    per_role: Option<Arc<PerRole>>,
    /// Role, and whether disabled, of the users that are named beside a role or all: nobody is counted twice.
    named: HashMap<UserId, (Role, bool)>,
    /// How many are subscribed to the topics that the batch addresses.
    subscribers: HashMap<String, u64>,
}

impl Readers {
    async fn of(db: &Db, headcount: &Headcount, requests: &[Request]) -> Result<Self, StoreError> {
        let mut readers = Self::default();
        let addressed = requests.iter().map(|request| &request.targets);
        let groups = addressed.filter(|targets| targets.is_for_a_group());
        let named: BTreeSet<UserId> = groups
            .clone()
            .flat_map(|targets| &targets.users)
            .copied()
            .collect();
        if groups.count() > 0 {
            readers.per_role = Some(headcount.get(db).await?);
        }
        if !named.is_empty() {
            readers.named = users(db, named).await?;
        }
        let topics = requests.iter().filter_map(|it| it.targets.topic.as_ref());
        let topics: BTreeSet<&str> = topics.map(TopicName::as_str).collect();
        if !topics.is_empty() {
            readers.subscribers = subscribers(db, topics).await?;
        }
        Ok(readers)
    }

    /// The enabled users of the roles or of all, those named that are not among them, and the topic's subscribers.
    fn recipients(&self, request: &Request) -> u64 {
        let targets = &request.targets;
        let covers = |role: Role| targets.all || targets.roles.contains(&role);
        let in_groups: u64 = self
            .per_role
            .iter()
            .flat_map(|counts| counts.iter())
            .filter(|(role, _)| covers(*role))
            .map(|(_, count)| count)
            .sum();
        let is_counted = |user: &&UserId| {
            self.named
                .get(user)
                .is_some_and(|(role, disabled)| covers(*role) && !disabled)
        };
        let besides = targets.users.len() - targets.users.iter().filter(is_counted).count();
        let topic = targets.topic.as_ref().map(TopicName::as_str);
        let subscribed = topic.and_then(|topic| self.subscribers.get(topic));
        in_groups + besides as u64 + subscribed.copied().unwrap_or(0)
    }
}
