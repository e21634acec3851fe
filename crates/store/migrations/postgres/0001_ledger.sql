-- Who is connected, who was, and which servers hold them.
-- Times are TIMESTAMP(3) in UTC, as Prisma makes them.

CREATE TABLE IF NOT EXISTS user_sessions (
    id                BIGSERIAL    PRIMARY KEY,
    user_id           BIGINT       NOT NULL,
    socket_id         TEXT         NOT NULL,
    connected_at      TIMESTAMP(3) NOT NULL,
    is_active         BOOLEAN      NOT NULL DEFAULT TRUE,
    disconnected_at   TIMESTAMP(3),
    disconnect_reason TEXT,
    last_seen_at      TIMESTAMP(3),
    ip_address        TEXT,
    user_agent        TEXT,
    transport         TEXT,
    node              TEXT,
    recovered_from    BIGINT
);
CREATE INDEX IF NOT EXISTS user_sessions_user ON user_sessions (user_id, id);
CREATE INDEX IF NOT EXISTS user_sessions_active ON user_sessions (id) WHERE is_active = TRUE;
CREATE INDEX IF NOT EXISTS user_sessions_active_user ON user_sessions (user_id, id) WHERE is_active = TRUE;
CREATE INDEX IF NOT EXISTS user_sessions_active_node ON user_sessions (node) WHERE is_active = TRUE;

CREATE TABLE IF NOT EXISTS nodes (
    id               TEXT         PRIMARY KEY,
    host             TEXT         NOT NULL,
    listen           TEXT         NOT NULL,
    pid              BIGINT       NOT NULL,
    version          TEXT         NOT NULL,
    started_at       TIMESTAMP(3) NOT NULL,
    lease_expires_at TIMESTAMP(3) NOT NULL,
    stopped_at       TIMESTAMP(3)
);
CREATE INDEX IF NOT EXISTS nodes_running ON nodes (lease_expires_at) WHERE stopped_at IS NULL;

CREATE TABLE IF NOT EXISTS refused_connections (
    id         BIGSERIAL    PRIMARY KEY,
    refused_at TIMESTAMP(3) NOT NULL,
    code       TEXT         NOT NULL,
    detail     TEXT,
    ip_address TEXT,
    user_agent TEXT,
    origin     TEXT,
    namespace  TEXT,
    user_id    BIGINT,
    node       TEXT         NOT NULL,
    transport  TEXT         NOT NULL
);
