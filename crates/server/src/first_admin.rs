//! The first administrator: made once, on the first start, with a password that is shown once.

use atalaya_store::{
    CreateUserError, StoreError,
    model::{NewUser, Role},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::RngCore;

use crate::{App, auth::PasswordError};

const USERNAME: &str = "admin";

/// Why the first administrator could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FirstAdminError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Password(#[from] PasswordError),
}

/// Makes the user `admin` when nobody administers this database yet, and returns the password that was
/// made for it. `None` when there is an administrator.
pub(crate) async fn ensure(app: &App) -> Result<Option<String>, FirstAdminError> {
    if app.store.enabled_user_with(Role::Admin).await?.is_some() {
        return Ok(None);
    }
    let password = random_password();
    let admin = NewUser {
        username: USERNAME.to_owned(),
        password_hash: Some(app.passwords.hash(&password).await?),
        role: Role::Admin,
        display_name: None,
    };
    match app.store.create_user(admin, app.clock.now()).await {
        Ok(_) => Ok(Some(password)),
        // Or another server that started at the same moment made it, and shows its password.
        Err(CreateUserError::Taken) => {
            tracing::warn!(
                "nobody administers this server: the user `admin` exists and is disabled or has another role; \
                 `atalaya user add NAME --role admin` makes another"
            );
            Ok(None)
        }
        Err(CreateUserError::Store(error)) => Err(error.into()),
    }
}

/// 120 random bits, in letters that can be read out.
fn random_password() -> String {
    let mut bytes = [0; 15];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}
