//! `POST /api/notifications/read`: I have read these, everything up to one, or everything.

use std::sync::Arc;

use atalaya_store::{MAX_SELECTION, NotificationId, Selection};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

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

/// What to mark as read, checked.
pub(crate) struct MarkRead(Selection);

/// What to mark as read: exactly one of the three.
#[derive(ToSchema)]
#[schema(as = MarkRead)]
#[serde(rename_all = "snake_case")]
#[schema(examples(json!({"ids": [1041, 1042]}), json!({"up_to": 1042}), json!({"all": true})))]
#[expect(dead_code, reason = "describes the JSON that `MarkRead` reads")]
pub(crate) enum MarkReadBody {
    /// These (at most 1000), as far as they are in my inbox.
    Ids(Vec<i64>),
    /// Everything up to and including this one.
    UpTo(i64),
    /// Everything that is there now.
    All(bool),
}

const EXPECTED: &str = r#"must hold exactly one of "ids", "up_to" and "all": true"#;

pub(super) const LIST_OF_IDS: &str = "a list of notifications' ids";

/// As many as one request may name.
pub(super) fn check_ids(fields: &mut Fields, ids: Option<Vec<i64>>) -> Option<Vec<NotificationId>> {
    let ids = fields.check("ids", ids, |ids| {
        let most = || format!("names {} ids; at most {MAX_SELECTION} at once", ids.len());
        (ids.len() <= MAX_SELECTION).then_some(()).ok_or_else(most)
    })?;
    Some(ids.into_iter().map(NotificationId).collect())
}

impl FromFields for MarkRead {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let ids = fields.optional::<Vec<i64>>("ids", LIST_OF_IDS);
        let ids = check_ids(fields, ids);
        let up_to = fields.optional::<i64>("up_to", "a notification's id");
        let all = fields.optional::<bool>("all", "true");
        match (ids, up_to, all) {
            (Some(ids), None, None) => Some(Selection::Ids(ids)),
            (None, Some(id), None) => Some(Selection::UpTo(NotificationId(id))),
            (None, None, Some(true)) => Some(Selection::All),
            _ => {
                fields.refuse_whole(EXPECTED);
                None
            }
        }
        .map(Self)
    }
}

/// What is read now that was not.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReadMany {
    /// Ascending; the newest thousand when there are more.
    #[schema(examples(json!([1041, 1042])))]
    read: Vec<i64>,
    /// Everything up to here is read now; null when single ids were named.
    #[schema(examples(1042))]
    up_to: Option<i64>,
    #[serde(flatten)]
    unread: wire::Unread,
}

/// Mark several as read
///
/// Ids that are not in my inbox are passed over. My other sockets are told.
#[utoipa::path(
    post,
    path = "/notifications/read",
    tag = "notifications",
    operation_id = "readNotifications",
    request_body = MarkReadBody,
    responses(
        (status = 200, description = "What changed", body = ReadMany),
        BadBody, NeedsToken,
    ),
)]
pub(crate) async fn read_many(
    State(app): State<Arc<App>>,
    CurrentUser(user): CurrentUser,
    Body(MarkRead(selection)): Body<MarkRead>,
) -> Result<Json<ReadMany>, Problem> {
    let change = app
        .inbox
        .mark_read(user.id, selection, app.clock.now())
        .await?;
    Ok(Json(ReadMany {
        read: wire::ids(&change.read),
        up_to: change.read_up_to.map(|id| id.0),
        unread: change.unread.into(),
    }))
}
