//! `PUT /api/topics/{name}`: an administrator lists a topic, and says who may read it.

use std::sync::Arc;

use atalaya_store::Role;
use axum::{Json, extract::State};
use utoipa::ToSchema;

use super::{BadName, Name, Topic, no_topic};
use crate::{
    App,
    api::{
        body::Body,
        extract::CurrentUser,
        fields::{Fields, FromFields},
        openapi::{self, BadBody, NeedsRole, NeedsToken},
        problem::Problem,
    },
};

/// What a topic is to be.
pub(crate) struct NewTopic {
    roles: Vec<Role>,
}

/// What a topic is to be.
#[derive(ToSchema)]
#[schema(as = NewTopic)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"roles": ["admin", "operator"]})))]
#[expect(dead_code, reason = "describes the JSON that `NewTopic` reads")]
pub(crate) struct NewTopicBody {
    /// Who may read it; every role, where it is left out.
    roles: Option<Vec<openapi::Role>>,
}

impl FromFields for NewTopic {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        if !fields.has("roles") {
            fields.ignore("roles");
            let roles = Role::ALL.to_vec();
            return Some(Self { roles });
        }
        let roles = fields.roles("roles")?;
        Some(Self { roles })
    }
}

/// List a topic, and say who may read it
///
/// It is made if it is not there. Who is subscribed and may not read it any more keeps the subscription, and nothing of the
/// topic is in their inbox until they may again; what was published meanwhile they never see.
#[utoipa::path(
    put,
    path = "/topics/{name}",
    tag = "topics",
    operation_id = "setTopic",
    params(("name" = String, Path, description = "The name of the topic", example = "alerts.north")),
    request_body = NewTopicBody,
    responses((status = 200, description = "As it is now", body = Topic), BadName, BadBody, NeedsToken, NeedsRole),
)]
pub(crate) async fn set(
    State(app): State<Arc<App>>,
    user: CurrentUser,
    Name(name): Name,
    body: Result<Body<NewTopic>, Problem>,
) -> Result<Json<Topic>, Problem> {
    user.must_be(&[Role::Admin])?;
    let Body(NewTopic { roles }) = body?;
    app.store.set_topic(&name, &roles, app.clock.now()).await?;
    app.delivery.changed();
    let topic = app.store.topic(user.0.id, &name).await?;
    let topic = topic.ok_or_else(|| no_topic(&name))?;
    Ok(Json(Topic::of(topic, true)))
}
