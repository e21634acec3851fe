-- What becomes of a notification after it was published, and the numbers by which a newer count of what is unread is told
-- from an older one.

-- A recalled notification keeps its audience under addresses that no inbox asks for ('-user:27'). The first
-- acknowledgement is kept here, each of them in notification_states. What has expired is ended once, so that it can be told.
ALTER TABLE notifications ADD COLUMN recalled_at TEXT;
ALTER TABLE notifications ADD COLUMN acknowledged_at TEXT;
ALTER TABLE notifications ADD COLUMN ended_at TEXT;
CREATE INDEX IF NOT EXISTS notifications_ending ON notifications (expires_at, id)
    WHERE expires_at IS NOT NULL AND ended_at IS NULL;
CREATE INDEX IF NOT EXISTS notifications_awaited ON notifications (id) WHERE requires_ack AND acknowledged_at IS NULL;
CREATE INDEX IF NOT EXISTS notification_states_acknowledged
    ON notification_states (notification_id, acknowledged_at, user_id) WHERE acknowledged_at IS NOT NULL;

-- A stream like that of the notifications, in the order of the commits. Servers follow it; what is an hour old is taken away, but
-- for the newest.
CREATE TABLE IF NOT EXISTS notification_changes (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    kind            TEXT    NOT NULL,
    notification_id INTEGER NOT NULL,
    user_id         INTEGER,
    changed_at      TEXT    NOT NULL
);

-- How often a reader has changed their own inbox.
CREATE TABLE IF NOT EXISTS inbox_versions (
    user_id INTEGER PRIMARY KEY,
    version INTEGER NOT NULL
);
