//! How the database answers a list: the plan of the very statement that the verb runs, with the same values.
//!
//! For tests, which hold each list to its index, and for `examples/scale`, which shows the plans beside the times.

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use crate::{
    Engine, Store,
    cursor::{Cursor, List},
    db::on,
    error::StoreError,
    ledger::list_statement,
    model::SessionFilter,
    page,
};

/// A statement that tells the plan of another.
pub(crate) fn explain(engine: Engine, statement: &'static str) -> SqlStr {
    let explain = match engine {
        Engine::Sqlite => "EXPLAIN QUERY PLAN",
        Engine::Postgres => "EXPLAIN",
    };
    AssertSqlSafe(format!("{explain} {statement}")).into_sql_str()
}

/// Which column of a plan's rows is the text.
pub(crate) fn text_column(engine: Engine) -> usize {
    match engine {
        Engine::Sqlite => 3,
        Engine::Postgres => 0,
    }
}

impl Store {
    /// The plan of [`Store::list_sessions`], a line for each step, in the database's own words.
    pub async fn explain_sessions(
        &self,
        filter: SessionFilter,
        before: Option<Cursor>,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let before = page::key(before, List::Sessions, i64::MAX)?;
        let limit = page::limit(limit);
        on!(&self.inner.db, readers, |connection, engine| {
            let statement = explain(engine, list_statement(filter));
            let mut query = sqlx::query(statement).bind(before).bind(limit + 1);
            if let Some(user_id) = filter.user_id {
                query = query.bind(user_id.0);
            }
            let steps = query.fetch_all(connection).await?;
            let text = |step: &_| sqlx::Row::try_get(step, text_column(engine));
            Ok(steps.iter().map(text).collect::<Result<_, _>>()?)
        })
    }
}
