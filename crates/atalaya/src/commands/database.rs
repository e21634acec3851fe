//! The database as the commands use it: opened, brought up to date, and its failures told as a story with
//! no password in it.

use std::{path::Path, path::PathBuf};

use anyhow::Result;
use atalaya_server::config::Secret;
use atalaya_store::{OpenOptions, Store, StoreError, User};

use crate::{config::Settings, output::Failure};

/// Opens the database and brings its tables up to date. Made when it is not there.
pub async fn open_or_create(settings: &Settings) -> Result<Store> {
    let url = settings.database_url();
    let opened = async {
        let store = Store::open(url.expose(), OpenOptions::default()).await?;
        store.migrate().await?;
        Ok(store)
    };
    opened
        .await
        .map_err(|error| explain("opening the database", &error, url).into())
}

/// Opens a database that is expected to be there: a command that only asks must not leave an empty one
/// behind in the wrong folder.
pub async fn open_existing(settings: &Settings) -> Result<Store> {
    let url = settings.database_url();
    if let Some(path) = missing_file(url) {
        let failure = Failure::could_not_run(
            format!("opening the database {}", shown(url)),
            format!("there is no file {}", path.display()),
        );
        return Err(failure
            .try_this("run this in the server's working directory, or set DATABASE_URL as the server has it")
            .try_this("if the server has never run: atalaya user add NAME --role admin")
            .into());
    }
    open_or_create(settings).await
}

/// The file of a SQLite database, if it is not there.
pub fn missing_file(url: &Secret) -> Option<PathBuf> {
    sqlite_path(url).filter(|path| !path.exists())
}

/// The user of that name, or the answer that there is none.
pub async fn user_named(
    store: &Store,
    name: &str,
    settings: &Settings,
    doing: &str,
) -> Result<User> {
    let found = store.user_by_name(name).await;
    let found = found.map_err(|error| explain(doing, &error, settings.database_url()))?;
    found.ok_or_else(|| {
        Failure::no(doing, format!("there is no user {name:?}"))
            .try_this("see who there is: atalaya user list")
            .into()
    })
}

/// What went wrong with the database, and what to try.
pub fn explain(doing: &str, error: &StoreError, url: &Secret) -> Failure {
    let failure = Failure::could_not_run(format!("{doing} {}", shown(url)), error);
    let place = match sqlite_path(url) {
        Some(path) => Place::File(path),
        None => Place::Server,
    };
    match (error, place) {
        (StoreError::Unavailable(_), Place::File(path)) => failure
            .try_this(format!(
                "see that this user may write there: ls -ld {}",
                folder(&path).display()
            ))
            .try_this(format!(
                "see that no other program holds the file: fuser {}",
                path.display()
            )),
        (StoreError::Unavailable(_), Place::Server) => failure
            .try_this(
                "see that PostgreSQL runs and lets you in: psql \"$DATABASE_URL\" -c 'SELECT 1'",
            )
            .try_this("check host, port, user, password and database name in DATABASE_URL"),
        (StoreError::ReadOnly(_), Place::File(path)) => failure.try_this(format!(
            "let this user write the file and its folder: ls -la {}",
            folder(&path).display()
        )),
        (StoreError::ReadOnly(_), Place::Server) => {
            failure.try_this("connect to the primary, and to a database where this user may write")
        }
        (StoreError::Full(_), Place::File(path)) => {
            failure.try_this(format!("make room: df -h {}", folder(&path).display()))
        }
        (StoreError::Full(_), Place::Server) => {
            failure.try_this("make room on the database's machine")
        }
        (StoreError::BadUrl(_), _) => failure
            .try_this("DATABASE_URL=sqlite://data/atalaya.db")
            .try_this("DATABASE_URL=postgres://user:password@host:5432/name"),
        (StoreError::Corrupt(_), Place::File(path)) => failure
            .try_this(format!(
                "see what can be read: sqlite3 {} 'PRAGMA integrity_check'",
                path.display()
            ))
            .try_this("restore the file from a backup, with the server stopped"),
        _ => failure,
    }
}

enum Place {
    File(PathBuf),
    Server,
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The file of a SQLite URL; none for another database.
fn sqlite_path(url: &Secret) -> Option<PathBuf> {
    let path = url.expose().strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    Some(PathBuf::from(path.split('?').next().unwrap_or(path)))
}

/// The URL without its password.
pub fn shown(url: &Secret) -> String {
    let url = url.expose();
    // What follows the question mark may name a password too.
    let url = url.split('?').next().unwrap_or(url);
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let Some((user_info, place)) = rest.rsplit_once('@') else {
        return url.to_owned();
    };
    match user_info.split_once(':') {
        Some((user, _)) => format!("{scheme}://{user}:***@{place}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_shown_without_its_password() {
        let shown = |url: &str| shown(&Secret::new(url));
        assert_eq!(shown("sqlite://data/a.db"), "sqlite://data/a.db");
        assert_eq!(shown("postgres://ana@h/db"), "postgres://ana@h/db");
        assert_eq!(
            shown("postgres://ana:p@ss:w@h:5432/db?password=x"),
            "postgres://ana:***@h:5432/db"
        );
    }

    #[test]
    fn the_file_of_a_sqlite_url_is_its_path() {
        let path = |url: &str| sqlite_path(&Secret::new(url));
        assert_eq!(path("sqlite://data/a.db?mode=ro"), Some("data/a.db".into()));
        assert_eq!(path("sqlite:///var/a.db"), Some("/var/a.db".into()));
        assert_eq!(path("sqlite:a.db"), Some("a.db".into()));
        assert_eq!(path("postgres://h/db"), None);
    }
}
