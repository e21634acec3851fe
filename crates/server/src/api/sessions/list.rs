//! `GET /api/sessions`: the ledger, newest first.

use std::sync::Arc;

use atalaya_store::{SessionFilter, UserId, cursor::List};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::Session;
use crate::{
    App,
    api::{
        extract::CurrentUser,
        openapi::{BadQuery, NeedsRole, NeedsToken},
        page::{PageRequest, next_cursor},
        problem::{Code, Problem},
        query::{FromParams, Params, Query},
    },
};

/// Which rows.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListSessions {
    /// Only those that are connected now, or only those that are not.
    #[param(nullable = false)]
    active: Option<bool>,
    /// Only this user's. Without the role admin it is always your own.
    #[param(nullable = false, minimum = 1)]
    user_id: Option<i64>,
    #[param(ignore)]
    page: PageRequest,
}

impl FromParams for ListSessions {
    fn from_params(params: &mut Params) -> Option<Self> {
        Some(Self {
            active: params.parsed("active", "true or false"),
            user_id: params.parsed("user_id", "a user's id, a whole number"),
            page: PageRequest::of(List::Sessions, params),
        })
    }
}

/// Rows of the ledger, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionPage {
    items: Vec<Session>,
    /// Where the list goes on; null on its last page.
    next_cursor: Option<String>,
    /// How many are connected now: of the user asked for, or of all whom you may see.
    #[schema(examples(3))]
    active: u64,
}

/// List sessions
#[utoipa::path(
    get,
    path = "/sessions",
    tag = "sessions",
    operation_id = "listSessions",
    params(ListSessions, PageRequest),
    responses((status = 200, description = "One page", body = SessionPage), BadQuery, NeedsToken, NeedsRole),
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    user: CurrentUser,
    Query(query): Query<ListSessions>,
) -> Result<Json<SessionPage>, Problem> {
    let user_id = whose(&user, query.user_id.map(UserId))?;
    let filter = SessionFilter {
        active: query.active,
        user_id,
    };
    let PageRequest { limit, cursor } = query.page;
    let page = app.store.list_sessions(filter, cursor, limit).await?;
    Ok(Json(SessionPage {
        items: page.items.into_iter().map(Session::from).collect(),
        next_cursor: next_cursor(page.next),
        active: app.store.count_active(user_id).await?,
    }))
}

/// Whose rows are shown: an administrator's choice, and everyone else's own.
fn whose(user: &CurrentUser, asked: Option<UserId>) -> Result<Option<UserId>, Problem> {
    let own = user.0.id;
    if user.sees_everyone() {
        return Ok(asked);
    }
    if asked.is_some_and(|asked| asked != own) {
        return Err(Problem::new(
            Code::Forbidden,
            "only an administrator sees the sessions of others",
        ));
    }
    Ok(Some(own))
}
