-- What was published, to whom, and what each reader did with it. A broadcast is one row and one target;
-- a reader has a row of states only for what they touched one by one.

CREATE TABLE IF NOT EXISTS notifications (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    title        TEXT    NOT NULL,
    body         TEXT,
    severity     TEXT    NOT NULL,
    kind         TEXT,
    event        TEXT,
    link         TEXT,
    data         TEXT,
    created_at   TEXT    NOT NULL,
    expires_at   TEXT,
    requires_ack BOOLEAN NOT NULL DEFAULT FALSE,
    publisher_id INTEGER
);

CREATE TABLE IF NOT EXISTS notification_targets (
    target          TEXT    NOT NULL,
    notification_id INTEGER NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
    PRIMARY KEY (target, notification_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS notification_targets_notification ON notification_targets (notification_id);

CREATE TABLE IF NOT EXISTS notification_states (
    user_id         INTEGER NOT NULL,
    notification_id INTEGER NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
    read_at         TEXT,
    archived_at     TEXT,
    acknowledged_at TEXT,
    PRIMARY KEY (user_id, notification_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS notification_states_notification ON notification_states (notification_id);

-- Everything up to read_up_to was read by read_at; the earliest mark that covers a notification dates it.
CREATE TABLE IF NOT EXISTS inbox_marks (
    user_id    INTEGER NOT NULL,
    read_up_to INTEGER NOT NULL,
    read_at    TEXT    NOT NULL,
    PRIMARY KEY (user_id, read_up_to)
) WITHOUT ROWID;
