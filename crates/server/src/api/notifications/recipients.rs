//! `to`: whom a notification is for. Exactly one way of saying it, so that nobody is told by accident.

use atalaya_store::{Audience, MAX_NAMED_USERS, Role, TopicName, UserId};
use utoipa::ToSchema;

use crate::api::fields::Fields;

/// Whom a notification is for: exactly one of the four.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(examples(
    json!({"users": [27]}), json!({"roles": ["operator"]}), json!({"topic": "alerts.north"}), json!({"all": true})
))]
#[expect(dead_code, reason = "describes the JSON that `read` takes")]
pub(super) enum Recipients {
    /// These users, by their ids: from 1 to 1000 of them.
    Users(Vec<i64>),
    /// Everyone who has one of these roles now.
    Roles(Vec<crate::api::openapi::Role>),
    /// Whoever is subscribed to this topic: from 1 to 100 of the characters A-Z, a-z, 0-9, `.`, `_` and `-`.
    Topic(String),
    /// Everyone.
    All(bool),
}

const EXPECTED: &str =
    r#"{"users": [27]}, {"roles": ["operator"]}, {"topic": "alerts.north"} or {"all": true}"#;

/// Reads the field `to`.
pub(super) fn read(fields: &mut Fields) -> Option<Audience> {
    fields.object("to", EXPECTED, |to| {
        let ways = ["users", "roles", "topic", "all"];
        let given = ways.iter().filter(|way| to.has(way)).count();
        let audience = match () {
            () if given > 1 => {
                to.refuse_whole(format!("must be only one of {EXPECTED}"));
                None
            }
            () if given == 0 => {
                to.refuse_whole(format!("must be {EXPECTED}"));
                None
            }
            () if to.has("users") => users(to),
            () if to.has("roles") => to
                .roles("roles")
                .map(|roles| Audience::roles(roles.into_iter().map(Role::as_str))),
            () if to.has("topic") => topic(to),
            () => all(to),
        };
        for way in ways {
            to.ignore(way);
        }
        audience
    })
}

fn users(to: &mut Fields) -> Option<Audience> {
    let ids = to.optional::<Vec<i64>>("users", "a list of users' ids");
    let mut ids = to.check("users", ids, |ids| match ids.len() {
        0 => Err("must name at least one user".to_owned()),
        given if given > MAX_NAMED_USERS => Err(format!(
            "names {given} users; at most {MAX_NAMED_USERS} at once, more by role"
        )),
        _ => Ok(()),
    })?;
    ids.sort_unstable();
    ids.dedup();
    Some(Audience::users(ids.into_iter().map(UserId)))
}

fn topic(to: &mut Fields) -> Option<Audience> {
    let name = to.optional::<String>("topic", "the name of a topic")?;
    let topic = name.parse::<TopicName>();
    let topic = topic.map_err(|error| to.refuse("topic", error.to_string()));
    topic.ok().map(Audience::topic)
}

fn all(to: &mut Fields) -> Option<Audience> {
    let all = to.optional::<bool>("all", "true");
    to.check("all", all, |all| {
        all.then_some(()).ok_or_else(|| "must be true".to_owned())
    })?;
    Some(Audience::all())
}
