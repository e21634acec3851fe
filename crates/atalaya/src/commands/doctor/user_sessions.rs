//! The table of sessions of a running server, looked into and never changed.

use std::time::Duration;

use anyhow::Result;
use atalaya_doctor::probe::{Lookup, NotFoundOut, Table};
use atalaya_server::{config::Secret, look_up};
use atalaya_store::{OpenOptions, Store, StoreError};

use crate::commands::database;

/// A database that does not answer is a finding, and soon.
const PATIENCE: Duration = Duration::from_secs(3);

/// The database that is named, if one is, opened when it is first needed, and once.
pub struct Database {
    url: Option<String>,
    table: Option<UserSessions>,
}

impl Database {
    pub fn of(url: Option<String>) -> Self {
        Self { url, table: None }
    }

    /// What could not be opened is tried again.
    pub async fn table(&mut self) -> Result<Option<&dyn Table>> {
        let Some(url) = &self.url else {
            return Ok(None);
        };
        let is_open = self.table.as_ref().is_some_and(|table| table.store.is_ok());
        if !is_open {
            self.table = Some(UserSessions::open(url).await?);
        }
        Ok(self.table.as_ref().map(|table| table as &dyn Table))
    }
}

struct UserSessions {
    /// Why it could not be opened, if it could not.
    store: Result<Store, String>,
}

impl UserSessions {
    /// Only a URL that is none is an error: what else goes wrong is for the report.
    async fn open(url: &str) -> Result<Self> {
        let url = Secret::new(url);
        if let Some(missing) = database::missing_file(&url) {
            let error = format!("there is no file {}", missing.display());
            return Ok(Self { store: Err(error) });
        }
        let options = OpenOptions {
            patience: PATIENCE,
            readers: 1,
            ..OpenOptions::default()
        };
        let opened = Store::open(url.expose(), options).await;
        match opened {
            Err(error @ StoreError::BadUrl(_)) => {
                Err(database::explain("opening the database", &error, &url).into())
            }
            opened => Ok(Self {
                store: opened.map_err(|error| error.to_string()),
            }),
        }
    }
}

impl Table for UserSessions {
    fn row<'a>(&'a self, socket_id: &'a str) -> Lookup<'a> {
        Box::pin(async move {
            let unreachable = |error: &String| NotFoundOut::Unreachable(error.clone());
            let store = self.store.as_ref().map_err(unreachable)?;
            look_up(store, socket_id).await
        })
    }
}
