//! Access tokens: HS256 with the shared secret; `sub` is the user's id.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;

pub struct Tokens {
    key: DecodingKey,
    validation: Validation,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
}

impl Tokens {
    pub fn new(secret: &str) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        Self {
            key: DecodingKey::from_secret(secret.as_bytes()),
            validation,
        }
    }

    /// Whose token it is, unless it is none of ours or has expired.
    pub fn user_of(&self, token: &str) -> Option<i64> {
        let data = decode::<Claims>(token, &self.key, &self.validation).ok()?;
        data.claims.sub.parse().ok()
    }
}
