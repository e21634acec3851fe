//! `POST /api/notifications/archive`: put these away.

use std::sync::Arc;

use atalaya_store::NotificationId;
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::read_many::{LIST_OF_IDS, check_ids};
use crate::{
    App,
    api::{
        body::Body,
        extract::CurrentUser,
        fields::{Fields, FromFields},
        openapi::{BadBody, NeedsToken},
        problem::Problem,
    },
    wire,
};

/// What to put away, checked.
pub(crate) struct Archive(Vec<NotificationId>);

/// What to put away.
#[derive(ToSchema)]
#[schema(as = Archive, examples(json!({"ids": [1041, 1042]})))]
#[expect(dead_code, reason = "describes the JSON that `Archive` reads")]
pub(crate) struct ArchiveBody {
    /// These (at most 1000), as far as they are in my inbox.
    ids: Vec<i64>,
}

impl FromFields for Archive {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let ids = fields.required::<Vec<i64>>("ids", LIST_OF_IDS);
        check_ids(fields, ids).map(Self)
    }
}

/// What is archived now that was not.
#[derive(Serialize, ToSchema)]
pub(crate) struct Archived {
    /// Ascending.
    #[schema(examples(json!([1041, 1042])))]
    archived: Vec<i64>,
    #[serde(flatten)]
    unread: wire::Unread,
}

/// Archive several
///
/// Read or not. Ids that are not in my inbox are passed over. My other sockets are told. They are still there under
/// `status=archived`.
#[utoipa::path(
    post,
    path = "/notifications/archive",
    tag = "notifications",
    operation_id = "archiveNotifications",
    request_body = ArchiveBody,
    responses(
        (status = 200, description = "What changed", body = Archived),
        BadBody, NeedsToken,
    ),
)]
pub(crate) async fn archive(
    State(app): State<Arc<App>>,
    CurrentUser(user): CurrentUser,
    Body(Archive(ids)): Body<Archive>,
) -> Result<Json<Archived>, Problem> {
    let change = app.inbox.archive(user.id, ids, app.clock.now()).await?;
    Ok(Json(Archived {
        archived: wire::ids(&change.archived),
        unread: change.unread.into(),
    }))
}
