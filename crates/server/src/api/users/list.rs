//! `GET /api/users`: who can be sent a notification.

use std::sync::Arc;

use atalaya_store::{Role, cursor::List};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::User;
use crate::{
    App,
    api::{
        extract::CurrentUser,
        openapi::{BadQuery, NeedsRole, NeedsToken},
        page::{PageRequest, next_cursor},
        problem::Problem,
        query::{FromParams, Params, Query},
        text,
    },
};

/// Which users.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UserFilter {
    /// Only those whose user name or display name contains this text.
    #[param(nullable = false, max_length = 200, example = "ana")]
    q: Option<String>,
    #[param(ignore)]
    page: PageRequest,
}

impl FromParams for UserFilter {
    fn from_params(params: &mut Params) -> Option<Self> {
        let q = params.text("q");
        if let Some(Err(why)) = q.as_deref().map(|text| text::title(text, 200)) {
            params.refuse("q", why);
        }
        let page = PageRequest::of(List::Users, params);
        Some(Self { q, page })
    }
}

/// Users in the order of their ids.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserPage {
    items: Vec<User>,
    /// Where the list goes on; null on its last page.
    next_cursor: Option<String>,
}

/// List users
#[utoipa::path(
    get,
    path = "/users",
    tag = "users",
    operation_id = "listUsers",
    params(UserFilter, PageRequest),
    responses((status = 200, description = "One page", body = UserPage), BadQuery, NeedsToken, NeedsRole),
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    user: CurrentUser,
    Query(filter): Query<UserFilter>,
) -> Result<Json<UserPage>, Problem> {
    user.must_be(&[Role::Admin, Role::Operator])?;
    let PageRequest { limit, cursor } = filter.page;
    let page = app
        .store
        .list_users(cursor, limit, filter.q.as_deref())
        .await?;
    Ok(Json(UserPage {
        items: page.items.into_iter().map(User::from).collect(),
        next_cursor: next_cursor(page.next),
    }))
}
