//! `GET /api/sessions/refused`: who could not connect, and why.

use std::sync::Arc;

use atalaya_store::{RefusalRow, Role, cursor::List};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    App,
    api::{
        extract::CurrentUser,
        openapi::{BadQuery, NeedsRole, NeedsToken},
        page::{PageRequest, next_cursor},
        problem::Problem,
        query::{FromParams, Params, Query},
    },
    wire::rfc3339,
};

/// Which page of the refusals.
pub(crate) struct ListRefused(PageRequest);

impl FromParams for ListRefused {
    fn from_params(params: &mut Params) -> Option<Self> {
        Some(Self(PageRequest::of(List::Refusals, params)))
    }
}

/// A connection that was refused. There is no secret in it.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusedConnection {
    #[schema(examples(12))]
    id: i64,
    #[schema(format = DateTime, examples("2026-01-31T09:15:00.000Z"))]
    refused_at: String,
    /// The same code that the client got in `connect_error`.
    #[schema(examples("token_expired"))]
    code: String,
    #[schema(examples("the token has expired: log in again"))]
    detail: Option<String>,
    #[schema(examples("192.0.2.7"))]
    ip_address: Option<String>,
    user_agent: Option<String>,
    #[schema(examples("https://app.example.com"))]
    origin: Option<String>,
    #[schema(examples("/notifications"))]
    namespace: Option<String>,
    /// Null when the token did not say who it was.
    #[schema(examples(27))]
    user_id: Option<i64>,
    username: Option<String>,
    #[schema(examples("web-1:3001"))]
    node: String,
    #[schema(examples("websocket"))]
    transport: String,
}

impl From<RefusalRow> for RefusedConnection {
    fn from(row: RefusalRow) -> Self {
        Self {
            id: row.id,
            refused_at: rfc3339(row.refused_at),
            code: row.code,
            detail: row.detail,
            ip_address: row.ip_address,
            user_agent: row.user_agent,
            origin: row.origin,
            namespace: row.namespace,
            user_id: row.user_id.map(|id| id.0),
            username: row.username,
            node: row.node,
            transport: row.transport,
        }
    }
}

/// Refused connections, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusedPage {
    items: Vec<RefusedConnection>,
    /// Where the list goes on; null on its last page.
    next_cursor: Option<String>,
}

/// List refused connections
#[utoipa::path(
    get,
    path = "/sessions/refused",
    tag = "sessions",
    operation_id = "listRefusedConnections",
    params(PageRequest),
    responses((status = 200, description = "One page", body = RefusedPage), BadQuery, NeedsToken, NeedsRole),
)]
pub(crate) async fn refused(
    State(app): State<Arc<App>>,
    user: CurrentUser,
    Query(ListRefused(page)): Query<ListRefused>,
) -> Result<Json<RefusedPage>, Problem> {
    user.must_be(&[Role::Admin])?;
    let page = app.store.list_refusals(page.cursor, page.limit).await?;
    Ok(Json(RefusedPage {
        items: page
            .items
            .into_iter()
            .map(RefusedConnection::from)
            .collect(),
        next_cursor: next_cursor(page.next),
    }))
}
