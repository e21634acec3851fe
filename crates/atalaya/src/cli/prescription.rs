//! The flags of `atalaya proxy` and `atalaya service`.

use atalaya_doctor::prescription::{Node, Word};
use clap::{Args, ValueEnum};

#[derive(Args, Debug)]
pub struct ProxyArgs {
    /// Which proxy it is for
    #[arg(value_enum)]
    pub proxy: Proxy,
    /// The name that people type; may be repeated
    #[arg(long, value_name = "NAME", required = true)]
    pub name: Vec<Word>,
    /// The certificate's file; without it the site is plain HTTP
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_certificate: Option<Word>,
    /// The file of its key
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub tls_key: Option<Word>,
    /// Serve the web application from this folder instead of from the server (nginx and Caddy)
    #[arg(long, value_name = "DIR")]
    pub pages: Option<Word>,
    /// A server, such as 127.0.0.1:3001; repeated, clients stay at one each; by default the configured listening address
    #[arg(long, value_name = "HOST:PORT")]
    pub node: Vec<Node>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Proxy {
    Nginx,
    Caddy,
    Haproxy,
}

#[derive(Args, Debug)]
pub struct ServiceArgs {
    /// Which process manager it is for
    #[arg(value_enum)]
    pub manager: Manager,
    /// Where the program is
    #[arg(long, value_name = "FILE", default_value = "/usr/local/bin/atalaya")]
    pub binary: Word,
    /// Who runs it (systemd)
    #[arg(long, value_name = "NAME", default_value = "atalaya")]
    pub user: Word,
    /// The working directory, where atalaya.toml and the data are (PM2)
    #[arg(long, value_name = "DIR", default_value = "/var/lib/atalaya")]
    pub home: Word,
    /// The folder of the log files (PM2)
    #[arg(long, value_name = "DIR", default_value = "/var/log/atalaya")]
    pub logs: Word,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Manager {
    Systemd,
    Pm2,
}
