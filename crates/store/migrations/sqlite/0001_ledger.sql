-- Who is connected, who was, and which servers hold them.
-- Times are text, 'YYYY-MM-DD HH:MM:SS.mmm' in UTC: they read well and sort as they are.

CREATE TABLE IF NOT EXISTS user_sessions (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id           INTEGER NOT NULL,
    socket_id         TEXT    NOT NULL,
    connected_at      TEXT    NOT NULL,
    is_active         BOOLEAN NOT NULL DEFAULT TRUE,
    disconnected_at   TEXT,
    disconnect_reason TEXT,
    last_seen_at      TEXT,
    ip_address        TEXT,
    user_agent        TEXT,
    transport         TEXT,
    node              TEXT,
    recovered_from    INTEGER
);
CREATE INDEX IF NOT EXISTS user_sessions_user ON user_sessions (user_id, id);
CREATE INDEX IF NOT EXISTS user_sessions_active ON user_sessions (id) WHERE is_active = TRUE;
CREATE INDEX IF NOT EXISTS user_sessions_active_user ON user_sessions (user_id, id) WHERE is_active = TRUE;
CREATE INDEX IF NOT EXISTS user_sessions_active_node ON user_sessions (node) WHERE is_active = TRUE;

CREATE TABLE IF NOT EXISTS nodes (
    id               TEXT    PRIMARY KEY,
    host             TEXT    NOT NULL,
    listen           TEXT    NOT NULL,
    pid              INTEGER NOT NULL,
    version          TEXT    NOT NULL,
    started_at       TEXT    NOT NULL,
    lease_expires_at TEXT    NOT NULL,
    stopped_at       TEXT
);
CREATE INDEX IF NOT EXISTS nodes_running ON nodes (lease_expires_at) WHERE stopped_at IS NULL;

CREATE TABLE IF NOT EXISTS refused_connections (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    refused_at TEXT NOT NULL,
    code       TEXT NOT NULL,
    detail     TEXT,
    ip_address TEXT,
    user_agent TEXT,
    origin     TEXT,
    namespace  TEXT,
    user_id    INTEGER,
    node       TEXT NOT NULL,
    transport  TEXT NOT NULL
);
