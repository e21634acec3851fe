-- Indexes by which the lists stay quick however much is behind them.

-- What a reader has archived is rare among all that was published.
CREATE INDEX IF NOT EXISTS notification_states_archived
    ON notification_states (user_id, notification_id, archived_at) WHERE archived_at IS NOT NULL;

-- Whether an item of a list has expired, told without looking at the notification.
CREATE INDEX IF NOT EXISTS notifications_expiring ON notifications (id, expires_at) WHERE expires_at IS NOT NULL;

-- The two that lead from a notification to its targets and states hold the other half of the key too: one notification
-- may have thousands of each, and only one is asked for.
CREATE INDEX IF NOT EXISTS notification_targets_of ON notification_targets (notification_id, target);
DROP INDEX IF EXISTS notification_targets_notification;
CREATE INDEX IF NOT EXISTS notification_states_of ON notification_states (notification_id, user_id);
DROP INDEX IF EXISTS notification_states_notification;
