//! `atalaya token`: a token as from the login, for a script or a test.

use anyhow::Result;
use atalaya_server::{
    Clock,
    auth::{Minted, Tokens},
};
use atalaya_store::User;
use serde_json::json;

use super::database::{open_existing, user_named};
use crate::{
    cli::TokenArgs,
    config::Settings,
    output::{Failure, Style},
};

pub async fn run(args: TokenArgs, settings: &Settings, style: Style) -> Result<()> {
    let doing = format!("minting a token for {}", args.user);
    let store = open_existing(settings).await?;
    let user = user_named(&store, &args.user, settings, &doing).await?;
    store.close().await;
    if user.disabled {
        return Err(
            Failure::no(doing, "the user is disabled, so no token would be accepted")
                .try_this(format!(
                    "let the user in again: atalaya user enable {}",
                    args.user
                ))
                .into(),
        );
    }
    let minted = mint(settings, &user, args.expires)?;
    let value = json!({
        "access_token": minted.token,
        "token_type": "Bearer",
        "expires_in": minted.expires_in.as_secs(),
    });
    style.print(&value, |_| format!("{}\n", minted.token))?;
    Ok(())
}

/// A token that the server of the same settings accepts.
pub fn mint(
    settings: &Settings,
    user: &User,
    lives: Option<std::time::Duration>,
) -> Result<Minted> {
    let config = settings.signing_config()?;
    let lives = lives.unwrap_or(config.access_token_ttl);
    let tokens = Tokens::new(
        &config.jwt_secret,
        &config.jwt_user_claim,
        config.access_token_ttl,
    );
    Ok(tokens.mint_for(user, Clock::System.now(), lives))
}
