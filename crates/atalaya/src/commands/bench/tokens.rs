//! As whom to connect to a server that runs already: ids whose tokens are signed here, or tokens from a file.

use std::{path::Path, time::Duration};

use anyhow::Result;
use atalaya_bench::Person;
use atalaya_server::{Clock, auth::Tokens, config::Secret};
use atalaya_store::{Role, Timestamp, User, UserId};

use super::{DOING, read_file};
use crate::{cli::BenchArgs, config::Settings, output::Failure};

/// Longer than any measurement.
pub const LIVES: Duration = Duration::from_secs(6 * 60 * 60);

pub struct Given {
    pub people: Vec<Person>,
    pub publisher: String,
}

/// What the flags say, with as many people as there are to be clients.
pub fn of(args: &BenchArgs, settings: &Settings) -> Result<Given> {
    let mut given = match &args.server.tokens {
        Some(path) => from_file(path)?,
        None => signed(args, settings)?,
    };
    let (wanted, there) = (args.load.clients, given.people.len());
    match wanted {
        Some(wanted) if wanted as usize > there => Err(Failure::could_not_run(
            DOING,
            format!("{wanted} clients are a user each, and there are {there} users"),
        )
        .try_this("name more of them, or take fewer clients")
        .into()),
        Some(wanted) => {
            given.people.truncate(wanted as usize);
            Ok(given)
        }
        None => Ok(given),
    }
}

/// A token such as the login gives.
pub fn person(signer: &Tokens, id: u64, now: Timestamp) -> Person {
    let user = User {
        id: UserId(i64::try_from(id).unwrap_or(i64::MAX)),
        username: format!("user-{id}"),
        display_name: None,
        role: Role::User,
        disabled: false,
        created_at: now,
    };
    Person {
        id,
        token: signer.mint_for(&user, now, LIVES).token,
    }
}

fn signed(args: &BenchArgs, settings: &Settings) -> Result<Given> {
    let server = &args.server;
    let (Some(users), Some(publisher)) = (server.users, server.publisher) else {
        return Err(
            Failure::could_not_run(DOING, "who connects, and who publishes?")
                .try_this("name users and an operator by their ids: --users 2..101 --publisher 1")
                .try_this("or give their tokens: --tokens FILE")
                .into(),
        );
    };
    let file = server.secret_file.as_deref();
    let secret: Secret = match (file, settings.given_secret()) {
        (Some(path), _) => read_file(path)?,
        (None, Some(secret)) => secret.clone(),
        (None, None) => {
            return Err(
                Failure::could_not_run(DOING, "there is no key to sign tokens with")
                    .try_this("give the server's own: --secret-file data/jwt-secret, or JWT_SECRET")
                    .into(),
            );
        }
    };
    let signer = Tokens::new(&secret, settings.jwt_user_claim(), LIVES);
    let now = Clock::System.now();
    Ok(Given {
        people: (users.first..=users.last)
            .map(|id| person(&signer, id, now))
            .collect(),
        publisher: person(&signer, publisher, now).token,
    })
}

fn from_file(path: &Path) -> Result<Given> {
    let text = read_file(path)?;
    let mut people = Vec::new();
    for (number, line) in text.expose().lines().enumerate() {
        people.push(parse(line).ok_or_else(|| {
            Failure::could_not_run(
                format!("reading {}", path.display()),
                format!("line {} is no user id and a token", number + 1),
            )
        })?);
    }
    if people.len() < 2 {
        let wrong = "it needs two lines or more: who publishes, and who connects";
        return Err(Failure::could_not_run(format!("reading {}", path.display()), wrong).into());
    }
    let publisher = people.remove(0).token;
    Ok(Given { people, publisher })
}

fn parse(line: &str) -> Option<Person> {
    let (id, token) = line.trim().split_once(char::is_whitespace)?;
    // It is put into JSON as it is.
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let token = token.trim();
    token.bytes().all(is_token).then(|| {
        Some(Person {
            id: id.parse().ok()?,
            token: token.to_owned(),
        })
    })?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_id_and_a_token() {
        let person = parse("27  abc.d-e_f.g ").unwrap();
        assert_eq!((person.id, person.token.as_str()), (27, "abc.d-e_f.g"));
        for wrong in ["", "27", "x abc", "27 a\"b", "27 a b"] {
            assert!(parse(wrong).is_none(), "{wrong}");
        }
    }
}
