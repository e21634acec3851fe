//! The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a publish that is repeated under its key
//! is answered as it was the first time. In a batch each line may have its own, as `idempotency_key`.

use axum::extract::FromRequestParts;
use http::{HeaderName, request::Parts};

use crate::api::problem::{Code, FieldError, Problem};

pub(super) const HEADER: &str = "Idempotency-Key";

/// Says of an answer that it is that of an earlier request.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

const MAX_LENGTH: usize = 255;

/// The key of a request, if it has one.
pub(in crate::api) struct IdempotencyKey(pub(super) Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(HEADER).iter();
        let Some(value) = values.next() else {
            return Ok(Self(None));
        };
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        let checked = match values.next() {
            Some(_) => Err("may be there once".to_owned()),
            None => check(&text),
        };
        match checked {
            Ok(()) => Ok(Self(Some(text))),
            Err(message) => Err(refused(HEADER, message)),
        }
    }
}

/// 1 to 255 visible ASCII characters: what a header can hold as it is.
pub(super) fn check(text: &str) -> Result<(), String> {
    let is_visible = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    if text.is_empty() || text.len() > MAX_LENGTH || !text.bytes().all(is_visible) {
        return Err(format!("must be 1 to {MAX_LENGTH} characters of ASCII"));
    }
    Ok(())
}

impl IdempotencyKey {
    /// The one key of a publish that may have said it twice.
    pub(super) fn with(self, field: Option<String>) -> Result<Option<String>, Problem> {
        match (self.0, field) {
            (Some(header), Some(field)) if header != field => {
                let message = format!("differs from the header {HEADER}; one of the two is enough");
                Err(refused("idempotency_key", message))
            }
            (header, field) => Ok(header.or(field)),
        }
    }
}

fn refused(field: &str, message: String) -> Problem {
    let errors = [FieldError {
        field: field.to_owned(),
        message,
    }];
    Problem::fields(Code::InvalidField, &errors)
}
