//! The flags of `atalaya doctor`.

use std::{net::SocketAddr, path::PathBuf};

use atalaya_doctor::url::Url;
use clap::{Args, Subcommand, ValueEnum};

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct DoctorArgs {
    #[command(subcommand)]
    pub command: Option<DoctorCommand>,

    /// The address that people open, such as https://apps.example.com; by default the only site there is
    #[arg(long, value_name = "URL")]
    pub url: Option<Url>,
    #[command(flatten)]
    pub files: Files,
    /// The front end's environment file, such as .env.production; may be repeated
    #[arg(long, value_name = "FILE")]
    pub env: Vec<PathBuf>,
    /// The folder of the front end's built files; may be repeated
    #[arg(long, value_name = "DIR")]
    pub bundle: Vec<PathBuf>,
    /// PM2's ecosystem.config.js, .cjs, .mjs, .json or .yaml, or the folder that has it; nothing of it is run; may be repeated
    #[arg(long, value_name = "PATH")]
    pub pm2: Vec<PathBuf>,
    /// The unit by which systemd runs the server, whose drop-ins are found; may be repeated
    #[arg(long, value_name = "FILE")]
    pub systemd: Vec<PathBuf>,
    /// A client's access token, for the namespace and for the row
    #[arg(
        long,
        value_name = "TOKEN",
        env = "ATALAYA_TOKEN",
        hide_env_values = true
    )]
    pub token: Option<String>,
    /// The server's database, to look for the row of a socket that connects; needs a token
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Hold a long poll for so many seconds, to find a time-out in the way; longer than the server's heartbeat
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=600))]
    pub hold: Option<u64>,
    /// Where --url is asked, whatever its name leads to, such as 127.0.0.1:8080
    #[arg(long, value_name = "ADDRESS")]
    pub connect_to: Option<SocketAddr>,
    /// Read and reason only, open no connection
    #[arg(long)]
    pub offline: bool,
    /// Examine again and again, so many seconds after each round, and tell what changes; in JSON a line for each round
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "60",
        value_parser = clap::value_parser!(u64).range(1..=86_400), conflicts_with = "fix")]
    pub watch: Option<u64>,
    /// Mend what is safe after showing it; what was there is kept beside each file as .NAME.1.bak
    #[arg(long)]
    pub fix: bool,
    /// How the findings are shown
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// The language of the findings; by default the terminal's (LC_ALL, LC_MESSAGES or LANG), and English in JSON and SARIF
    #[arg(long, value_enum)]
    pub lang: Option<Lang>,
}

#[derive(Debug, Subcommand)]
pub enum DoctorCommand {
    /// Tell which way a client's requests take through nginx, and why
    #[command(after_help = "\
Example:
  atalaya doctor explain http://apps.example.com/")]
    Explain(ExplainArgs),
}

#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// The address that people open
    #[arg(value_name = "URL")]
    pub url: Url,
    #[command(flatten)]
    pub files: Files,
    /// The language; by default the terminal's (LC_ALL, LC_MESSAGES or LANG), and English in JSON
    #[arg(long, value_enum)]
    pub lang: Option<Lang>,
}

/// What is read, and what is known besides.
#[derive(Args, Debug)]
pub struct Files {
    /// Read files below this folder as if it were /
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub root: PathBuf,
    /// The main file of nginx; what it includes is followed [default: /etc/nginx/nginx.conf, if it is there]
    #[arg(long, value_name = "FILE")]
    pub nginx: Option<PathBuf>,
    /// The back end's own address, such as http://127.0.0.1:3001
    #[arg(long, value_name = "URL")]
    pub direct: Option<Url>,
    /// The client's Socket.IO path [default: as the front end's files have it, or /socket.io/]
    #[arg(long, value_name = "PATH", value_parser = socket_path)]
    pub path: Option<String>,
    /// The client's namespace
    #[arg(long, value_name = "NAME", default_value = "/notifications")]
    pub namespace: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    Es,
    En,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
    Sarif,
    Markdown,
}

/// As socket.io-client sends it: with a slash at both ends.
fn socket_path(text: &str) -> Result<String, &'static str> {
    if !text.starts_with('/') || text.contains(['?', '#', ' ']) {
        return Err("expected a path such as /socket.io/");
    }
    Ok(format!("{}/", text.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_a_slash_at_both_ends() {
        assert_eq!(socket_path("/live").as_deref(), Ok("/live/"));
        assert_eq!(socket_path("/socket.io/").as_deref(), Ok("/socket.io/"));
        assert!(socket_path("socket.io").is_err());
        assert!(socket_path("/socket.io/?EIO=4").is_err());
    }
}
