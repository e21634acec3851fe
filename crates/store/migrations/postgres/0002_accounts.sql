-- Who may log in. The positions say from where in the stream of notifications a user has read
-- everyone's (joined_position) and those of the role (role_since_position).

CREATE TABLE IF NOT EXISTS users (
    id                  BIGSERIAL    PRIMARY KEY,
    username            TEXT         NOT NULL UNIQUE,
    password_hash       TEXT,
    role                TEXT         NOT NULL DEFAULT 'user',
    display_name        TEXT,
    disabled            BOOLEAN      NOT NULL DEFAULT FALSE,
    created_at          TIMESTAMP(3) NOT NULL,
    joined_position     BIGINT       NOT NULL DEFAULT 0,
    role_since_position BIGINT       NOT NULL DEFAULT 0
);
