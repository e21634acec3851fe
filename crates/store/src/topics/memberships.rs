//! What is a user's now: what servers ask for, to move the sockets that are open.

use super::{Subscribed, subscriptions};
use crate::{
    Store,
    accounts::role_of,
    bind::Array,
    changes::changes_head,
    db::{Sql, mapped, on},
    error::StoreError,
    model::{Account, ChangePosition, Membership, Position, UserId},
};

macro_rules! memberships {
    ($asked:literal) => {
        concat!(
            "SELECT asked.id AS asked, (",
            changes_head!(),
            ") AS as_of, LOWER(CAST(u.role AS TEXT)) AS role, CAST(COALESCE(u.role_since_position, 0) AS BIGINT) AS role_since, \
             u.id IS NOT NULL AND NOT COALESCE(u.disabled, FALSE) AS is_enabled, ",
            subscriptions!("u", ""),
            " AS subscriptions FROM ",
            $asked,
            " LEFT JOIN users AS u ON u.id = asked.id"
        )
    };
}

const MEMBERSHIPS: Sql = Sql {
    sqlite: memberships!("(SELECT value AS id FROM json_each($1)) AS asked"),
    postgres: memberships!("unnest($1) AS asked(id)"),
};

mapped!(Membership, |row| {
    let role: Option<&str> = row.try_get("role")?;
    let subscriptions: Option<&str> = row.try_get("subscriptions")?;
    let role_since = Position(row.try_get("role_since")?);
    let account = || Account {
        role: role_of(role),
        role_since,
        topics: Subscribed::read(subscriptions)
            .into_iter()
            .map(|it| it.subscription)
            .collect(),
    };
    Ok(Membership {
        user: UserId(row.try_get("asked")?),
        as_of: ChangePosition(row.try_get("as_of")?),
        account: row.try_get::<bool, _>("is_enabled")?.then(account),
    })
});

impl Store {
    /// What is these users', one answer for each.
    pub async fn memberships(&self, users: &[UserId]) -> Result<Vec<Membership>, StoreError> {
        let users: Array<i64> = users.iter().map(|user| user.0).collect();
        on!(&self.inner.db, readers, |connection, engine| {
            let query = sqlx::query_as(MEMBERSHIPS.on(engine)).bind(users);
            Ok(query.fetch_all(connection).await?)
        })
    }
}
