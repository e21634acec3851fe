-- What a publisher may say of a notification beside its content: by what a repeated publish is known, when it is to be
-- published, and which notification it replaces.

-- The first answer to each key.
CREATE TABLE IF NOT EXISTS idempotency_keys (
    publisher_id    BIGINT       NOT NULL,
    key             TEXT         NOT NULL,
    fingerprint     TEXT         NOT NULL,
    created_at      TIMESTAMP(3) NOT NULL,
    notification_id BIGINT,
    scheduled_id    BIGINT,
    recipients      BIGINT       NOT NULL,
    PRIMARY KEY (publisher_id, key)
);
CREATE INDEX IF NOT EXISTS idempotency_keys_age ON idempotency_keys (created_at);

-- What is to be published later. A row lives until it is published, in the same transaction, or cancelled.
CREATE TABLE IF NOT EXISTS scheduled_notifications (
    id           BIGSERIAL    PRIMARY KEY,
    deliver_at   TIMESTAMP(3) NOT NULL,
    created_at   TIMESTAMP(3) NOT NULL,
    publisher_id BIGINT,
    content      TEXT         NOT NULL
);
CREATE INDEX IF NOT EXISTS scheduled_notifications_due ON scheduled_notifications (deliver_at, id);
CREATE INDEX IF NOT EXISTS scheduled_notifications_publisher ON scheduled_notifications (publisher_id, id);

-- A group is one publisher, one key of theirs and one audience. Who had not touched a notification when it was replaced
-- does not see it any more.
ALTER TABLE notifications ADD COLUMN collapse_group TEXT;
ALTER TABLE notifications ADD COLUMN replaces BIGINT;
ALTER TABLE notifications ADD COLUMN replaced_at TIMESTAMP(3);
CREATE INDEX IF NOT EXISTS notifications_collapsing ON notifications (collapse_group, id) WHERE collapse_group IS NOT NULL;

-- Whether an item of a list has passed, by its time or by another, told without looking at the notification.
CREATE INDEX IF NOT EXISTS notifications_passing ON notifications (id, expires_at, replaced_at)
    WHERE expires_at IS NOT NULL OR replaced_at IS NOT NULL;
DROP INDEX IF EXISTS notifications_expiring;
