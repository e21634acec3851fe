//! The second stage: settings that are known to be right. [`Settings::load`] is the only way in; it reads
//! flags, environment and `atalaya.toml`, and either gives a whole valid configuration or every mistake at
//! once. Nothing after it looks at the environment again.

mod parse;
mod raw;
pub mod secret;
pub mod table;
#[cfg(test)]
mod tests;

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Result;
use atalaya_server::config::{BusKind, Config, Secret};

pub use self::{
    parse::duration,
    raw::{Mistake, Raw, Sources},
};
use crate::logging::{Filter, Format};

/// What every command works with.
pub struct Settings {
    /// The server's configuration; its `jwt_secret` is filled in by [`Settings::signing_config`] only.
    config: Config,
    jwt_secret: Option<Secret>,
    pub logs: Logs,
    /// What to tell the person once logging works.
    pub warnings: Vec<String>,
}

/// Where the log goes and how much of it.
pub struct Logs {
    pub filter: Filter,
    /// Whether somebody asked for this filter, or it is the default.
    pub filter_is_given: bool,
    /// None: pretty on a terminal, JSON elsewhere.
    pub format: Option<Format>,
    pub file: Option<PathBuf>,
}

impl Settings {
    /// Reads and checks everything. On failure: all mistakes, in the order of the table.
    pub fn load(sources: &Sources) -> Result<Self, Vec<Mistake>> {
        let mut raw = Raw::gather(sources);
        let jwt_secret = raw.optional("jwt_secret", parse::secret).map(Secret::new);
        let config = read_config(&mut raw);
        let logs = Logs {
            filter: raw.value("log", parse::log),
            filter_is_given: raw.is_given("log"),
            format: raw.value("log_format", parse::log_format),
            file: raw.optional("log_file", parse::file),
        };
        if raw.mistakes.is_empty() {
            check_together(&config, &mut raw.mistakes);
        }
        if !raw.mistakes.is_empty() {
            return Err(raw.mistakes);
        }
        let mut warnings = raw.warnings;
        warnings.extend(jwt_secret.as_ref().and_then(secret::advice));
        Ok(Self {
            config,
            jwt_secret,
            logs,
            warnings,
        })
    }

    /// The database, which may hold a password in its address.
    pub fn database_url(&self) -> &Secret {
        &self.config.database_url
    }

    /// Where the local server listens, by its configuration.
    pub fn listen(&self) -> SocketAddr {
        self.config.listen
    }

    /// The configuration of the server, without the key that signs tokens.
    pub fn without_secret(&self) -> &Config {
        &self.config
    }

    /// The key that signs tokens, if somebody gave one.
    pub fn given_secret(&self) -> Option<&Secret> {
        self.jwt_secret.as_ref()
    }

    /// The claim of a token that holds the user's id.
    pub fn jwt_user_claim(&self) -> &str {
        &self.config.jwt_user_claim
    }

    /// The whole configuration with the key that signs tokens: the one given, or the one kept in the data
    /// folder, which is made at the first call of any command.
    pub fn signing_config(&self) -> Result<Config> {
        let jwt_secret = match &self.jwt_secret {
            Some(given) => given.clone(),
            None => secret::load_or_create(&self.config.data_dir)?,
        };
        Ok(Config {
            jwt_secret,
            ..self.config.clone()
        })
    }
}

fn read_config(raw: &mut Raw) -> Config {
    let data_dir = raw.value("data_dir", parse::folder);
    let database_url = raw
        .optional("database_url", parse::database_url)
        .unwrap_or_else(|| format!("sqlite://{}", data_dir.join("atalaya.db").display()));
    Config {
        listen: raw.value("listen", parse::address),
        ops_listen: raw.value("ops_listen", parse::address),
        database_url: Secret::new(database_url),
        data_dir,
        bus: raw.value("bus", parse::bus),
        node: raw.optional("node", parse::node),
        jwt_secret: Secret::new(""),
        jwt_user_claim: raw.value("jwt_user_claim", parse::claim),
        access_token_ttl: raw.value("access_token_seconds", parse::token_life),
        namespace: raw.value("namespace", parse::namespace),
        socket_path: raw.value("socket_path", parse::socket_path),
        public_url: raw.optional("public_url", parse::public_url),
        allowed_origins: raw.value("allowed_origins", parse::origins),
        trusted_proxies: raw.value("trusted_proxies", parse::proxies),
        lease: raw.value("lease_seconds", parse::lease),
        shutdown_grace: raw.value("shutdown_grace_seconds", parse::short_time),
        ping_interval: raw.value("ping_interval_seconds", parse::short_time),
        ping_timeout: raw.value("ping_timeout_seconds", parse::short_time),
        connect_timeout: raw.value("connect_timeout_seconds", parse::short_time),
        upgrade_timeout: raw.value("upgrade_timeout_seconds", parse::short_time),
        recovery_window: raw.value("recovery_window_seconds", parse::recovery_window),
        retention: raw.value("retention_days", parse::days),
        broadcast_retention: raw.value("broadcast_retention_days", parse::days),
        max_payload: raw.value("max_payload_bytes", parse::bytes),
        max_connections: raw.value("max_connections", parse::count),
        max_sessions_per_user: raw.value("max_sessions_per_user", parse::small_count),
        outbound_max_messages: raw.value("outbound_max_messages", parse::count),
        outbound_max_bytes: raw.value("outbound_max_bytes", parse::bytes),
    }
}

/// Values that are right alone and wrong together.
fn check_together(config: &Config, mistakes: &mut Vec<Mistake>) {
    if config.listen == config.ops_listen && config.listen.port() != 0 {
        mistakes.push(Mistake {
            wrong: format!("listen and ops_listen are both {}", config.listen),
            allowed: "allowed: two different addresses or ports".to_owned(),
        });
    }
    if config.bus == BusKind::Postgres && config.database_url.expose().starts_with("sqlite:") {
        mistakes.push(Mistake {
            wrong: "bus is postgres, and the database is SQLite".to_owned(),
            allowed: "allowed: local, since SQLite serves one server alone".to_owned(),
        });
    }
    if config.outbound_max_bytes < config.max_payload {
        mistakes.push(Mistake {
            wrong: format!(
                "outbound_max_bytes ({}) is less than max_payload_bytes ({})",
                config.outbound_max_bytes, config.max_payload
            ),
            allowed: "allowed: room for at least one message of the largest size".to_owned(),
        });
    }
}
