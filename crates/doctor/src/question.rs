//! What is asked: which site, which back end, which path, and what the server is known to do.

use std::{path::PathBuf, time::Duration};

use crate::{nginx::listen::is_loopback, url::Url};

/// Everything that the judgement depends on besides the files.
#[derive(Clone, Debug)]
pub struct Question {
    /// The main file, as it would be under `/`; `None` where there is no nginx to be read.
    pub nginx: Option<PathBuf>,
    /// The front end's environment files.
    pub env: Vec<PathBuf>,
    /// The folders of its built files.
    pub bundles: Vec<PathBuf>,
    /// PM2's files.
    pub pm2: Vec<PathBuf>,
    /// systemd's units; their drop-ins are found.
    pub systemd: Vec<PathBuf>,
    /// Atalaya's own `atalaya.toml`.
    pub config: Option<PathBuf>,
    /// What people open; without it, the only site of the configuration.
    pub url: Option<Url>,
    /// The back end's own address, if it is known.
    pub direct: Option<Url>,
    /// The client's Socket.IO path; starts and ends with a slash.
    pub path: String,
    /// Whether somebody says that this is the path; else the front end's files may name another.
    pub is_path_given: bool,
    pub namespace: String,
    /// The client uses no polling, by what its own files say.
    pub is_websocket_only: bool,
    /// What is known of the server; the rest is assumed.
    pub known: Known,
}

/// What a server is known to do, by its handshake or by its settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    pub heartbeat: Option<Heartbeat>,
    /// The largest message that it takes, in bytes (`maxPayload` of its handshake).
    pub max_payload: Option<u64>,
    /// The path at which it listens, and at no other.
    pub socket_path: Option<String>,
    /// Ports of this machine at which its programs listen, the server's own among them.
    pub ports: Vec<u16>,
}

impl Known {
    /// With what is known only from elsewhere.
    pub fn or(self, other: Self) -> Self {
        Self {
            heartbeat: self.heartbeat.or(other.heartbeat),
            max_payload: self.max_payload.or(other.max_payload),
            socket_path: self.socket_path.or(other.socket_path),
            ports: [self.ports, other.ports].concat(),
        }
    }
}

impl Question {
    /// Whether it is told that the back end runs on this machine.
    pub(crate) fn has_its_back_end_here(&self) -> bool {
        let direct = self.direct.as_ref();
        let runs = !self.pm2.is_empty() || !self.systemd.is_empty();
        runs || direct.is_some_and(|url| is_loopback(&url.origin.host))
    }

    pub fn heartbeat(&self) -> Heartbeat {
        self.known.heartbeat.unwrap_or_default()
    }

    /// In bytes.
    pub fn max_payload(&self) -> u64 {
        self.known.max_payload.unwrap_or(MAX_PAYLOAD)
    }
}

/// What Socket.IO servers of version 4 take, and Atalaya, in bytes.
const MAX_PAYLOAD: u64 = 1_000_000;

/// The server's heartbeat, as its handshake announces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    pub interval: Duration,
    pub timeout: Duration,
}

impl Default for Heartbeat {
    /// What Socket.IO servers of version 4 do, and Atalaya.
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(25),
            timeout: Duration::from_secs(20),
        }
    }
}

impl Default for Question {
    fn default() -> Self {
        Self {
            nginx: Some(PathBuf::from(DEFAULT_NGINX)),
            env: Vec::new(),
            bundles: Vec::new(),
            pm2: Vec::new(),
            systemd: Vec::new(),
            config: None,
            url: None,
            direct: None,
            path: DEFAULT_PATH.to_owned(),
            is_path_given: false,
            namespace: "/notifications".to_owned(),
            is_websocket_only: false,
            known: Known::default(),
        }
    }
}

/// Where Debian's nginx has its main file.
pub const DEFAULT_NGINX: &str = "/etc/nginx/nginx.conf";

/// Where a Socket.IO server listens if nobody tells it otherwise.
pub const DEFAULT_PATH: &str = "/socket.io/";
