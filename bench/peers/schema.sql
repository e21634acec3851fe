-- The tables of the peers: those of Atalaya's that the job of the benchmark touches, with the same
-- columns, types and indexes as far as a peer uses them.

CREATE TABLE users (
    id       BIGSERIAL PRIMARY KEY,
    username TEXT      NOT NULL UNIQUE,
    role     TEXT      NOT NULL DEFAULT 'user',
    disabled BOOLEAN   NOT NULL DEFAULT FALSE
);

CREATE TABLE user_sessions (
    id              BIGSERIAL    PRIMARY KEY,
    user_id         BIGINT       NOT NULL,
    socket_id       TEXT         NOT NULL,
    connected_at    TIMESTAMP(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    is_active       BOOLEAN      NOT NULL DEFAULT TRUE,
    disconnected_at TIMESTAMP(3),
    ip_address      TEXT,
    user_agent      TEXT
);
CREATE INDEX user_sessions_user ON user_sessions (user_id, id);
CREATE INDEX user_sessions_active ON user_sessions (id) WHERE is_active = TRUE;
CREATE INDEX user_sessions_active_user ON user_sessions (user_id, id) WHERE is_active = TRUE;

CREATE TABLE notifications (
    id           BIGSERIAL    PRIMARY KEY,
    title        TEXT         NOT NULL,
    body         TEXT,
    severity     TEXT         NOT NULL DEFAULT 'info',
    created_at   TIMESTAMP(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    publisher_id BIGINT
);
