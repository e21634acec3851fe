//! `atalaya user`: the accounts, straight in the database. Works before the server's first start and while
//! it runs.

use std::io::{self, BufRead, Read};

use anyhow::{Context, Result};
use atalaya_server::{
    Clock,
    auth::{Passwords, check_policy},
};
use atalaya_store::{CreateUserError, NewUser, Role, Store, Timestamp, User};
use chrono::{DateTime, SecondsFormat};
use rand::{TryRngCore, rngs::OsRng};
use serde::Serialize;
use serde_json::json;

use super::database::{explain, open_existing, open_or_create, user_named};
use crate::{
    cli::{AddArgs, PasswdArgs, RoleArgs, RoleName, UserCommand},
    config::Settings,
    output::{Failure, Style, table},
};

/// How many users one query of the list asks for.
const PAGE: u32 = 500;

pub async fn run(command: UserCommand, settings: &Settings, style: Style) -> Result<()> {
    match command {
        UserCommand::Add(args) => add(args, settings, style).await,
        UserCommand::List(_) => list(settings, style).await,
        UserCommand::Passwd(args) => passwd(args, settings, style).await,
        UserCommand::Role(args) => set_role(args, settings, style).await,
        UserCommand::Disable(args) => set_disabled(&args.name, true, settings, style).await,
        UserCommand::Enable(args) => set_disabled(&args.name, false, settings, style).await,
    }
}

async fn add(args: AddArgs, settings: &Settings, style: Style) -> Result<()> {
    let doing = format!("adding the user {}", args.name);
    check_name(&args.name).map_err(|wrong| Failure::could_not_run(&doing, wrong))?;
    let password = Password::choose(args.password_stdin, &doing)?;
    let store = open_or_create(settings).await?;
    let new = NewUser {
        username: args.name.clone(),
        password_hash: Some(Passwords::default().hash(&password.text).await?),
        role: role(args.role),
        display_name: args.display_name,
    };
    let user = store
        .create_user(new, Clock::System.now())
        .await
        .map_err(|error| match error {
            CreateUserError::Taken => Failure::no(&doing, "the name is taken").try_this(format!(
                "give that user another password: atalaya user passwd {}",
                args.name
            )),
            CreateUserError::Store(error) => explain(&doing, &error, settings.database_url()),
        })?;
    store.close().await;
    let value = password.shown_with(&user);
    style.print(&value, |paint| {
        let mut text = format!(
            "{} is user {}, with the role {}\n",
            paint.bold(&user.username),
            user.id,
            user.role
        );
        text.push_str(&password.in_words());
        text
    })?;
    Ok(())
}

async fn list(settings: &Settings, style: Style) -> Result<()> {
    let store = open_existing(settings).await?;
    let users = all_users(&store, settings).await?;
    store.close().await;
    let value = json!({"items": users.iter().map(Shown::from).collect::<Vec<_>>()});
    let rows: Vec<Vec<String>> = users.iter().map(row).collect();
    style.print(&value, |paint| {
        if rows.is_empty() {
            return "there are no users yet; add one with: atalaya user add NAME --role admin\n"
                .to_owned();
        }
        table(
            paint,
            &["ID", "NAME", "ROLE", "STATE", "SINCE", "DISPLAY NAME"],
            &rows,
        )
    })?;
    Ok(())
}

/// Every account, in the order of ids.
async fn all_users(store: &Store, settings: &Settings) -> Result<Vec<User>> {
    let mut users = Vec::new();
    let mut after = None;
    loop {
        let page = store
            .list_users(after, PAGE, None)
            .await
            .map_err(|error| explain("reading the users of", &error, settings.database_url()))?;
        users.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(users),
        }
    }
}

async fn passwd(args: PasswdArgs, settings: &Settings, style: Style) -> Result<()> {
    let doing = format!("changing the password of {}", args.name);
    let password = Password::choose(args.password_stdin, &doing)?;
    let store = open_existing(settings).await?;
    let user = user_named(&store, &args.name, settings, &doing).await?;
    let hash = Passwords::default().hash(&password.text).await?;
    let changed = store.set_password_hash(user.id, &hash).await;
    changed.map_err(|error| explain(&doing, &error, settings.database_url()))?;
    store.close().await;
    let value = password.shown_with(&user);
    style.print(&value, |paint| {
        format!(
            "{} has another password\n{}",
            paint.bold(&user.username),
            password.in_words()
        )
    })?;
    Ok(())
}

async fn set_role(args: RoleArgs, settings: &Settings, style: Style) -> Result<()> {
    let (name, role) = (&args.user.name, role(args.role));
    let doing = format!("giving the user {name} the role {role}");
    let store = open_existing(settings).await?;
    let user = user_named(&store, name, settings, &doing).await?;
    let changed = store.set_role(user.id, role, Clock::System.now()).await;
    changed.map_err(|error| explain(&doing, &error, settings.database_url()))?;
    store.close().await;
    let before = user.role;
    let user = User { role, ..user };
    style.print(&Shown::from(&user), |paint| {
        let name = paint.bold(&user.username);
        match before == role {
            true => format!("{name} has the role {role} already\n"),
            false => format!("{name} has the role {role}, and had {before}\n"),
        }
    })?;
    Ok(())
}

async fn set_disabled(name: &str, disabled: bool, settings: &Settings, style: Style) -> Result<()> {
    let doing = format!(
        "{} the user {name}",
        if disabled { "disabling" } else { "enabling" }
    );
    let store = open_existing(settings).await?;
    let user = user_named(&store, name, settings, &doing).await?;
    let changed = store
        .set_disabled(user.id, disabled, Clock::System.now())
        .await;
    changed.map_err(|error| explain(&doing, &error, settings.database_url()))?;
    store.close().await;
    let user = User { disabled, ..user };
    style.print(&Shown::from(&user), |paint| {
        let state = if disabled {
            "may no longer log in"
        } else {
            "may log in again"
        };
        format!("{} {state}\n", paint.bold(&user.username))
    })?;
    Ok(())
}

/// A password that was read, or one that was made and is shown once.
struct Password {
    text: String,
    is_generated: bool,
}

impl Password {
    fn choose(from_stdin: bool, doing: &str) -> Result<Self> {
        if !from_stdin {
            return Ok(Self {
                text: generate()?,
                is_generated: true,
            });
        }
        let text = read_stdin().map_err(|wrong| {
            Failure::could_not_run(doing, wrong)
                .try_this("printf %s \"$PASSWORD\" | atalaya user … --password-stdin")
        })?;
        // Whoever runs this may decide; a script's test user is no reason to stop.
        if let Err(advice) = check_policy(&text) {
            tracing::warn!("the password is set, but {advice}");
        }
        Ok(Self {
            text,
            is_generated: false,
        })
    }

    fn shown_with<'a>(&'a self, user: &'a User) -> Shown<'a> {
        let password = self.is_generated.then_some(self.text.as_str());
        Shown {
            password,
            ..Shown::from(user)
        }
    }

    fn in_words(&self) -> String {
        if self.is_generated {
            format!("password: {}   (shown this once)\n", self.text)
        } else {
            String::new()
        }
    }
}

/// One line, without its end. Bounded, because it is hashed in one piece.
fn read_stdin() -> Result<String, String> {
    const MAX_BYTES: u64 = 1_024;
    let mut text = String::new();
    io::stdin()
        .lock()
        .take(MAX_BYTES + 1)
        .read_line(&mut text)
        .map_err(|error| format!("standard input could not be read: {error}"))?;
    if text.len() as u64 > MAX_BYTES {
        return Err(format!(
            "the password on standard input is longer than {MAX_BYTES} bytes"
        ));
    }
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err("standard input held no password".to_owned());
    }
    Ok(line.to_owned())
}

/// Twenty letters and digits that cannot be mistaken for one another, in groups: 98 random bits.
fn generate() -> Result<String> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0u8; 20];
    OsRng
        .try_fill_bytes(&mut bytes)
        .context("the system gave no random numbers")?;
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
    let groups: Vec<String> = bytes
        .chunks(5)
        .map(|group| group.iter().map(letter).collect())
        .collect();
    Ok(groups.join("-"))
}

fn check_name(name: &str) -> Result<(), &'static str> {
    let printable = !name.contains(char::is_control) && name.trim() == name;
    if (1..=64).contains(&name.chars().count()) && printable {
        Ok(())
    } else {
        Err(
            "a name has 1 to 64 characters, with no space around it and no control characters in it",
        )
    }
}

fn role(name: RoleName) -> Role {
    match name {
        RoleName::Admin => Role::Admin,
        RoleName::Operator => Role::Operator,
        RoleName::User => Role::User,
    }
}

fn row(user: &User) -> Vec<String> {
    vec![
        user.id.to_string(),
        user.username.clone(),
        user.role.to_string(),
        if user.disabled { "disabled" } else { "enabled" }.to_owned(),
        in_rfc_3339(user.created_at)
            .get(..10)
            .unwrap_or_default()
            .to_owned(),
        user.display_name.clone().unwrap_or_default(),
    ]
}

/// The user as the HTTP API shows it, and the password if it was made here.
#[derive(Serialize)]
struct Shown<'a> {
    id: i64,
    username: &'a str,
    display_name: Option<&'a str>,
    role: &'static str,
    disabled: bool,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
}

impl<'a> From<&'a User> for Shown<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            id: user.id.0,
            username: &user.username,
            display_name: user.display_name.as_deref(),
            role: user.role.as_str(),
            disabled: user.disabled,
            created_at: in_rfc_3339(user.created_at),
            password: None,
        }
    }
}

fn in_rfc_3339(time: Timestamp) -> String {
    let time = DateTime::from_timestamp_millis(time.0).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
