//! Access tokens: JWTs signed with the shared HS256 secret.
//!
//! A token of an existing back end that shares the secret is as good as one from our login. The algorithm
//! is pinned, so neither `none` nor a public key used as a secret gets in; `exp` is required and has no
//! leeway, since an open socket is cut at that very second (L6).

use std::{borrow::Cow, time::Duration};

use atalaya_store::model::{Timestamp, User, UserId};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode, errors::ErrorKind,
};
use serde_json::{Map, Value, json};

use crate::config::Secret;

/// Longer than any token that a header line of a common proxy lets through.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Mints and verifies access tokens.
pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    user_claim: String,
    ttl: Duration,
}

/// A fresh token and how long it lives.
#[derive(Clone, PartialEq, Eq)]
pub struct Minted {
    pub token: String,
    pub expires_in: Duration,
}

/// What a verified token says. That the user exists and is not disabled is not among it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    pub user_id: UserId,
    /// From this moment on the token is worth nothing.
    pub expires_at: Timestamp,
}

/// Why a token was refused. No variant holds any part of the token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("no token was given")]
    Missing,
    #[error("{0}")]
    Invalid(Cow<'static, str>),
    #[error("the token has expired")]
    Expired,
}

impl Tokens {
    /// Tokens signed with `secret`, which name their user in `user_claim` and live for `ttl`.
    pub fn new(secret: &Secret, user_claim: &str, ttl: Duration) -> Self {
        let key = secret.expose().as_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        // The library would read the clock; the times are checked here, against `now`.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        // Whom an existing back end meant its tokens for is not configured, so it is not judged.
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Self {
            encoding: EncodingKey::from_secret(key),
            decoding: DecodingKey::from_secret(key),
            validation,
            user_claim: user_claim.to_owned(),
            ttl,
        }
    }

    /// A token for this user that lives for the configured time.
    pub fn mint(&self, user: &User, now: Timestamp) -> Minted {
        self.mint_for(user, now, self.ttl)
    }

    /// A token for this user that lives for `ttl`, in whole seconds.
    pub fn mint_for(&self, user: &User, now: Timestamp, ttl: Duration) -> Minted {
        let issued_at_s = now.0.div_euclid(1_000);
        let lifetime_s = i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX);
        let claims = json!({
            // RFC 7519 makes `sub` a string.
            self.user_claim.as_str(): user.id.0.to_string(),
            "username": user.username,
            "role": user.role.as_str(),
            "iat": issued_at_s,
            "exp": issued_at_s.saturating_add(lifetime_s),
        });
        let token = encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .expect("signing a JSON object with HMAC has no way to fail");
        Minted {
            token,
            expires_in: Duration::from_secs(ttl.as_secs()),
        }
    }

    /// Checks the signature and the times, and reads whose token it is.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        if token.is_empty() {
            return Err(TokenError::Missing);
        }
        if token.len() > MAX_TOKEN_BYTES {
            return Err(invalid("the token is too long"));
        }
        let data = decode::<Map<String, Value>>(token, &self.decoding, &self.validation)
            .map_err(|error| explain(error.kind()))?;
        // RFC 7515, 4.1.11: extensions that must be understood, and none is.
        if data.header.crit.is_some() {
            return Err(invalid("the token's header asks for unknown extensions"));
        }
        let expires_at = required_time(&data.claims, "exp")?;
        if expires_at <= now {
            return Err(TokenError::Expired);
        }
        if time(&data.claims, "nbf")?.is_some_and(|not_before| now < not_before) {
            return Err(invalid("the token is not valid yet (claim nbf)"));
        }
        Ok(Claims {
            user_id: self.user_id(&data.claims)?,
            expires_at,
        })
    }

    fn user_id(&self, claims: &Map<String, Value>) -> Result<UserId, TokenError> {
        let name = &self.user_claim;
        let id = match claims.get(name) {
            Some(Value::Number(number)) => number.as_i64(),
            Some(Value::String(text)) => text.parse().ok(),
            Some(_) => None,
            None => {
                return Err(TokenError::Invalid(
                    format!("the token names no user (claim {name})").into(),
                ));
            }
        };
        id.filter(|id| *id > 0).map(UserId).ok_or_else(|| {
            let why = format!("claim {name} of the token is not a user's id");
            TokenError::Invalid(why.into())
        })
    }
}

fn required_time(claims: &Map<String, Value>, name: &str) -> Result<Timestamp, TokenError> {
    time(claims, name)?.ok_or_else(|| {
        TokenError::Invalid(format!("the token has no expiry (claim {name})").into())
    })
}

/// A NumericDate (RFC 7519, 2): seconds since the epoch, possibly with a fraction.
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, TokenError> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let at_ms = match value {
        Value::Number(number) => match number.as_i64() {
            Some(seconds) => Some(seconds.saturating_mul(1_000)),
            None => number.as_f64().map(|seconds| (seconds * 1_000.0) as i64),
        },
        _ => None,
    };
    at_ms.map(Timestamp).map(Some).ok_or_else(|| {
        TokenError::Invalid(format!("claim {name} of the token is not a time").into())
    })
}

fn explain(kind: &ErrorKind) -> TokenError {
    invalid(match kind {
        ErrorKind::InvalidSignature => "the token's signature is wrong",
        ErrorKind::InvalidAlgorithm => "the token is not signed with HS256",
        _ => "this is not a JSON Web Token signed with HS256",
    })
}

fn invalid(why: &'static str) -> TokenError {
    TokenError::Invalid(Cow::Borrowed(why))
}

#[cfg(test)]
mod tests;
