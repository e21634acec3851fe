-- Topics: audiences by name, of whoever has subscribed.

-- A topic is there for as long as somebody has subscribed, or an administrator lists it. Each role has the position from where it
-- may read, 0 from the beginning, or NULL if it may not.
CREATE TABLE IF NOT EXISTS topics (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    name           TEXT    NOT NULL UNIQUE,
    created_at     TEXT    NOT NULL,
    is_listed      BOOLEAN NOT NULL DEFAULT FALSE,
    admin_since    INTEGER,
    operator_since INTEGER,
    user_since     INTEGER,
    subscribers    INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS topics_listed ON topics (id) WHERE is_listed;

-- Who has subscribed, and after which notification.
CREATE TABLE IF NOT EXISTS topic_subscriptions (
    user_id        INTEGER NOT NULL,
    topic_id       INTEGER NOT NULL,
    since_position INTEGER NOT NULL,
    PRIMARY KEY (user_id, topic_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS topic_subscriptions_topic ON topic_subscriptions (topic_id, user_id);

-- In notification_changes a change of kind 'membership' is about a user, or about everyone where that is NULL, and about no
-- notification: its notification_id is 0.
