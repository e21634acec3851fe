//! `POST /api/health/way`: the server walks a client's way to itself now.

use std::sync::Arc;

use atalaya_store::Role;
use axum::{Json, extract::State};
use utoipa::IntoResponses;

use super::{InLanguage, WayReport};
use crate::{
    App,
    api::{
        extract::CurrentUser,
        openapi::{BadQuery, NeedsRole, NeedsToken},
        problem::{Code, Problem, ProblemBody},
        query::Query,
    },
    own_way,
};

#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes the answers of the route")]
pub(crate) enum ExamineErrors {
    /// `examination_under_way`: one is made at a time.
    #[response(status = 429, content_type = "application/problem+json")]
    UnderWay(ProblemBody),
}

/// Walk a client's way now
///
/// For administrators. It is a real connection of the asking user, with its row in the ledger, open and then closed; it takes
/// from half a second to some ten.
#[utoipa::path(
    post,
    path = "/health/way",
    tag = "health",
    operation_id = "examineWay",
    params(InLanguage),
    responses((status = 200, description = "What it came to", body = WayReport), BadQuery, ExamineErrors, NeedsToken, NeedsRole),
)]
pub(crate) async fn examine(
    State(app): State<Arc<App>>,
    user: CurrentUser,
    Query(lang): Query<InLanguage>,
) -> Result<Json<WayReport>, Problem> {
    user.must_be(&[Role::Admin])?;
    let minted = app.tokens.mint(&user.0, app.clock.now());
    let walked = own_way::walk(&app, Some(minted.token)).await;
    let walked = walked.ok_or_else(|| {
        let detail = "the way is being examined at this moment";
        Problem::new(Code::ExaminationUnderWay, detail)
    })?;
    Ok(Json(WayReport::of(&walked, lang.language())))
}
