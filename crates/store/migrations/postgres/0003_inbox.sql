-- What was published, to whom, and what each reader did with it. A broadcast is one row and one target;
-- a reader has a row of states only for what they touched one by one.

CREATE TABLE IF NOT EXISTS notifications (
    id           BIGSERIAL    PRIMARY KEY,
    title        TEXT         NOT NULL,
    body         TEXT,
    severity     TEXT         NOT NULL,
    kind         TEXT,
    event        TEXT,
    link         TEXT,
    data         TEXT,
    created_at   TIMESTAMP(3) NOT NULL,
    expires_at   TIMESTAMP(3),
    requires_ack BOOLEAN      NOT NULL DEFAULT FALSE,
    publisher_id BIGINT
);

CREATE TABLE IF NOT EXISTS notification_targets (
    target          TEXT   NOT NULL,
    notification_id BIGINT NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
    PRIMARY KEY (target, notification_id)
);
CREATE INDEX IF NOT EXISTS notification_targets_notification ON notification_targets (notification_id);

CREATE TABLE IF NOT EXISTS notification_states (
    user_id         BIGINT NOT NULL,
    notification_id BIGINT NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
    read_at         TIMESTAMP(3),
    archived_at     TIMESTAMP(3),
    acknowledged_at TIMESTAMP(3),
    PRIMARY KEY (user_id, notification_id)
);
CREATE INDEX IF NOT EXISTS notification_states_notification ON notification_states (notification_id);

-- Everything up to read_up_to was read by read_at; the earliest mark that covers a notification dates it.
CREATE TABLE IF NOT EXISTS inbox_marks (
    user_id    BIGINT       NOT NULL,
    read_up_to BIGINT       NOT NULL,
    read_at    TIMESTAMP(3) NOT NULL,
    PRIMARY KEY (user_id, read_up_to)
);
