//! Every setting there is, once. The flags of `--help`, the variables, the keys of `atalaya.toml`, the file
//! that ships and the words of an error all come from this table; the numbers' reasons stand beside the
//! defaults in `atalaya_server::config`, and a test holds the two together.

/// One thing that can be set, by whichever of its names.
pub struct Setting {
    /// The key in `atalaya.toml`; with dashes, the flag.
    pub key: &'static str,
    /// The environment variable.
    pub variable: &'static str,
    /// The heading it stands under.
    pub section: &'static str,
    /// What applies when nothing is said.
    pub default: Unset,
    /// What a value must look like, as said to the person who wrote another.
    pub allowed: &'static str,
    /// What it is for.
    pub help: &'static str,
    /// Which commands take it as a flag.
    pub flag: Flag,
    /// A value that is never shown.
    pub secret: bool,
}

/// What applies when a setting is not given.
pub enum Unset {
    /// This text, read like any other value.
    Default(&'static str),
    /// Something worked out at the start; `example` is only shown.
    Derived {
        meaning: &'static str,
        #[cfg_attr(
            not(test),
            expect(dead_code, reason = "for the file that ships, which a test writes")
        )]
        example: &'static str,
    },
}

/// Which commands take a setting as a flag.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// Those that open the database.
    Every,
    /// Only `serve`.
    Serve,
    /// None: a flag can be read in the list of processes.
    None,
}

const ADDRESS: &str = "an IP address and a port, such as 127.0.0.1:3001 or [::]:3001";
const WHOLE: &str = "a whole number from 1 to 10000000, such as 1000";
const BYTES: &str = "a number of bytes from 1024 to 1073741824, such as 1000000";
const SHORT_TIME: &str = "a time from 100ms to 10m, such as 30s or 2m (a bare number is seconds)";

const DAYS: &str = "a whole number of days up to 3650, such as 90; 0 keeps for ever";

/// A row of the table; what few settings need is changed where the row stands.
const fn row(
    section: &'static str,
    key: &'static str,
    variable: &'static str,
    default: &'static str,
    allowed: &'static str,
    help: &'static str,
) -> Setting {
    Setting {
        key,
        variable,
        section,
        default: Unset::Default(default),
        allowed,
        help,
        flag: Flag::Serve,
        secret: false,
    }
}

const LISTENING: &str = "Where to listen";
const KEEPING: &str = "Where things are kept";
const TOKENS: &str = "Tokens";
const SOCKETS: &str = "Socket.IO";
const LEDGER: &str = "The ledger";
const INBOXES: &str = "Inboxes";
const LIMITS: &str = "Limits";
const LOGS: &str = "Logs";

/// The table, in the order in which it is shown.
pub static SETTINGS: &[Setting] = &[
    row(
        LISTENING,
        "listen",
        "ATALAYA_LISTEN",
        "127.0.0.1:3001",
        ADDRESS,
        "Where people, clients and the proxy connect.",
    ),
    row(
        LISTENING,
        "ops_listen",
        "ATALAYA_OPS_LISTEN",
        "127.0.0.1:9464",
        ADDRESS,
        "Where metrics are read. Keep it off the public network.",
    ),
    row(
        LISTENING,
        "trusted_proxies",
        "ATALAYA_TRUSTED_PROXIES",
        "127.0.0.1/32,::1/128",
        "IP addresses or networks separated by commas, such as 127.0.0.1/32,10.0.0.0/8; empty trusts none",
        "The proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.",
    ),
    Setting {
        default: Unset::Derived {
            meaning: "the way there is not examined",
            example: "https://apps.example.com",
        },
        ..row(
            LISTENING,
            "public_url",
            "ATALAYA_PUBLIC_URL",
            "",
            "an address such as https://apps.example.com",
            "What people open. Every five minutes the server walks a client's way there, and the health page shows it.",
        )
    },
    row(
        LISTENING,
        "allowed_origins",
        "ATALAYA_ALLOWED_ORIGINS",
        "*",
        "* for any, or origins separated by commas as a browser sends them, such as https://app.example.com",
        "The pages that may use the server from another origin. The token in the handshake is what authenticates.",
    ),
    Setting {
        flag: Flag::Every,
        ..row(
            KEEPING,
            "data_dir",
            "ATALAYA_DATA_DIR",
            "data",
            "a folder, absolute or below the working directory",
            "The folder of the embedded database and of the generated secret. Made when it is missing.",
        )
    },
    Setting {
        default: Unset::Derived {
            meaning: "a SQLite file in the data folder",
            example: "sqlite://data/atalaya.db",
        },
        flag: Flag::Every,
        secret: true,
        ..row(
            KEEPING,
            "database_url",
            "DATABASE_URL",
            "",
            "sqlite://path/to/file.db or postgres://user:password@host:5432/name",
            "The database: an embedded SQLite file, or a PostgreSQL server.",
        )
    },
    Setting {
        default: Unset::Derived {
            meaning: "generated at the first start and kept in the data folder as jwt-secret, mode 0600",
            example: "at-least-32-bytes-that-nobody-can-guess",
        },
        flag: Flag::None,
        secret: true,
        ..row(
            TOKENS,
            "jwt_secret",
            "JWT_SECRET",
            "",
            "not empty, and better 32 bytes or more; leave it out to have one generated",
            "The HS256 key of the access tokens. Share it with a back end whose tokens should be accepted.",
        )
    },
    row(
        TOKENS,
        "jwt_user_claim",
        "ATALAYA_JWT_USER_CLAIM",
        "sub",
        "the name of a claim, such as sub or userId",
        "The claim of a token that holds the user's id (a number, or a string that holds one).",
    ),
    row(
        TOKENS,
        "access_token_seconds",
        "ATALAYA_ACCESS_TOKEN_SECONDS",
        "12h",
        "a time from 1s to 365d, such as 30m or 12h (a bare number is seconds)",
        "How long a token from the login lives.",
    ),
    row(
        SOCKETS,
        "namespace",
        "ATALAYA_NAMESPACE",
        "/notifications",
        "a name that starts with a slash, without spaces or commas, such as /notifications",
        "The namespace that clients join.",
    ),
    row(
        SOCKETS,
        "socket_path",
        "ATALAYA_SOCKET_PATH",
        "/socket.io/",
        "a path that starts and ends with a slash and is not below /api/, such as /socket.io/",
        "The path at which Socket.IO is served.",
    ),
    row(
        SOCKETS,
        "ping_interval_seconds",
        "ATALAYA_PING_INTERVAL_SECONDS",
        "25s",
        SHORT_TIME,
        "The time between two heartbeats. A proxy's read timeout must be longer.",
    ),
    row(
        SOCKETS,
        "ping_timeout_seconds",
        "ATALAYA_PING_TIMEOUT_SECONDS",
        "20s",
        SHORT_TIME,
        "How long a client may take to answer a heartbeat.",
    ),
    row(
        SOCKETS,
        "connect_timeout_seconds",
        "ATALAYA_CONNECT_TIMEOUT_SECONDS",
        "45s",
        SHORT_TIME,
        "How long a client may keep a transport open without joining the namespace.",
    ),
    row(
        SOCKETS,
        "upgrade_timeout_seconds",
        "ATALAYA_UPGRADE_TIMEOUT_SECONDS",
        "10s",
        SHORT_TIME,
        "How long the upgrade from polling to websocket may take.",
    ),
    row(
        LEDGER,
        "lease_seconds",
        "ATALAYA_LEASE_SECONDS",
        "30s",
        "a time from 1s to 1h, such as 30s or 2m (a bare number is seconds)",
        "How long a row may stay active after its server was last heard of.",
    ),
    row(
        LEDGER,
        "shutdown_grace_seconds",
        "ATALAYA_SHUTDOWN_GRACE_SECONDS",
        "10s",
        SHORT_TIME,
        "How long a stop may take before what is left is cut.",
    ),
    row(
        LEDGER,
        "recovery_window_seconds",
        "ATALAYA_RECOVERY_WINDOW_SECONDS",
        "2m",
        "a time up to 24h, such as 30s or 2m (a bare number is seconds); 0 switches it off",
        "How long after a cut a client may come back as the same socket (socket.recovered).",
    ),
    row(
        LEDGER,
        "bus",
        "ATALAYA_BUS",
        "local",
        "local, or postgres where the database is PostgreSQL",
        "How several servers on one database hear of each other: at once by its LISTEN/NOTIFY, or within a second by polling.",
    ),
    Setting {
        default: Unset::Derived {
            meaning: "the host's name and the port",
            example: "tower-1",
        },
        ..row(
            LEDGER,
            "node",
            "ATALAYA_NODE",
            "",
            "1 to 64 letters, digits, dots, dashes, colons or underscores",
            "The name of this server among several, as it stands in the ledger.",
        )
    },
    row(
        INBOXES,
        "retention_days",
        "ATALAYA_RETENTION_DAYS",
        "90",
        DAYS,
        "How long a notification is kept after it expired, was recalled, or was read or archived by all whom it names.",
    ),
    row(
        INBOXES,
        "broadcast_retention_days",
        "ATALAYA_BROADCAST_RETENTION_DAYS",
        "365",
        DAYS,
        "How long a notification for a role or for all is kept, whether or not everybody has read it.",
    ),
    row(
        LIMITS,
        "max_connections",
        "ATALAYA_MAX_CONNECTIONS",
        "50000",
        WHOLE,
        "How many connections this server holds at once.",
    ),
    row(
        LIMITS,
        "max_sessions_per_user",
        "ATALAYA_MAX_SESSIONS_PER_USER",
        "100",
        WHOLE,
        "How many sockets one user may hold at once.",
    ),
    row(
        LIMITS,
        "max_payload_bytes",
        "ATALAYA_MAX_PAYLOAD_BYTES",
        "1000000",
        BYTES,
        "The largest message that is accepted from a client.",
    ),
    row(
        LIMITS,
        "outbound_max_messages",
        "ATALAYA_OUTBOUND_MAX_MESSAGES",
        "1024",
        WHOLE,
        "How many messages may wait for one socket before it is cut off as a slow consumer.",
    ),
    row(
        LIMITS,
        "outbound_max_bytes",
        "ATALAYA_OUTBOUND_MAX_BYTES",
        "4194304",
        BYTES,
        "How many bytes may wait for one socket before it is cut off as a slow consumer.",
    ),
    Setting {
        flag: Flag::Every,
        ..row(
            LOGS,
            "log",
            "ATALAYA_LOG",
            "info",
            "off, error, warn, info, debug or trace, or a list such as info,atalaya_gateway=debug",
            "How much is logged, on standard error and in the file.",
        )
    },
    row(
        LOGS,
        "log_format",
        "ATALAYA_LOG_FORMAT",
        "auto",
        "auto, pretty or json",
        "How standard error looks: auto is pretty on a terminal, and JSON lines elsewhere.",
    ),
    Setting {
        default: Unset::Derived {
            meaning: "no file",
            example: "/var/log/atalaya/atalaya.log",
        },
        ..row(
            LOGS,
            "log_file",
            "ATALAYA_LOG_FILE",
            "",
            "a file that can be appended to, such as /var/log/atalaya/atalaya.log",
            "A file that gets every log line too, as JSON. After a rotation it is opened anew by itself.",
        )
    },
];

impl Setting {
    /// The flag's name without its dashes: `ops-listen`.
    pub fn flag_name(&self) -> String {
        self.key.replace('_', "-")
    }

    /// What applies when it is not given, for `--help`.
    pub fn default_in_words(&self) -> &'static str {
        match self.default {
            Unset::Default(text) => text,
            Unset::Derived { meaning, .. } => meaning,
        }
    }
}

/// The setting that a key of `atalaya.toml` names.
pub fn by_key(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// The known name nearest to a mistyped one, if any is near.
pub fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replace('-', "_");
    let typed = plain(typed);
    let typed = typed.strip_prefix("atalaya_").unwrap_or(&typed);
    known
        .map(|name| {
            let candidate = plain(name);
            let candidate = candidate.strip_prefix("atalaya_").unwrap_or(&candidate);
            (
                strsim::normalized_damerau_levenshtein(typed, candidate),
                name,
            )
        })
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
