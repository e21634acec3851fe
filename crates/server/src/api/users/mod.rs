//! People and programs that may log in.

pub(super) mod list;

use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::rfc3339;

/// An account. Its password is never shown.
#[derive(Serialize, ToSchema)]
pub(super) struct User {
    #[schema(examples(27))]
    id: i64,
    #[schema(examples("ana"))]
    username: String,
    #[schema(examples("Ana Pérez"))]
    display_name: Option<String>,
    #[schema(value_type = super::openapi::Role)]
    role: &'static str,
    /// A disabled user cannot log in or connect.
    disabled: bool,
    #[schema(format = DateTime, examples("2026-01-31T09:15:00.000Z"))]
    created_at: String,
}

impl From<atalaya_store::User> for User {
    fn from(user: atalaya_store::User) -> Self {
        Self {
            id: user.id.0,
            username: user.username,
            display_name: user.display_name,
            role: user.role.as_str(),
            disabled: user.disabled,
            created_at: rfc3339(user.created_at),
        }
    }
}
