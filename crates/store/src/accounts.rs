//! Accounts. A `users` table that another program made is read as it stands: its role may be an enum in
//! capitals, its names may be missing.

use sqlx::PgConnection;

use crate::{
    Store,
    bind::{Array, Untyped, storable},
    changes,
    cursor::{Cursor, List},
    db::{self, Sql, mapped, on},
    error::{Cause, CreateUserError, StoreError},
    model::{Credentials, NewUser, Page, Publisher, Role, Timestamp, User, UserId},
    page,
    publish::begin_in_turn,
};

macro_rules! accounts {
    ($($where:literal),*) => {
        concat!(
            "SELECT CAST(u.id AS BIGINT) AS id, COALESCE(u.username, CAST(u.id AS TEXT)) AS username, \
             u.display_name, LOWER(CAST(u.role AS TEXT)) AS role, COALESCE(u.disabled, FALSE) AS disabled, \
             u.created_at, u.password_hash FROM users AS u WHERE ",
            $($where),*
        )
    };
}

mapped!(User, |row| {
    Ok(User {
        id: UserId(row.try_get("id")?),
        username: row.try_get("username")?,
        display_name: row.try_get("display_name")?,
        role: role_of(row.try_get("role")?),
        disabled: row.try_get("disabled")?,
        created_at: row
            .try_get::<Option<_>, _>("created_at")?
            .unwrap_or(Timestamp(0)),
    })
});

mapped!(Credentials, |row| {
    Ok(Credentials {
        user: sqlx::FromRow::from_row(row)?,
        password_hash: row.try_get("password_hash")?,
    })
});

/// A role that only another program knows grants nothing here.
pub(crate) fn role_of(stored: Option<&str>) -> Role {
    stored
        .and_then(|role| role.parse().ok())
        .unwrap_or(Role::User)
}

/// The newest position, as of the statement.
macro_rules! head {
    () => {
        "(SELECT COALESCE(MAX(id), 0) FROM notifications)"
    };
}

macro_rules! names {
    ($chosen:literal) => {
        concat!(
            "SELECT CAST(id AS BIGINT), COALESCE(username, CAST(id AS TEXT)) FROM users WHERE id ",
            $chosen
        )
    };
}

const NAMES: Sql = Sql {
    sqlite: names!("IN (SELECT value FROM json_each($1))"),
    postgres: names!("= ANY($1)"),
};

const INSERT: &str = concat!(
    "INSERT INTO users (username, password_hash, role, display_name, disabled, created_at, \
     joined_position, role_since_position) VALUES ($1, $2, $3, $4, FALSE, $5, ",
    head!(),
    ", ",
    head!(),
    ") RETURNING CAST(id AS BIGINT)"
);

/// The same role again is no change: what was addressed to it before stays in the inbox.
const SET_ROLE: &str = concat!(
    "UPDATE users SET role = $2, role_since_position = ",
    head!(),
    " WHERE id = $1 AND LOWER(CAST(role AS TEXT)) <> $3"
);

/// Another role reads another part of the stream, and who is disabled none: servers are to know. In the publishers' turn.
macro_rules! moved {
    ($connection:expr, $id:expr, $now:expr) => {
        sqlx::query(changes::ADD_MEMBERSHIP)
            .bind($id.0)
            .bind($now)
            .execute($connection)
            .await?
    };
}

impl Store {
    /// Makes an account. It sees what is published to its role and to all from now on.
    pub async fn create_user(&self, new: NewUser, now: Timestamp) -> Result<User, CreateUserError> {
        let label = self.role_label(new.role).await?;
        let username = storable(&new.username).into_owned();
        let display_name = new
            .display_name
            .as_deref()
            .map(|name| storable(name).into_owned());
        let made: Result<Option<i64>, StoreError> =
            on!(&self.inner.db, writers, |connection, engine| {
                let mut transaction = db::begin(connection, engine).await?;
                // An adopted table may allow a name twice; ours never make the second.
                let taken: Option<i64> =
                    sqlx::query_scalar("SELECT CAST(id AS BIGINT) FROM users WHERE username = $1")
                        .bind(&username)
                        .fetch_optional(&mut *transaction)
                        .await?;
                if taken.is_some() {
                    return Ok(None);
                }
                let id = sqlx::query_scalar(INSERT)
                    .bind(&username)
                    .bind(&new.password_hash)
                    .bind(Untyped(&label))
                    .bind(&display_name)
                    .bind(now)
                    .fetch_one(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                Ok(Some(id))
            });
        self.inner.publisher.users_changed();
        match made {
            Ok(Some(id)) => Ok(User {
                id: UserId(id),
                username,
                display_name,
                role: new.role,
                disabled: false,
                created_at: now,
            }),
            Ok(None) => Err(CreateUserError::Taken),
            Err(StoreError::Conflict(cause)) if cause.is_unique_violation() => {
                Err(CreateUserError::Taken)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// One account.
    pub async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        on!(&self.inner.db, readers, |connection, _engine| {
            let query = sqlx::query_as(accounts!("u.id = $1")).bind(id.0);
            Ok(query.fetch_optional(connection).await?)
        })
    }

    /// The names of these users; who is gone is left out.
    pub async fn names(&self, users: &[UserId]) -> Result<Vec<Publisher>, StoreError> {
        let users: Array<i64> = users.iter().map(|user| user.0).collect();
        let named: Vec<(i64, String)> = on!(&self.inner.db, readers, |connection, engine| {
            let query = sqlx::query_as(NAMES.on(engine)).bind(users);
            Ok(query.fetch_all(connection).await?)
        })?;
        let named = named.into_iter().map(|(id, username)| Publisher {
            id: UserId(id),
            username,
        });
        Ok(named.collect())
    }

    /// The account of a name, as it is written.
    pub async fn user_by_name(&self, username: &str) -> Result<Option<User>, StoreError> {
        Ok(self.credentials(username).await?.map(|found| found.user))
    }

    /// The account of a name with the hash of its password, for a login.
    pub async fn credentials(&self, username: &str) -> Result<Option<Credentials>, StoreError> {
        let username = storable(username);
        on!(&self.inner.db, readers, |connection, _engine| {
            let query =
                sqlx::query_as(accounts!("u.username = $1 ORDER BY u.id LIMIT 1")).bind(&*username);
            Ok(query.fetch_optional(connection).await?)
        })
    }

    /// Accounts in the order of their ids; with `query`, those whose username or display name contains it,
    /// whatever its case.
    pub async fn list_users(
        &self,
        after: Option<Cursor>,
        limit: u32,
        query: Option<&str>,
    ) -> Result<Page<User>, StoreError> {
        let after = page::key(after, List::Users, 0)?;
        let limit = page::limit(limit);
        let pattern = query.map(pattern);
        let users: Vec<User> = on!(&self.inner.db, readers, |connection, _engine| {
            let statement = match pattern {
                None => sqlx::query_as(accounts!("u.id > $1 ORDER BY u.id LIMIT $2")),
                Some(_) => sqlx::query_as(accounts!(
                    "u.id > $1 AND (LOWER(u.username) LIKE LOWER($3) ESCAPE '\\' OR LOWER(u.display_name) LIKE LOWER($3) ESCAPE '\\') \
                     ORDER BY u.id LIMIT $2"
                )),
            };
            let mut statement = statement.bind(after).bind(limit + 1);
            if let Some(pattern) = &pattern {
                statement = statement.bind(pattern);
            }
            Ok(statement.fetch_all(connection).await?)
        })?;
        Ok(page::of(users, limit, List::Users, |user| user.id.0))
    }

    /// The oldest account that has this role and may log in.
    pub async fn enabled_user_with(&self, role: Role) -> Result<Option<User>, StoreError> {
        on!(&self.inner.db, readers, |connection, _engine| {
            let query = sqlx::query_as(accounts!(
                "LOWER(CAST(u.role AS TEXT)) = $1 AND NOT COALESCE(u.disabled, FALSE) \
                 ORDER BY u.id LIMIT 1"
            ));
            Ok(query.bind(role.as_str()).fetch_optional(connection).await?)
        })
    }

    /// How many accounts there are, counting no further than `at_most`.
    pub async fn count_users(&self, at_most: u32) -> Result<u64, StoreError> {
        let count: i64 = on!(&self.inner.db, readers, |connection, _engine| {
            let query = sqlx::query_scalar(
                "SELECT COUNT(*) FROM (SELECT 1 FROM users LIMIT $1) AS some_users",
            );
            Ok(query.bind(i64::from(at_most)).fetch_one(connection).await?)
        })?;
        Ok(count.unsigned_abs())
    }

    /// Replaces the hash of a password. [`StoreError::NotFound`] if there is no such account.
    pub async fn set_password_hash(
        &self,
        id: UserId,
        password_hash: &str,
    ) -> Result<(), StoreError> {
        let changed = on!(&self.inner.db, writers, |connection, _engine| {
            let query = sqlx::query("UPDATE users SET password_hash = $2 WHERE id = $1");
            Ok(query
                .bind(id.0)
                .bind(password_hash)
                .execute(connection)
                .await?
                .rows_affected())
        })?;
        found(changed)
    }

    /// Lets an account in or keeps it out. [`StoreError::NotFound`] if there is no such account.
    pub async fn set_disabled(
        &self,
        id: UserId,
        disabled: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let changed = on!(&self.inner.db, writers, |connection, engine| {
            let mut transaction = begin_in_turn!(connection, engine);
            let query = sqlx::query("UPDATE users SET disabled = $2 WHERE id = $1");
            let query = query.bind(id.0).bind(disabled);
            let changed = query.execute(&mut *transaction).await?.rows_affected();
            if changed > 0 {
                moved!(&mut *transaction, id, now);
            }
            transaction.commit().await?;
            Ok(changed)
        })?;
        self.inner.publisher.users_changed();
        found(changed)
    }

    /// Changes what an account may do. It sees what is published to the new role from now on.
    /// [`StoreError::NotFound`] if there is no such account.
    pub async fn set_role(&self, id: UserId, role: Role, now: Timestamp) -> Result<(), StoreError> {
        let label = self.role_label(role).await?;
        let changed = on!(&self.inner.db, writers, |connection, engine| {
            let mut transaction = begin_in_turn!(connection, engine);
            let query = sqlx::query(SET_ROLE)
                .bind(id.0)
                .bind(Untyped(&label))
                .bind(role.as_str());
            let changed = query.execute(&mut *transaction).await?.rows_affected();
            if changed > 0 {
                moved!(&mut *transaction, id, now);
            }
            transaction.commit().await?;
            Ok(changed)
        })?;
        self.inner.publisher.users_changed();
        match changed {
            0 => found(u64::from(self.user(id).await?.is_some())),
            _ => Ok(()),
        }
    }

    /// How the table writes a role: as we do, or as the enum of whoever made it does (`ADMIN`).
    async fn role_label(&self, role: Role) -> Result<String, StoreError> {
        let labels: Vec<String> = match &*self.inner.db {
            db::Db::Sqlite(_) => Vec::new(),
            db::Db::Postgres(db) => {
                let mut lease = db::Lease::of(&db.readers, db.patience).await?;
                let deadline = lease.deadline();
                let outcome =
                    tokio::time::timeout_at(deadline, enum_labels(lease.connection())).await;
                lease.settle(outcome)?
            }
        };
        if labels.is_empty() {
            return Ok(role.as_str().to_owned());
        }
        labels
            .iter()
            .find(|label| label.eq_ignore_ascii_case(role.as_str()))
            .cloned()
            .ok_or_else(|| {
                let known = labels.join(", ");
                StoreError::Conflict(Cause::text(format!(
                    "the adopted column users.role knows no {role}, only {known}"
                )))
            })
    }
}

async fn enum_labels(connection: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    let labels = sqlx::query_scalar(
        "SELECT CAST(e.enumlabel AS TEXT) FROM pg_attribute AS a JOIN pg_enum AS e ON e.enumtypid = a.atttypid \
         WHERE a.attrelid = to_regclass('users') AND a.attname = 'role' ORDER BY e.enumsortorder",
    );
    Ok(labels.fetch_all(connection).await?)
}

fn found(rows: u64) -> Result<(), StoreError> {
    match rows {
        0 => Err(StoreError::NotFound("user")),
        _ => Ok(()),
    }
}

/// A search text as a pattern that contains it, with nothing in it special. Its case is the database's business:
/// what "lower" means to it must be the same on both sides.
fn pattern(query: &str) -> String {
    let mut pattern = String::from("%");
    for letter in storable(query).chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}
